"""The dispatcher sees what each tenant has in flight, in steps and orders: a newcomer has not had them.

Control workers of the former release run on until they are replaced: the function that tells them how many orders there
are stays, and what they do not know of a picture has a default in the database.
"""

from django.db import migrations

from imprimatur.tenants.rls import definer_function

_FLYING = """
SELECT g.tenant_id, g.spec->>'profile', sum((g.spec->>'steps')::int),
       count(*), count(*) FILTER (WHERE g.state = 'stamping')
  FROM generations_generation g WHERE g.lease_until IS NOT NULL GROUP BY 1, 2
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0015_leases_that_reach_too_far")]

    operations = [
        definer_function(
            "generations_flying",
            "",
            "TABLE (tenant_id uuid, profile text, steps bigint, orders bigint, stamping bigint)",
            _FLYING.strip(),
        ),
        migrations.RunSQL(
            "ALTER TABLE generations_output ALTER COLUMN likenesses SET DEFAULT '[]'::jsonb;",
            "ALTER TABLE generations_output ALTER COLUMN likenesses DROP DEFAULT;",
        ),
    ]
