"""In which tenants a right ran out and nobody marked it: ids only, for the process that marks them."""

from django.db import migrations

from imprimatur.tenants.rls import definer_function, owner_reads

_RUN_OUT = """
    SELECT r.tenant_id FROM rights_consentrecord r WHERE r.status IN ('active', 'suspended') AND r.valid_until <= at
    UNION
    SELECT r.tenant_id FROM rights_trademarklicence r WHERE r.status IN ('active', 'suspended') AND r.valid_until <= at
"""


class Migration(migrations.Migration):
    dependencies = [
        ("rights", "0004_frozen_terms_and_transitions"),
        ("tenants", "0003_roles_and_narrow_functions"),
    ]

    operations = [
        *owner_reads("rights_consentrecord", "rights_trademarklicence"),
        definer_function("rights_run_out", "at timestamptz", "SETOF uuid", _RUN_OUT),
    ]
