from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("review", "0001_initial")]

    operations = row_level_security("review_claim", "review_decision", "review_comment")
