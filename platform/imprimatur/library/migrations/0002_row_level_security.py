from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]

    operations = row_level_security("library_brand", "library_subject", "library_referenceimage")
