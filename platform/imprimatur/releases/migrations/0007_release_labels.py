from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("releases", "0006_rights_at_release_and_serving")]

    operations = [migrations.AddField("release", "labels", models.JSONField(default=dict))]
