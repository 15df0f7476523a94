"""The public verify desk's narrow look-ups: they cross tenants and return ids only; the app then enters that scope."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function

# Policies of this app's own name: other apps open the same tables to the owner for their own reasons.
_OPENED = ("releases_release", "generations_output")
_FOUND = "TABLE (tenant_id uuid, output_id uuid)"
_INDEXES = """
CREATE INDEX releases_output_sha256 ON generations_output (sha256);
CREATE INDEX releases_output_pixels ON generations_output (pixel_digest);
"""
_DROP_INDEXES = "DROP INDEX releases_output_sha256, releases_output_pixels;"


def _open_to_owner(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE POLICY verify_lookup ON {table} FOR SELECT TO CURRENT_USER USING (true);",
        f"DROP POLICY verify_lookup ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("releases", "0003_two_standing_approvals"), ("tenants", "0003_roles_and_narrow_functions")]

    operations = [
        *(_open_to_owner(table) for table in _OPENED),
        migrations.RunSQL(_INDEXES, _DROP_INDEXES),
        definer_function(
            "output_of_file",
            "digest text",
            _FOUND,
            "SELECT r.tenant_id, r.output_id FROM releases_release r WHERE r.sha256 = digest "
            "UNION SELECT o.tenant_id, o.id FROM generations_output o WHERE o.sha256 = digest LIMIT 1",
        ),
        definer_function(
            "output_of_generation",
            "generation uuid",
            _FOUND,
            "SELECT o.tenant_id, o.id FROM generations_output o WHERE o.generation_id = generation",
        ),
        definer_function(
            "output_of_pixels",
            "digest text",
            _FOUND,
            "SELECT o.tenant_id, o.id FROM generations_output o LEFT JOIN releases_release r ON r.output_id = o.id "
            "WHERE o.pixel_digest = digest ORDER BY (r.id IS NULL), o.created_at LIMIT 1",
        ),
    ]
