"""The chain is computed in the database, rows are never changed, and each tenant sees its own.

The hashed text is the one `governance.ledger` documents. `subject` has no place of its own in that text: `record()`
repeats it in the payload, and a CHECK keeps the two the same.
"""

from django.db import migrations

_CHAIN = """
ALTER TABLE audit_auditevent
    ADD CONSTRAINT audit_no_separator CHECK (actor !~ '[|\\n\\r]' AND event !~ '[|\\n\\r]'),
    ADD CONSTRAINT audit_subject_is_hashed CHECK (subject = COALESCE(payload::jsonb ->> 'subject', ''));

CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    last record;
BEGIN
    -- One writer a tenant at a time: the next one waits for this transaction's end, then sees its row.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.tenant_id::text, 20261123));
    SELECT e.seq, e.hash INTO last FROM audit_auditevent e
        WHERE e.tenant_id = NEW.tenant_id ORDER BY e.seq DESC LIMIT 1;
    NEW.seq := COALESCE(last.seq, 0) + 1;
    NEW.prev_hash := COALESCE(last.hash, repeat('0', 64));
    NEW.hash := encode(sha256(convert_to(
        NEW.prev_hash || '|' || NEW.seq || '|' || NEW.tenant_id || '|'
        || to_char(NEW.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '|'
        || NEW.actor || '|' || NEW.event || '|' || NEW.payload, 'UTF8')), 'hex');
    RETURN NEW;
END $$;

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_chain BEFORE INSERT ON audit_auditevent FOR EACH ROW EXECUTE FUNCTION audit_chain();
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

ALTER TABLE audit_auditevent ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_auditevent FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_auditevent
    USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);

REVOKE ALL ON audit_auditevent FROM imprimatur_app;
GRANT SELECT, INSERT ON audit_auditevent TO imprimatur_app;
GRANT USAGE, SELECT ON SEQUENCE audit_auditevent_id_seq TO imprimatur_app;
"""

_BACK = """
DROP POLICY tenant_isolation ON audit_auditevent;
ALTER TABLE audit_auditevent NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_auditevent DISABLE ROW LEVEL SECURITY;
DROP TRIGGER audit_no_truncate ON audit_auditevent;
DROP TRIGGER audit_no_change ON audit_auditevent;
DROP TRIGGER audit_chain ON audit_auditevent;
DROP FUNCTION audit_refuse_change();
DROP FUNCTION audit_chain();
ALTER TABLE audit_auditevent DROP CONSTRAINT audit_subject_is_hashed, DROP CONSTRAINT audit_no_separator;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(_CHAIN, _BACK)]
