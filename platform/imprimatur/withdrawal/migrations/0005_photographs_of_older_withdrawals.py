"""Withdrawals remember that photographs were judged, too. Those that were done before are found, and judged once."""

from django.db import migrations, models

from imprimatur.tenants.rls import definer_function

_LEFT = """
    SELECT w.tenant_id, w.id FROM withdrawal_withdrawal w
     WHERE w.step = 'done' AND w.photographs_at IS NULL ORDER BY w.created_at LIMIT 100
"""


class Migration(migrations.Migration):
    dependencies = [("withdrawal", "0004_reopened_for_references")]

    operations = [
        migrations.AddField("withdrawal", "photographs_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddIndex(
            "withdrawal",
            models.Index(
                fields=["created_at"],
                condition=models.Q(step="done", photographs_at=None),
                name="withdrawals_photographs_left",
            ),
        ),
        definer_function(
            "withdrawals_without_photographs", "", "TABLE (tenant_id uuid, withdrawal_id uuid)", _LEFT.strip()
        ),
    ]
