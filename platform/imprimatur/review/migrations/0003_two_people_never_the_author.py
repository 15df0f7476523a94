"""The second guard: the database itself refuses the author's decision and any edit of a decision."""

from django.db import migrations

_CREATE = """
CREATE FUNCTION review_guard_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    requester uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a decision is never deleted: undo it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL
           OR (NEW.id, NEW.tenant_id, NEW.output_id, NEW.reviewer_id, NEW.verdict, NEW.reason, NEW.note, NEW.created_at)
              IS DISTINCT FROM
              (OLD.id, OLD.tenant_id, OLD.output_id, OLD.reviewer_id, OLD.verdict, OLD.reason, OLD.note, OLD.created_at)
        THEN
            RAISE EXCEPTION 'a decision is never edited: it can only be undone, once'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT g.requested_by_id INTO requester
      FROM generations_output o JOIN generations_generation g ON g.id = o.generation_id
     WHERE o.id = NEW.output_id AND o.tenant_id = NEW.tenant_id
       FOR UPDATE OF o;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the output is not this tenant''s' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF requester = NEW.reviewer_id THEN
        RAISE EXCEPTION 'whoever asked for a picture does not decide on it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER review_guard_decision BEFORE INSERT OR UPDATE OR DELETE ON review_decision
    FOR EACH ROW EXECUTE FUNCTION review_guard_decision();
"""
_DROP = """
DROP TRIGGER review_guard_decision ON review_decision;
DROP FUNCTION review_guard_decision();
"""


class Migration(migrations.Migration):
    dependencies = [("review", "0002_row_level_security"), ("generations", "0002_row_level_security")]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
