"""Why each picture looks as it does, as the worker accounted for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0010_guards_of_answers")]

    operations = [migrations.AddField("output", "explanation", models.JSONField(blank=True, default=dict))]
