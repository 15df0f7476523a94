"""Mails that are due are found in every company; a new record key seals them, too."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function, owner_reads, row_level_security

_DUE = """
    SELECT m.tenant_id, m.id FROM rights_mail m
     WHERE m.sent_at IS NULL AND m.given_up_at IS NULL AND m.next_at <= at ORDER BY m.next_at LIMIT 50
"""
_SEALED = """
    SELECT r.tenant_id FROM rights_consentrecord r WHERE r.sealed_contact <> ''
    UNION SELECT r.tenant_id FROM rights_trademarklicence r WHERE r.sealed_contact <> ''
    UNION SELECT l.tenant_id FROM rights_accesslink l WHERE l.sealed_note <> ''
    UNION SELECT c.tenant_id FROM rights_contactchange c WHERE c.sealed_contact <> ''
    UNION SELECT m.tenant_id FROM rights_mail m WHERE m.sealed <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0010_mails")]

    operations = [
        *row_level_security("rights_mail"),
        *owner_reads("rights_mail"),
        definer_function("rights_mails_due", "at timestamptz", "TABLE (tenant_id uuid, mail_id uuid)", _DUE.strip()),
        migrations.RunSQL("DROP FUNCTION rights_sealed();", migrations.RunSQL.noop),
        definer_function("rights_sealed", "", "SETOF uuid", _SEALED),
    ]
