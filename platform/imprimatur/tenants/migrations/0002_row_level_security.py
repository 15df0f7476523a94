from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = row_level_security("tenants_membership", "tenants_apikey")
