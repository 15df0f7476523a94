"""What people asked for is found in every company."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function, owner_reads, row_level_security

_ASKED = """
SELECT d.tenant_id, d.id FROM webhooks_delivery d
 WHERE d.by_hand AND d.attempts = 0 ORDER BY d.created_at LIMIT 200
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0003_deliveries")]

    operations = [
        *row_level_security("webhooks_delivery"),
        *owner_reads("webhooks_delivery"),
        definer_function("webhooks_asked", "", "TABLE (tenant_id uuid, delivery_id uuid)", _ASKED.strip()),
    ]
