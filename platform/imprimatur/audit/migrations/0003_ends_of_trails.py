"""Which trails there are, and where each ends: whoever writes checkpoints asks for ids and numbers, never content."""

from django.db import migrations

_FORWARD = """
CREATE POLICY owner_reads ON audit_auditevent FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION audit_ends() RETURNS TABLE (tenant_id uuid, seq bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    -- From tenant to tenant along the index: as many steps as there are tenants, however long their trails are.
    WITH RECURSIVE found AS (
        (SELECT e.tenant_id FROM audit_auditevent e ORDER BY e.tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT e.tenant_id FROM audit_auditevent e WHERE e.tenant_id > f.tenant_id ORDER BY e.tenant_id LIMIT 1)
        FROM found f WHERE f.tenant_id IS NOT NULL
    )
    SELECT f.tenant_id, (SELECT max(e.seq) FROM audit_auditevent e WHERE e.tenant_id = f.tenant_id)
    FROM found f WHERE f.tenant_id IS NOT NULL
$$;
REVOKE ALL ON FUNCTION audit_ends() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_ends() TO imprimatur_app;
"""
_BACK = """
DROP FUNCTION audit_ends();
DROP POLICY owner_reads ON audit_auditevent;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only_chain")]

    operations = [migrations.RunSQL(_FORWARD, _BACK)]
