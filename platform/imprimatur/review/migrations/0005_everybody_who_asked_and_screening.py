"""Whoever tried a picture again asked for it too, and a picture that is held by the screening is not decided on."""

from django.db import migrations

_CREATE = """
CREATE FUNCTION review_guard_askers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM generations_output o JOIN generations_generation g ON g.id = o.generation_id
                WHERE o.id = NEW.output_id AND NEW.reviewer_id = ANY (g.retried_by)) THEN
        RAISE EXCEPTION 'whoever asked for a picture again does not decide on it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM generations_screening s WHERE s.output_id = NEW.output_id AND s.cleared_at IS NULL) THEN
        RAISE EXCEPTION 'a picture that is held is not decided on' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER review_guard_askers BEFORE INSERT ON review_decision
    FOR EACH ROW EXECUTE FUNCTION review_guard_askers();
"""
_DROP = """
DROP TRIGGER review_guard_askers ON review_decision;
DROP FUNCTION review_guard_askers();
"""


class Migration(migrations.Migration):
    dependencies = [("review", "0004_quarantined_undecided"), ("generations", "0010_guards_of_answers")]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
