"""Which events name an agreement's terms? One row for each digest, written with the event by the database.

Payloads are text, and no index answers for what lies inside: under row-level security only leakproof operators, such as
equality, may use one. Existing events are read as the owner, whom 0003 lets see every trail.
"""

import django.db.models.deletion
from django.db import migrations, models

_FORWARD = """
CREATE FUNCTION audit_digests_in(payload jsonb) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT d FROM (
        SELECT payload ->> 'terms_digest' AS d
        UNION ALL SELECT payload ->> 'former_digest'
        UNION ALL SELECT jsonb_array_elements_text(
            CASE WHEN jsonb_typeof(payload -> 'terms') = 'array' THEN payload -> 'terms' ELSE '[]' END)
    ) named WHERE d ~ '^[0-9a-f]{64}$'
$$;

INSERT INTO audit_mention (tenant_id, digest, event_id)
SELECT e.tenant_id, d, e.id FROM audit_auditevent e, audit_digests_in(e.payload::jsonb) d
 WHERE e.payload LIKE '%"terms%';

CREATE FUNCTION audit_note_mentions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_mention (tenant_id, digest, event_id)
    SELECT NEW.tenant_id, d, NEW.id FROM audit_digests_in(NEW.payload::jsonb) d;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_note_mentions AFTER INSERT ON audit_auditevent FOR EACH ROW
    WHEN (NEW.payload LIKE '%"terms%') EXECUTE FUNCTION audit_note_mentions();
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_mention
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

ALTER TABLE audit_mention ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_mention FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_mention
    USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid);

REVOKE ALL ON audit_mention FROM imprimatur_app;
GRANT SELECT, INSERT ON audit_mention TO imprimatur_app;
GRANT USAGE, SELECT ON SEQUENCE audit_mention_id_seq TO imprimatur_app;
"""
_BACK = """
DROP TRIGGER audit_note_mentions ON audit_auditevent;
DROP FUNCTION audit_note_mentions();
DROP TRIGGER audit_no_change ON audit_mention;
DROP POLICY tenant_isolation ON audit_mention;
DROP FUNCTION audit_digests_in(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_ends_of_trails")]

    operations = [
        migrations.CreateModel(
            name="Mention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tenant_id", models.UUIDField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="audit.auditevent",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="mention",
            constraint=models.UniqueConstraint(fields=("tenant_id", "digest", "event"), name="audit_one_mention"),
        ),
        migrations.RunSQL(_FORWARD, _BACK),
    ]
