"""The second guard: nobody decides on a quarantined picture."""

from django.db import migrations

_CREATE = """
CREATE FUNCTION review_guard_quarantine() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    quarantined timestamptz;
BEGIN
    SELECT o.quarantined_at INTO quarantined FROM generations_output o WHERE o.id = NEW.output_id FOR UPDATE;
    IF quarantined IS NOT NULL THEN
        RAISE EXCEPTION 'a quarantined picture is not decided on' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER review_guard_quarantine BEFORE INSERT ON review_decision
    FOR EACH ROW EXECUTE FUNCTION review_guard_quarantine();
"""
_DROP = """
DROP TRIGGER review_guard_quarantine ON review_decision;
DROP FUNCTION review_guard_quarantine();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0003_two_people_never_the_author"),
        ("generations", "0002_row_level_security"),
    ]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
