from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_initial")]

    operations = row_level_security("generations_generation", "generations_output")
