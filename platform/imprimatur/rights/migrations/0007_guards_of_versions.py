"""The second guard of versions and of the second pair of eyes, and in which tenants something is due.

A record that left the draft changes its terms only together with the number of its version, and only while the text it
had before is kept; kept texts are never changed. Nobody verifies what they drafted themselves.
"""

from django.db import migrations

from imprimatur.tenants.rls import definer_function, owner_reads, row_level_security

_GUARD = """
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

CREATE FUNCTION rights_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a text that was agreed is kept as it was' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER rights_guard_version BEFORE UPDATE OR DELETE ON rights_termsversion
    FOR EACH ROW EXECUTE FUNCTION rights_guard_version();
"""
_UNGUARD = """
DROP TRIGGER rights_guard_version ON rights_termsversion;
DROP FUNCTION rights_guard_version();
"""
_RUNNING = "r.status IN ('active', 'suspended')"
_RUN_OUT = f"""
    SELECT r.tenant_id FROM rights_consentrecord r
     WHERE ({_RUNNING} AND r.valid_until <= at) OR (r.status = 'active' AND r.suspends_at <= at)
    UNION
    SELECT r.tenant_id FROM rights_trademarklicence r WHERE {_RUNNING} AND r.valid_until <= at
"""
_ENDING = """
    SELECT r.tenant_id FROM rights_consentrecord r WHERE r.status = 'active' AND r.valid_until > at
       AND r.valid_until <= at + make_interval(days => days)
    UNION
    SELECT r.tenant_id FROM rights_trademarklicence r WHERE r.status = 'active' AND r.valid_until > at
       AND r.valid_until <= at + make_interval(days => days)
"""
_SEALED = """
    SELECT r.tenant_id FROM rights_consentrecord r WHERE r.sealed_contact <> ''
    UNION SELECT r.tenant_id FROM rights_trademarklicence r WHERE r.sealed_contact <> ''
    UNION SELECT l.tenant_id FROM rights_accesslink l WHERE l.sealed_note <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0006_versions_links_and_blocklist")]

    operations = [
        *row_level_security(
            "rights_termsversion", "rights_accesslink", "rights_reminder", "rights_blockedentry"
        ),
        *owner_reads("rights_accesslink"),
        migrations.RunSQL(_GUARD, _UNGUARD),
        migrations.RunSQL("DROP FUNCTION rights_run_out(timestamptz);", migrations.RunSQL.noop),
        definer_function("rights_run_out", "at timestamptz", "SETOF uuid", _RUN_OUT),
        definer_function("rights_ending", "at timestamptz, days int", "SETOF uuid", _ENDING),
        definer_function("rights_sealed", "", "SETOF uuid", _SEALED),
    ]
