from django.db import migrations

from imprimatur.tenants.rls import definer_function, owner_reads, row_level_security

_DUE = """
SELECT w.tenant_id, w.id FROM webhooks_endpoint w
 WHERE w.disabled_at IS NULL AND w.next_at <= at
   AND EXISTS (SELECT 1 FROM audit_auditevent e WHERE e.tenant_id = w.tenant_id AND e.seq > w.cursor)
 ORDER BY w.next_at LIMIT 200
"""


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial"), ("audit", "0003_ends_of_trails")]

    operations = [
        *row_level_security("webhooks_endpoint"),
        *owner_reads("webhooks_endpoint"),
        definer_function(
            "webhooks_due", "at timestamptz", "TABLE (tenant_id uuid, endpoint_id uuid)", _DUE.strip()
        ),
    ]
