"""Every reference of a picture counts: for its release and each serving, and when its mark is found in an upload."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function

_GUARD = """
CREATE FUNCTION releases_rights_hold_for(drawn uuid, at timestamptz, serving boolean) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT count(*) > 0 AND bool_and(releases_rights_hold(d.reference_id, at, serving))
      FROM generations_drawnfrom d WHERE d.generation_id = drawn
$$;
CREATE FUNCTION releases_guard_rights_of_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT releases_rights_hold_for(
        (SELECT o.generation_id FROM generations_output o WHERE o.id = NEW.output_id), now(), false
    ) THEN
        RAISE EXCEPTION 'no record in force covers everything that the picture shows'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_guard_rights_of_all BEFORE INSERT ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_rights_of_all();
"""
_UNGUARD = """
DROP TRIGGER releases_guard_rights_of_all ON releases_release;
DROP FUNCTION releases_guard_rights_of_all();
DROP FUNCTION releases_rights_hold_for(uuid, timestamptz, boolean);
"""
_RESULT = "TABLE (tenant_id uuid, reference_id uuid)"
_FIRST = (
    "SELECT g.tenant_id, g.subject_reference_id FROM generations_output o "
    "JOIN generations_generation g ON g.id = o.generation_id WHERE o.watermark_id = mark LIMIT 1"
)
_ALL = (
    "SELECT d.tenant_id, d.reference_id FROM generations_drawnfrom d WHERE d.generation_id = "
    "(SELECT o.generation_id FROM generations_output o WHERE o.watermark_id = mark LIMIT 1)"
)


def _of_mark(body: str) -> migrations.RunSQL:
    return definer_function("reference_of_mark", "mark bigint", _RESULT, body)


def _reversed(operation: migrations.RunSQL) -> migrations.RunSQL:
    return migrations.RunSQL(operation.reverse_sql, operation.sql)


class Migration(migrations.Migration):
    dependencies = [("releases", "0009_one_time_stamp"), ("generations", "0013_guards_of_what_is_drawn_from")]

    operations = [migrations.RunSQL(_GUARD, _UNGUARD), _reversed(_of_mark(_FIRST)), _of_mark(_ALL)]
