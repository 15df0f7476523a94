"""The second guard of `rights.states.TRANSITIONS`, in the database: records start as drafts, move only along the table,
keep their terms once they left the draft, and are never deleted after that."""

from django.db import migrations

_FUNCTION = """
CREATE FUNCTION rights_guard_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen text[] := ARRAY['tenant_id', 'created_by_id', 'terms', 'terms_digest', 'salt', 'reference_digests',
                           'valid_from', 'valid_until', 'evidence_sha256', 'evidence_key', 'kind', 'mark', 'owner'];
    was jsonb;
    is_now jsonb;
    field text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a right starts as a draft, not as %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'only a draft can be deleted' USING ERRCODE = 'check_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> NEW.status AND NOT (OLD.status || '>' || NEW.status) = ANY (ARRAY[
        'draft>sent', 'draft>signed', 'draft>verified', 'draft>revoked',
        'sent>signed', 'sent>revoked',
        'signed>verified', 'signed>revoked',
        'verified>active', 'verified>expired', 'verified>revoked',
        'active>suspended', 'active>expired', 'active>revoked',
        'suspended>active', 'suspended>expired', 'suspended>revoked'
    ]) THEN
        RAISE EXCEPTION 'a right that is % cannot become %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status <> 'draft' THEN
        was := to_jsonb(OLD);
        is_now := to_jsonb(NEW);
        FOREACH field IN ARRAY frozen LOOP
            IF was -> field IS DISTINCT FROM is_now -> field THEN
                RAISE EXCEPTION '% of a right does not change after the draft', field USING ERRCODE = 'check_violation';
            END IF;
        END LOOP;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_guard BEFORE INSERT OR UPDATE OR DELETE ON rights_consentrecord
    FOR EACH ROW EXECUTE FUNCTION rights_guard_record();
CREATE TRIGGER rights_guard BEFORE INSERT OR UPDATE OR DELETE ON rights_trademarklicence
    FOR EACH ROW EXECUTE FUNCTION rights_guard_record();
"""
_DROP = """
DROP TRIGGER rights_guard ON rights_trademarklicence;
DROP TRIGGER rights_guard ON rights_consentrecord;
DROP FUNCTION rights_guard_record();
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0003_evidence_and_impossible_rows")]

    operations = [migrations.RunSQL(_FUNCTION, _DROP)]
