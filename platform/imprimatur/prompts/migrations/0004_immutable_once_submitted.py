"""A wording that somebody was asked to approve never changes: what was approved is what is drawn."""

from django.db import migrations

_FUNCTION = """
CREATE FUNCTION prompts_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a version starts as a draft, not as %', NEW.status USING ERRCODE = 'check_violation';
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
        'draft>submitted', 'submitted>approved', 'submitted>rejected', 'approved>retired'
    ]) THEN
        RAISE EXCEPTION 'a version that is % cannot become %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.status <> 'draft' AND ROW(NEW.tenant_id, NEW.template_id, NEW.number, NEW.text, NEW.variables, NEW.profile,
            NEW.author_id) IS DISTINCT FROM ROW(OLD.tenant_id, OLD.template_id, OLD.number, OLD.text, OLD.variables,
            OLD.profile, OLD.author_id) THEN
        RAISE EXCEPTION 'a version does not change once it was submitted' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prompts_guard BEFORE INSERT OR UPDATE OR DELETE ON prompts_templateversion
    FOR EACH ROW EXECUTE FUNCTION prompts_guard_version();
"""
_DROP = """
DROP TRIGGER prompts_guard ON prompts_templateversion;
DROP FUNCTION prompts_guard_version();
"""


class Migration(migrations.Migration):
    dependencies = [("prompts", "0003_decided_by_somebody")]

    operations = [migrations.RunSQL(_FUNCTION, _DROP)]
