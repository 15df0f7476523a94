"""Each picture's watermark and hash, to recognise it without its manifest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0007_reliances")]

    operations = [
        migrations.AddField("output", "watermark_id", models.BigIntegerField(blank=True, db_index=True, null=True)),
        migrations.AddField("output", "dhash", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField(
            "output", "delivered_digest", models.CharField(blank=True, db_index=True, default="", max_length=64)
        ),
    ]
