"""The verify desk and intake look pictures up by what lies in their pixels: mark, hash, delivered pixels. Ids only."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function

_FOUND = "TABLE (tenant_id uuid, output_id uuid)"
_RELEASED_FIRST = "LEFT JOIN releases_release r ON r.output_id = o.id WHERE {} ORDER BY (r.id IS NULL), o.created_at LIMIT 1"
_OF = "SELECT o.tenant_id, o.id FROM generations_output o " + _RELEASED_FIRST
_REFERENCE_OF_MARK = (
    "SELECT g.tenant_id, g.subject_reference_id FROM generations_output o "
    "JOIN generations_generation g ON g.id = o.generation_id WHERE o.watermark_id = mark LIMIT 1"
)
# How many of 64 bits differ; only pictures within `most` of them, nearest first, and no more than a few.
_LIKE = (
    "SELECT o.tenant_id, o.id, bit_count((o.dhash # hash)::bit(64))::int AS bits FROM generations_output o "
    "WHERE o.dhash IS NOT NULL AND bit_count((o.dhash # hash)::bit(64)) <= most ORDER BY bits, o.created_at LIMIT 5"
)


def _of_pixels(condition: str) -> migrations.RunSQL:
    return definer_function("output_of_pixels", "digest text", _FOUND, _OF.format(condition))


def _reversed(operation: migrations.RunSQL) -> migrations.RunSQL:
    return migrations.RunSQL(operation.reverse_sql, operation.sql)


class Migration(migrations.Migration):
    dependencies = [("releases", "0004_verify_lookups"), ("generations", "0008_marks_in_the_pixels")]

    operations = [
        _reversed(_of_pixels("o.pixel_digest = digest")),
        _of_pixels("o.pixel_digest = digest OR o.delivered_digest = digest"),
        definer_function("output_of_mark", "mark bigint", _FOUND, _OF.format("o.watermark_id = mark")),
        definer_function(
            "reference_of_mark", "mark bigint", "TABLE (tenant_id uuid, reference_id uuid)", _REFERENCE_OF_MARK
        ),
        definer_function(
            "outputs_like", "hash bigint, most int", "TABLE (tenant_id uuid, output_id uuid, bits int)", _LIKE
        ),
    ]
