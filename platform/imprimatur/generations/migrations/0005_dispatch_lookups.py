"""What dispatcher and reaper may see across tenants: ids, and the two facts a queue needs (profile, steps).

They run as the tables' owner, who is bound by row-level security too (FORCE): one policy lets exactly the owner read.
Whatever is done with a row is done inside its tenant's scope, which the app role enters with the ids found.
"""

from django.db import migrations

_CREATE = """
CREATE POLICY dispatch_lookup ON generations_generation FOR SELECT TO CURRENT_USER USING (true);

CREATE INDEX generations_waiting ON generations_generation (tenant_id, created_at)
    WHERE state = 'queued' AND dispatched_at IS NULL;
CREATE INDEX generations_leased ON generations_generation (lease_until) WHERE lease_until IS NOT NULL;

CREATE FUNCTION generations_waiting(per_tenant int)
    RETURNS TABLE (tenant_id uuid, generation_id uuid, profile text, steps int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT w.tenant_id, w.id, w.profile, w.steps FROM (
        SELECT g.tenant_id, g.id, g.spec->>'profile' AS profile, (g.spec->>'steps')::int AS steps,
               row_number() OVER (PARTITION BY g.tenant_id ORDER BY g.created_at, g.id) AS place
          FROM generations_generation g
         WHERE g.state = 'queued' AND g.dispatched_at IS NULL
    ) w WHERE w.place <= per_tenant ORDER BY w.place, w.tenant_id
$$;
CREATE FUNCTION generations_in_flight() RETURNS TABLE (profile text, orders bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT g.spec->>'profile', count(*) FROM generations_generation g WHERE g.lease_until IS NOT NULL GROUP BY 1
$$;
CREATE FUNCTION generations_lapsed(at timestamptz) RETURNS TABLE (tenant_id uuid, generation_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT g.tenant_id, g.id FROM generations_generation g WHERE g.lease_until < at ORDER BY g.lease_until LIMIT 100
$$;
"""
_DROP = """
DROP FUNCTION generations_lapsed(timestamptz);
DROP FUNCTION generations_in_flight();
DROP FUNCTION generations_waiting(int);
DROP INDEX generations_leased;
DROP INDEX generations_waiting;
DROP POLICY dispatch_lookup ON generations_generation;
"""


class Migration(migrations.Migration):
    # After the roles' own migration, functions are no longer everybody's by default.
    dependencies = [("generations", "0004_guards"), ("tenants", "0003_roles_and_narrow_functions")]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
