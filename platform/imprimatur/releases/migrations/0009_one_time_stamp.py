"""A released row takes one change beside its withdrawal: the same picture's file with a time stamp, once."""

from django.db import migrations

_FIXED = "id, tenant_id, output_id, mime, use, labels, released_by_id"


def _row(name: str, fields: str) -> str:
    return ", ".join(f"{name}.{field.strip()}" for field in fields.split(","))


def _guard(condition: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION releases_guard_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a release is never deleted: withdraw it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF {condition} THEN
        RAISE EXCEPTION 'a release is never edited: it can only be withdrawn, once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


_FILE = "object_key, sha256, first_sha256, time_stamped_at"
_WITHDRAWN_ONCE = (
    "NEW.withdrawn_at IS NOT NULL AND "
    f"({_row('NEW', _FILE)}) IS NOT DISTINCT FROM ({_row('OLD', _FILE)})"
)
_STAMPED_ONCE = (
    "NEW.withdrawn_at IS NULL AND OLD.time_stamped_at IS NULL AND NEW.time_stamped_at IS NOT NULL "
    "AND NEW.first_sha256 = OLD.sha256 AND NEW.sha256 <> OLD.sha256"
)
_NOW = (
    f"OLD.withdrawn_at IS NOT NULL OR ({_row('NEW', _FIXED)}) IS DISTINCT FROM ({_row('OLD', _FIXED)}) "
    f"OR NOT (({_WITHDRAWN_ONCE}) OR ({_STAMPED_ONCE}))"
)
_BEFORE_FIELDS = "id, tenant_id, output_id, object_key, sha256, mime, use, released_by_id"
_BEFORE = (
    "OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL "
    f"OR ({_row('NEW', _BEFORE_FIELDS)}) IS DISTINCT FROM ({_row('OLD', _BEFORE_FIELDS)})"
)


class Migration(migrations.Migration):
    dependencies = [("releases", "0008_time_stamps")]

    operations = [migrations.RunSQL(_guard(_NOW), _guard(_BEFORE))]
