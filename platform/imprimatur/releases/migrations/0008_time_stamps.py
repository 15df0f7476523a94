"""A release's file may be replaced once, by the same picture with a time stamp; the former file stays known."""

from django.db import migrations, models

from imprimatur.tenants.rls import definer_function

_FOUND = "TABLE (tenant_id uuid, output_id uuid)"
_OUTPUTS = "UNION SELECT o.tenant_id, o.id FROM generations_output o WHERE o.sha256 = digest LIMIT 1"
_OF_FILE = "SELECT r.tenant_id, r.output_id FROM releases_release r WHERE r.sha256 = digest " + _OUTPUTS
_OF_FILE_NOW = (
    "SELECT r.tenant_id, r.output_id FROM releases_release r WHERE r.sha256 = digest OR r.first_sha256 = digest "
    + _OUTPUTS
)
_UNSTAMPED = (
    "SELECT r.tenant_id, r.id FROM releases_release r "
    "WHERE r.time_stamped_at IS NULL AND r.withdrawn_at IS NULL ORDER BY r.created_at LIMIT most"
)


def _of_file(body: str) -> migrations.RunSQL:
    return definer_function("output_of_file", "digest text", _FOUND, body)


def _reversed(operation: migrations.RunSQL) -> migrations.RunSQL:
    return migrations.RunSQL(operation.reverse_sql, operation.sql)


class Migration(migrations.Migration):
    dependencies = [("releases", "0007_release_labels")]

    operations = [
        migrations.AddField("release", "time_stamped_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "release", "first_sha256", models.CharField(blank=True, db_index=True, default="", max_length=64)
        ),
        _reversed(_of_file(_OF_FILE)),
        _of_file(_OF_FILE_NOW),
        definer_function(
            "releases_unstamped", "most int", "TABLE (tenant_id uuid, release_id uuid)", _UNSTAMPED
        ),
    ]
