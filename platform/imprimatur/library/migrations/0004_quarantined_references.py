from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0003_coach_thumbnails_and_ancestry")]

    operations = [
        migrations.AddField("referenceimage", "quarantined_at", models.DateTimeField(null=True, blank=True)),
    ]
