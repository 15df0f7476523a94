"""The second guard of whom a record is answered by.

Past the draft a contact changes only in the transaction that confirms a proposal of it: of another rights manager's,
who did not draft the record, or of the person's own, from the address that they gave. The one other way is a new
record key: then the text is sealed by another key than before, and the session says that it is about that.
"""

from django.db import migrations

from imprimatur.tenants.rls import definer_function, owner_reads, row_level_security

_RESEALED = """
CREATE FUNCTION rights_resealed(was text, is_now text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT COALESCE(current_setting('app.resealing', true) = 'on' AND was <> '' AND is_now <> ''
                    AND split_part(was, '.', 2) <> split_part(is_now, '.', 2), false)
$$;
"""
_CHANGE = """
CREATE FUNCTION rights_guard_contact_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen text[] := ARRAY['id', 'tenant_id', 'created_at', 'record', 'proposed_by_id', 'by_link_id', 'confirm_link_id',
                           'expires_at'];
    decided text[] := ARRAY['status', 'decided_by_id', 'decided_at', 'confirmed_in'];
    field text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a proposed contact is kept' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'proposed' OR NEW.confirmed_in <> '' THEN
            RAISE EXCEPTION 'a contact starts as a proposal, not as %', NEW.status USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status <> 'proposed' THEN
        frozen := frozen || decided;
    END IF;
    FOREACH field IN ARRAY frozen LOOP
        IF to_jsonb(OLD) -> field IS DISTINCT FROM to_jsonb(NEW) -> field THEN
            RAISE EXCEPTION '% of a proposed contact does not change', field USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    IF NEW.sealed_contact <> OLD.sealed_contact AND NOT rights_resealed(OLD.sealed_contact, NEW.sealed_contact)
       AND (NEW.sealed_contact <> '' OR NEW.status = 'proposed' OR OLD.status || NEW.status = 'proposedconfirmed') THEN
        RAISE EXCEPTION 'what was proposed is decided as it is' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status = 'proposed' AND NEW.status = 'confirmed' THEN
        IF NEW.confirm_link_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM rights_accesslink l WHERE l.id = NEW.confirm_link_id AND l.purpose = 'confirm'
               AND l.answer = 'confirmed' AND l.used_at IS NOT NULL AND l.revoked_at IS NULL) THEN
            RAISE EXCEPTION 'nobody answered from the new address' USING ERRCODE = 'check_violation';
        END IF;
        NEW.confirmed_in := pg_current_xact_id()::text;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_guard_contact_change BEFORE INSERT OR UPDATE OR DELETE ON rights_contactchange
    FOR EACH ROW EXECUTE FUNCTION rights_guard_contact_change();
"""
_UNGUARD_CHANGE = """
DROP TRIGGER rights_guard_contact_change ON rights_contactchange;
DROP FUNCTION rights_guard_contact_change();
"""
_RECORD = """
CREATE OR REPLACE FUNCTION rights_guard_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen text[] := ARRAY['tenant_id', 'salt', 'kind', 'mark', 'owner', 'renews_id'];
    agreed text[] := ARRAY['terms', 'terms_digest', 'reference_digests', 'valid_from', 'valid_until', 'suspends_at'];
    proof text[] := ARRAY['evidence_sha256', 'evidence_key', 'evidence_seal', 'created_by_id'];
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
        'sent>draft', 'sent>signed', 'sent>revoked',
        'signed>verified', 'signed>revoked',
        'verified>active', 'verified>expired', 'verified>revoked',
        'active>suspended', 'active>expired', 'active>revoked',
        'suspended>active', 'suspended>expired', 'suspended>revoked'
    ]) THEN
        RAISE EXCEPTION 'a right that is % cannot become %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.verified_by_id IS DISTINCT FROM OLD.verified_by_id AND NEW.verified_by_id = NEW.created_by_id THEN
        RAISE EXCEPTION 'whoever drafted a right does not verify it' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status = 'draft' THEN
        RETURN NEW;
    END IF;
    IF NEW.sealed_contact <> OLD.sealed_contact AND NOT rights_resealed(OLD.sealed_contact, NEW.sealed_contact)
       AND NOT EXISTS (SELECT FROM rights_contactchange c WHERE c.record = NEW.id AND c.status = 'confirmed'
                       AND c.sealed_contact = NEW.sealed_contact AND NEW.sealed_contact <> ''
                       AND c.confirmed_in = pg_current_xact_id()::text
                       AND c.decided_by_id IS DISTINCT FROM NEW.created_by_id) THEN
        RAISE EXCEPTION 'the contact of a right changes after the draft only as two people confirmed'
            USING ERRCODE = 'check_violation';
    END IF;
    was := to_jsonb(OLD);
    is_now := to_jsonb(NEW);
    IF OLD.status NOT IN ('sent', 'signed') THEN
        frozen := frozen || proof;
    END IF;
    FOREACH field IN ARRAY frozen LOOP
        IF was -> field IS DISTINCT FROM is_now -> field THEN
            RAISE EXCEPTION '% of a right does not change after the draft', field USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    FOREACH field IN ARRAY agreed LOOP
        IF was -> field IS DISTINCT FROM is_now -> field AND NOT (
            NEW.terms_version = OLD.terms_version + 1
            AND OLD.status IN ('sent', 'signed', 'verified', 'active', 'suspended')
            AND (SELECT count(*) = 2 FROM rights_termsversion v WHERE v.record = NEW.id
                 AND (v.number, v.terms_digest) IN
                     ((OLD.terms_version, OLD.terms_digest), (NEW.terms_version, NEW.terms_digest)))
        ) THEN
            RAISE EXCEPTION '% of a right changes with a new version only', field USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""
_RUNNING = "r.status IN ('active', 'suspended')"
_RUN_OUT = f"""
    SELECT r.tenant_id FROM rights_consentrecord r
     WHERE ({_RUNNING} AND r.valid_until <= at) OR (r.status = 'active' AND r.suspends_at <= at)
    UNION
    SELECT r.tenant_id FROM rights_trademarklicence r WHERE {_RUNNING} AND r.valid_until <= at
    UNION
    SELECT c.tenant_id FROM rights_contactchange c WHERE c.status = 'proposed' AND c.expires_at <= at
"""
_SEALED = """
    SELECT r.tenant_id FROM rights_consentrecord r WHERE r.sealed_contact <> ''
    UNION SELECT r.tenant_id FROM rights_trademarklicence r WHERE r.sealed_contact <> ''
    UNION SELECT l.tenant_id FROM rights_accesslink l WHERE l.sealed_note <> ''
    UNION SELECT c.tenant_id FROM rights_contactchange c WHERE c.sealed_contact <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0008_contact_changes")]

    operations = [
        *row_level_security("rights_contactchange"),
        *owner_reads("rights_contactchange"),
        migrations.RunSQL(_RESEALED, "DROP FUNCTION rights_resealed(text, text);"),
        migrations.RunSQL(_CHANGE, _UNGUARD_CHANGE),
        migrations.RunSQL(_RECORD, migrations.RunSQL.noop),
        migrations.RunSQL("DROP FUNCTION rights_run_out(timestamptz);", migrations.RunSQL.noop),
        migrations.RunSQL("DROP FUNCTION rights_sealed();", migrations.RunSQL.noop),
        definer_function("rights_run_out", "at timestamptz", "SETOF uuid", _RUN_OUT),
        definer_function("rights_sealed", "", "SETOF uuid", _SEALED),
    ]
