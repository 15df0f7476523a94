"""A right that comes back also shows again the photographs that its person had taken back."""

from django.db import migrations

_OPEN = """
CREATE OR REPLACE FUNCTION withdrawal_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cause text;
BEGIN
    IF NEW.status IS DISTINCT FROM OLD.status THEN
        cause := CASE WHEN NEW.status IN ('revoked', 'expired', 'suspended') THEN NEW.status
                      WHEN NEW.status = 'active' THEN 'restored' END;
    ELSIF NEW.terms_digest IS DISTINCT FROM OLD.terms_digest AND OLD.status NOT IN ('draft', 'sent', 'signed') THEN
        cause := 'changed';
    END IF;
    IF cause IS NULL OR (cause = 'restored' AND NOT EXISTS (
        SELECT 1 FROM generations_output o
         WHERE o.tenant_id = NEW.tenant_id AND o.quarantined_at IS NOT NULL) AND NOT EXISTS (
        SELECT 1 FROM library_referenceimage r
         WHERE r.tenant_id = NEW.tenant_id AND r.quarantined_at IS NOT NULL)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO withdrawal_withdrawal
        (id, created_at, tenant_id, kind, record_id, cause, why, actor, step, next_at, candidates, judged, refused,
         quarantined, withdrawn, "references", lifted, pack_key, pack_sha256, trouble)
    VALUES (gen_random_uuid(), clock_timestamp(), NEW.tenant_id, TG_ARGV[0], NEW.id, cause,
            CASE WHEN cause = 'revoked' THEN NEW.revocation_reason ELSE '' END, '', 'stopping', clock_timestamp(),
            0, 0, 0, 0, 0, 0, 0, '', '', '');
    PERFORM pg_notify('imprimatur_withdrawal', '');
    RETURN NULL;
END $$;
"""
_AS_BEFORE = """
CREATE OR REPLACE FUNCTION withdrawal_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cause text;
BEGIN
    IF NEW.status IS DISTINCT FROM OLD.status THEN
        cause := CASE WHEN NEW.status IN ('revoked', 'expired', 'suspended') THEN NEW.status
                      WHEN NEW.status = 'active' THEN 'restored' END;
    ELSIF NEW.terms_digest IS DISTINCT FROM OLD.terms_digest AND OLD.status NOT IN ('draft', 'sent', 'signed') THEN
        cause := 'changed';
    END IF;
    IF cause IS NULL OR (cause = 'restored' AND NOT EXISTS (
        SELECT 1 FROM generations_output o
         WHERE o.tenant_id = NEW.tenant_id AND o.quarantined_at IS NOT NULL)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO withdrawal_withdrawal
        (id, created_at, tenant_id, kind, record_id, cause, why, actor, step, next_at, candidates, judged, refused,
         quarantined, withdrawn, "references", lifted, pack_key, pack_sha256, trouble)
    VALUES (gen_random_uuid(), clock_timestamp(), NEW.tenant_id, TG_ARGV[0], NEW.id, cause,
            CASE WHEN cause = 'revoked' THEN NEW.revocation_reason ELSE '' END, '', 'stopping', clock_timestamp(),
            0, 0, 0, 0, 0, 0, 0, '', '', '');
    PERFORM pg_notify('imprimatur_withdrawal', '');
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("withdrawal", "0003_opened_by_the_database"),
        ("library", "0006_guard_mark_pictures"),
    ]

    operations = [migrations.RunSQL(_OPEN, _AS_BEFORE)]
