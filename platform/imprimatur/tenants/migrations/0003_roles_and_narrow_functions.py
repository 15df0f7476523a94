"""What the app's role may do, and the functions through which sign-in and key look-up cross tenants."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function, owner_reads, row_level_security
from imprimatur.tenants.roles import APP

# Tables that exist already get their grants here, those of later migrations by the defaults.
# No TRUNCATE, REFERENCES or TRIGGER; of the audit trail its own migration takes UPDATE and DELETE away.
GRANTS = f"""
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP};
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {APP};
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('audit_auditevent', 'django_migrations') LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO {APP}', name);
    END LOOP;
END $$;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP};
GRANT SELECT ON django_migrations TO {APP};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APP};
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_row_level_security"), ("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        *row_level_security("tenants_tenant", column="id"),
        *owner_reads("tenants_membership", "tenants_apikey", "tenants_tenant"),
        definer_function(
            "tenants_of_person",
            "person uuid",
            "SETOF uuid",
            "SELECT m.tenant_id FROM tenants_membership m WHERE m.user_id = person ORDER BY m.created_at",
        ),
        definer_function(
            "tenant_of_key",
            "key_lookup text",
            "uuid",
            "SELECT k.tenant_id FROM tenants_apikey k WHERE k.lookup = key_lookup",
        ),
        definer_function(
            "tenant_of_slug",
            "tenant_slug text",
            "uuid",
            "SELECT t.id FROM tenants_tenant t WHERE t.slug = tenant_slug",
        ),
    ]
