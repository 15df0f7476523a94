from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0002_row_level_security")]

    operations = [
        migrations.AddField("generation", "permit_id", models.CharField(max_length=64, blank=True, default=""), preserve_default=False),
        migrations.AddField("generation", "reasons", models.JSONField(default=list)),
        migrations.AddField("generation", "lost_attempts", models.PositiveIntegerField(default=0)),
        migrations.AddField("generation", "notified_at", models.DateTimeField(null=True, blank=True)),
        migrations.AddField("output", "seconds", models.JSONField(default=dict)),
    ]
