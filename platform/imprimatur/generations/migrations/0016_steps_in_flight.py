"""The dispatcher sees what each tenant has in flight, in steps and orders: a newcomer has not had them. How many orders
there are in all follows, so the function that told only that goes."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function

_FLYING = """
SELECT g.tenant_id, g.spec->>'profile', sum((g.spec->>'steps')::int), count(*), count(*) FILTER (WHERE g.state = 'stamping')
  FROM generations_generation g WHERE g.lease_until IS NOT NULL GROUP BY 1, 2
"""
_IN_FLIGHT = """
CREATE FUNCTION generations_in_flight() RETURNS TABLE (profile text, orders bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT g.spec->>'profile', count(*) FROM generations_generation g WHERE g.lease_until IS NOT NULL GROUP BY 1
$$;
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
        migrations.RunSQL("DROP FUNCTION generations_in_flight();", _IN_FLIGHT),
    ]
