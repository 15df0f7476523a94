from django.db import migrations

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):
    dependencies = [("library", "0005_faces_and_marks")]

    operations = row_level_security("library_markpicture")
