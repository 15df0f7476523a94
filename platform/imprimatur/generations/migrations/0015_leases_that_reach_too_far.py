"""The reaper looks for leases that reach further than any may: the clock they go by was set back. Ids only, as for
those that ran out."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function

_OVERLONG = """
SELECT g.tenant_id, g.id FROM generations_generation g WHERE g.lease_until > furthest LIMIT 100
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0014_likenesses")]

    operations = [
        definer_function(
            "generations_overlong",
            "furthest timestamptz",
            "TABLE (tenant_id uuid, generation_id uuid)",
            _OVERLONG.strip(),
        )
    ]
