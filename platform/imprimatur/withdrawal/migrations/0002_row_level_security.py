from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("withdrawal", "0001_initial")]

    operations = row_level_security(
        "withdrawal_withdrawal", "withdrawal_reached", "withdrawal_recipient", "withdrawal_notice"
    )
