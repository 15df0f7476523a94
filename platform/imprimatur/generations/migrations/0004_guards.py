"""The second guard: the database itself refuses impossible lives and pictures without a permit.

The pairs repeat `generations.states.TRANSITIONS`; a test walks every pair and compares.
"""

from django.db import migrations

_CREATE = """
CREATE FUNCTION generations_guard_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' OR NEW.attempt <> 0 THEN
            RAISE EXCEPTION 'a generation begins in the queue, before its first attempt'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('queued', 'preparing'), ('queued', 'drawing'), ('queued', 'stamping'),
        ('queued', 'ready'), ('queued', 'failed'), ('queued', 'refused'), ('queued', 'canceled'),
        ('preparing', 'queued'), ('preparing', 'drawing'), ('preparing', 'stamping'),
        ('preparing', 'ready'), ('preparing', 'failed'), ('preparing', 'refused'), ('preparing', 'canceled'),
        ('drawing', 'queued'), ('drawing', 'stamping'),
        ('drawing', 'ready'), ('drawing', 'failed'), ('drawing', 'refused'), ('drawing', 'canceled'),
        ('stamping', 'queued'),
        ('stamping', 'ready'), ('stamping', 'failed'), ('stamping', 'refused'), ('stamping', 'canceled'),
        ('failed', 'queued'), ('refused', 'queued'), ('canceled', 'queued')
    ) THEN
        RAISE EXCEPTION 'a generation does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.tenant_id, NEW.spec, NEW.spec_digest, NEW.use, NEW.consent_receipt, NEW.requested_by_id,
        NEW.subject_reference_id, NEW.template_version_id)
       IS DISTINCT FROM
       (OLD.tenant_id, OLD.spec, OLD.spec_digest, OLD.use, OLD.consent_receipt, OLD.requested_by_id,
        OLD.subject_reference_id, OLD.template_version_id) THEN
        RAISE EXCEPTION 'what was asked for, by whom and with which consent is never edited'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.attempt < OLD.attempt OR NEW.version < OLD.version THEN
        RAISE EXCEPTION 'attempt and version only grow' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER generations_guard_generation BEFORE INSERT OR UPDATE ON generations_generation
    FOR EACH ROW EXECUTE FUNCTION generations_guard_generation();

CREATE FUNCTION generations_guard_output() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked generations_generation%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (to_jsonb(NEW) - 'quarantined_at' - 'quarantine_reason')
           IS DISTINCT FROM (to_jsonb(OLD) - 'quarantined_at' - 'quarantine_reason') THEN
            RAISE EXCEPTION 'a stamped picture is never edited: it can only be quarantined'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO asked FROM generations_generation g
     WHERE g.id = NEW.generation_id AND g.tenant_id = NEW.tenant_id;
    IF NOT FOUND OR asked.state <> 'ready' THEN
        RAISE EXCEPTION 'a picture exists only for this tenant''s finished generation'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.permit_id = '' OR NEW.permit_id <> asked.permit_id THEN
        RAISE EXCEPTION 'a picture exists only with the permit of the attempt that drew it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER generations_guard_output BEFORE INSERT OR UPDATE ON generations_output
    FOR EACH ROW EXECUTE FUNCTION generations_guard_output();
"""
_DROP = """
DROP TRIGGER generations_guard_output ON generations_output;
DROP FUNCTION generations_guard_output();
DROP TRIGGER generations_guard_generation ON generations_generation;
DROP FUNCTION generations_guard_generation();
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0003_attempts_and_permits")]

    operations = [migrations.RunSQL(_CREATE, _DROP)]
