from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("prompts", "0001_initial")]

    operations = row_level_security("prompts_prompttemplate", "prompts_templateversion")
