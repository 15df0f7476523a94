"""What is a generation drawn from? One row for each reference of each subject, in the order of its spec.

The database writes the row of the first reference itself, and lets an attempt begin only when the rows name exactly
the files that the spec names: what the rights were asked about is what is drawn. Rows are never edited or taken away:
a withdrawal finds pictures by them. Existing generations, each of one reference, get their row before the table is
guarded, as the owner, who may read every generation (0005).
"""

from django.db import migrations

from imprimatur.tenants.rls import owner_reads, row_level_security

_FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO generations_drawnfrom (id, created_at, tenant_id, generation_id, reference_id, subject, view)
SELECT gen_random_uuid(), now(), g.tenant_id, g.id, g.subject_reference_id, 0, 0 FROM generations_generation g;
SET CONSTRAINTS ALL DEFERRED;

CREATE FUNCTION generations_note_first_reference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generations_drawnfrom (id, created_at, tenant_id, generation_id, reference_id, subject, view)
    VALUES (gen_random_uuid(), now(), NEW.tenant_id, NEW.id, NEW.subject_reference_id, 0, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER generations_note_first_reference AFTER INSERT ON generations_generation
    FOR EACH ROW EXECUTE FUNCTION generations_note_first_reference();

CREATE FUNCTION generations_guard_drawnfrom() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'what a picture is drawn from stays as it was asked for'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM generations_generation g
                    WHERE g.id = NEW.generation_id AND g.tenant_id = NEW.tenant_id AND g.attempt = 0)
       OR NOT EXISTS (SELECT 1 FROM library_referenceimage r
                       WHERE r.id = NEW.reference_id AND r.tenant_id = NEW.tenant_id) THEN
        RAISE EXCEPTION 'a picture is drawn from references of its own company, named before its first attempt'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER generations_guard_drawnfrom BEFORE INSERT OR UPDATE OR DELETE ON generations_drawnfrom
    FOR EACH ROW EXECUTE FUNCTION generations_guard_drawnfrom();

CREATE FUNCTION generations_guard_sources() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked bigint;
    there bigint;
    fitting bigint;
BEGIN
    SELECT count(*) INTO asked FROM (
        SELECT jsonb_array_elements(NEW.spec -> 'reference_digests')
        UNION ALL
        SELECT jsonb_array_elements(other -> 'reference_digests')
          FROM jsonb_array_elements(COALESCE(NEW.spec -> 'others', '[]')) other
    ) digests;
    SELECT count(*), count(*) FILTER (WHERE r.sha256 = CASE WHEN d.subject = 0
               THEN NEW.spec #>> ARRAY['reference_digests', d.view::text]
               ELSE NEW.spec #>> ARRAY['others', (d.subject - 1)::text, 'reference_digests', d.view::text] END)
      INTO there, fitting
      FROM generations_drawnfrom d JOIN library_referenceimage r ON r.id = d.reference_id
     WHERE d.generation_id = NEW.id;
    IF asked <> there OR there <> fitting THEN
        RAISE EXCEPTION 'a picture is drawn from exactly the references that its spec names'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER generations_guard_sources BEFORE UPDATE OF attempt ON generations_generation
    FOR EACH ROW WHEN (NEW.attempt > OLD.attempt) EXECUTE FUNCTION generations_guard_sources();
"""
_EMPTY = """
DROP TRIGGER generations_guard_sources ON generations_generation;
DROP FUNCTION generations_guard_sources();
DROP TRIGGER generations_guard_drawnfrom ON generations_drawnfrom;
DROP FUNCTION generations_guard_drawnfrom();
DROP TRIGGER generations_note_first_reference ON generations_generation;
DROP FUNCTION generations_note_first_reference();
"""


class Migration(migrations.Migration):
    dependencies = [("generations", "0012_drawn_from_several_references")]

    operations = [
        migrations.RunSQL(_FILL, _EMPTY),
        *row_level_security("generations_drawnfrom"),
        *owner_reads("generations_drawnfrom"),
    ]
