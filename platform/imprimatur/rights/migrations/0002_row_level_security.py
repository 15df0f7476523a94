from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("rights", "0001_initial")]

    operations = row_level_security("rights_consentrecord", "rights_trademarklicence")
