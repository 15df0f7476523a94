"""Row-level security: the second guard of tenant isolation, in the database.

Every migration that creates a tenant's table adds `row_level_security("app_table")`. The policy reads `app.tenant`,
which `tenant_scope()` sets for one transaction. After a commit the setting reads '' and not NULL, hence NULLIF.
FORCE makes the policy hold for the table's owner too; only superusers pass, and the product refuses to run as one.
"""

from __future__ import annotations

from django.db import migrations

_ENABLE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON {table}
    USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);
"""
_DISABLE = """
DROP POLICY tenant_isolation ON {table};
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


def row_level_security(*tables: str) -> list[migrations.RunSQL]:
    """Migration operations that let each table show and take only the entered tenant's rows."""
    return [migrations.RunSQL(_ENABLE.format(table=t), _DISABLE.format(table=t)) for t in tables]
