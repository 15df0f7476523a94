"""The second guard: nothing is released without two people's standing approvals, and no approval leaves afterwards."""

from django.db import migrations

_GUARDS = """
CREATE FUNCTION releases_guard_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    requester uuid;
    quarantined timestamptz;
    approvals integer;
    refusals integer;
BEGIN
    SELECT g.requested_by_id, o.quarantined_at INTO requester, quarantined
      FROM generations_output o JOIN generations_generation g ON g.id = o.generation_id
     WHERE o.id = NEW.output_id AND o.tenant_id = NEW.tenant_id
       FOR UPDATE OF o;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the output is not this tenant''s' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF quarantined IS NOT NULL THEN
        RAISE EXCEPTION 'a quarantined picture is not released' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT count(DISTINCT reviewer_id) FILTER (WHERE verdict = 'approve' AND reviewer_id <> requester),
           count(*) FILTER (WHERE verdict <> 'approve')
      INTO approvals, refusals
      FROM review_decision WHERE output_id = NEW.output_id AND undone_at IS NULL;
    IF approvals < 2 OR refusals > 0 THEN
        RAISE EXCEPTION 'a release needs two people''s standing approvals'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_guard_release BEFORE INSERT ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_release();

CREATE FUNCTION releases_guard_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a release is never deleted: withdraw it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
       OR (NEW.id, NEW.tenant_id, NEW.output_id, NEW.object_key, NEW.sha256, NEW.mime, NEW.use, NEW.released_by_id)
          IS DISTINCT FROM
          (OLD.id, OLD.tenant_id, OLD.output_id, OLD.object_key, OLD.sha256, OLD.mime, OLD.use, OLD.released_by_id)
    THEN
        RAISE EXCEPTION 'a release is never edited: it can only be withdrawn, once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_guard_withdrawal BEFORE UPDATE OR DELETE ON releases_release
    FOR EACH ROW EXECUTE FUNCTION releases_guard_withdrawal();

CREATE FUNCTION releases_guard_undo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM generations_output WHERE id = NEW.output_id FOR UPDATE;
    IF EXISTS (SELECT 1 FROM releases_release WHERE output_id = NEW.output_id) THEN
        RAISE EXCEPTION 'the decisions on a released picture stand' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER releases_guard_undo BEFORE INSERT OR UPDATE ON review_decision
    FOR EACH ROW EXECUTE FUNCTION releases_guard_undo();
"""
_UNGUARD = """
DROP TRIGGER releases_guard_undo ON review_decision;
DROP FUNCTION releases_guard_undo();
DROP TRIGGER releases_guard_withdrawal ON releases_release;
DROP FUNCTION releases_guard_withdrawal();
DROP TRIGGER releases_guard_release ON releases_release;
DROP FUNCTION releases_guard_release();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0002_row_level_security"),
        ("review", "0003_two_people_never_the_author"),
        ("generations", "0002_row_level_security"),
    ]

    operations = [migrations.RunSQL(_GUARDS, _UNGUARD)]
