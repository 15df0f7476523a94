"""What people said to their pictures, and what was noticed about pictures, is kept as it was."""

from django.db import migrations

from imprimatur.tenants.rls import row_level_security

_GUARDS = """
CREATE FUNCTION generations_guard_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a person said to their picture is kept as it was'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER generations_guard_answer BEFORE UPDATE OR DELETE ON generations_subjectapproval
    FOR EACH ROW EXECUTE FUNCTION generations_guard_answer();

CREATE FUNCTION generations_guard_screening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.cleared_at IS NOT NULL OR NEW.cleared_at IS NULL OR NEW.decided_by_id IS NULL
       OR (NEW.id, NEW.tenant_id, NEW.output_id, NEW.findings) IS DISTINCT FROM
          (OLD.id, OLD.tenant_id, OLD.output_id, OLD.findings) THEN
        RAISE EXCEPTION 'what was noticed about a picture is cleared once, by a person, and never edited'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER generations_guard_screening BEFORE UPDATE OR DELETE ON generations_screening
    FOR EACH ROW EXECUTE FUNCTION generations_guard_screening();

CREATE FUNCTION generations_guard_retried_by() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.retried_by @> OLD.retried_by THEN
        RAISE EXCEPTION 'whoever tried a picture again stays one of those who asked for it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER generations_guard_retried_by BEFORE UPDATE OF retried_by ON generations_generation
    FOR EACH ROW EXECUTE FUNCTION generations_guard_retried_by();
"""
_UNGUARD = """
DROP TRIGGER generations_guard_retried_by ON generations_generation;
DROP FUNCTION generations_guard_retried_by();
DROP TRIGGER generations_guard_screening ON generations_screening;
DROP FUNCTION generations_guard_screening();
DROP TRIGGER generations_guard_answer ON generations_subjectapproval;
DROP FUNCTION generations_guard_answer();
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0009_retries_approvals_and_screening")]

    operations = [
        *row_level_security("generations_subjectapproval", "generations_screening"),
        migrations.RunSQL(_GUARDS, _UNGUARD),
    ]
