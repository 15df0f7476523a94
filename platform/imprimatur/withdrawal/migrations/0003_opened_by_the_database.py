"""A record that falls away, changes or comes back opens its withdrawal in the same transaction, whoever changed it.

What happened before this migration is found by `withdrawals_unopened`: records that ended without a withdrawal. The
functions cross tenants and return ids only; the work is done inside each tenant's scope.
"""

from django.db import migrations

from imprimatur.tenants.rls import definer_function

_RECORDS = ("rights_consentrecord", "rights_trademarklicence")
_OPEN = """
CREATE FUNCTION withdrawal_open() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER withdrawal_open AFTER UPDATE ON rights_consentrecord
    FOR EACH ROW EXECUTE FUNCTION withdrawal_open('consent');
CREATE TRIGGER withdrawal_open AFTER UPDATE ON rights_trademarklicence
    FOR EACH ROW EXECUTE FUNCTION withdrawal_open('licence');
"""
_CLOSE = """
DROP TRIGGER withdrawal_open ON rights_trademarklicence;
DROP TRIGGER withdrawal_open ON rights_consentrecord;
DROP FUNCTION withdrawal_open();
"""
_OPENED = ("withdrawal_withdrawal", "withdrawal_notice", *_RECORDS)
_DUE = """
    SELECT w.tenant_id, w.id FROM withdrawal_withdrawal w
     WHERE w.next_at <= at AND (w.step <> 'done' OR w.watch_until > at) ORDER BY w.next_at LIMIT 50
"""
_NOTICES = """
    SELECT n.tenant_id, n.id FROM withdrawal_notice n
     WHERE n.sent_at IS NULL AND n.given_up_at IS NULL AND n.next_at <= at ORDER BY n.next_at LIMIT 50
"""
_UNOPENED = """
    SELECT r.tenant_id, true, r.id FROM rights_consentrecord r
     WHERE r.status IN ('revoked', 'expired', 'suspended')
       AND NOT EXISTS (SELECT 1 FROM withdrawal_withdrawal w WHERE w.record_id = r.id)
    UNION ALL
    SELECT r.tenant_id, false, r.id FROM rights_trademarklicence r
     WHERE r.status IN ('revoked', 'expired', 'suspended')
       AND NOT EXISTS (SELECT 1 FROM withdrawal_withdrawal w WHERE w.record_id = r.id)
    LIMIT 100
"""


def _open_to_owner(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE POLICY withdrawal_lookup ON {table} FOR SELECT TO CURRENT_USER USING (true);",
        f"DROP POLICY withdrawal_lookup ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("withdrawal", "0002_row_level_security"),
        ("rights", "0005_run_out"),
        ("generations", "0007_reliances"),
        ("tenants", "0003_roles_and_narrow_functions"),
    ]

    operations = [
        migrations.RunSQL(_OPEN, _CLOSE),
        *(_open_to_owner(table) for table in _OPENED),
        migrations.RunSQL(
            "CREATE INDEX withdrawal_notices_due ON withdrawal_notice (next_at) "
            "WHERE sent_at IS NULL AND given_up_at IS NULL;",
            "DROP INDEX withdrawal_notices_due;",
        ),
        definer_function(
            "withdrawals_due", "at timestamptz", "TABLE (tenant_id uuid, withdrawal_id uuid)", _DUE.strip()
        ),
        definer_function(
            "withdrawal_notices_due", "at timestamptz", "TABLE (tenant_id uuid, notice_id uuid)", _NOTICES.strip()
        ),
        definer_function(
            "withdrawals_unopened", "", "TABLE (tenant_id uuid, is_consent boolean, record_id uuid)", _UNOPENED.strip()
        ),
    ]
