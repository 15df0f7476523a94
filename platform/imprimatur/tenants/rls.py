"""Row-level security: the second guard of tenant isolation, in the database.

Every migration that creates a tenant's table adds `row_level_security("app_table")`. The policy reads `app.tenant`,
which `tenant_scope()` sets for one transaction. After a commit the setting reads '' and not NULL, hence NULLIF.
FORCE makes the policy hold for the table's owner too; only superusers pass, and the product refuses to run as one.

Work that crosses tenants (sign-in, key look-up, verify, dispatcher, reaper) goes through `definer_function(...)`: a
narrow SQL function that runs as the owner and returns ids only. The owner sees rows of all tenants only in tables that
a migration opened by `owner_reads("app_table")`, and only to read.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

from imprimatur.tenants.roles import APP

_ENABLE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON {table}
    USING ({column} = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK ({column} = NULLIF(current_setting('app.tenant', true), '')::uuid);
"""
_DISABLE = """
DROP POLICY tenant_isolation ON {table};
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""
_FUNCTION: Final = """
CREATE FUNCTION {name}({arguments}) RETURNS {returns}
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $body$ {body} $body$;
REVOKE ALL ON FUNCTION {name}({arguments}) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {name}({arguments}) TO {app};
"""


def row_level_security(*tables: str, column: str = "tenant_id") -> list[migrations.RunSQL]:
    """Migration operations that let each table show and take only the entered tenant's rows."""
    return [migrations.RunSQL(_ENABLE.format(table=t, column=column), _DISABLE.format(table=t)) for t in tables]


def owner_reads(*tables: str) -> list[migrations.RunSQL]:
    """Let the tables' owner, and so its SECURITY DEFINER functions, read the rows of every tenant."""
    return [
        migrations.RunSQL(
            f"CREATE POLICY owner_reads ON {t} FOR SELECT TO CURRENT_USER USING (true);",
            f"DROP POLICY owner_reads ON {t};",
        )
        for t in tables
    ]


def definer_function(name: str, arguments: str, returns: str, body: str) -> migrations.RunSQL:
    """A read-only function that the app may call and that runs as the owner. Return ids, never content.

    `definer_function("tenant_of_slug", "tenant_slug text", "uuid", "SELECT t.id FROM tenants_tenant t WHERE ...")`
    """
    create = _FUNCTION.format(name=name, arguments=arguments, returns=returns, body=body, app=APP)
    return migrations.RunSQL(create, f"DROP FUNCTION {name}({arguments});")
