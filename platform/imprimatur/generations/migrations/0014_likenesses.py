"""How like a picture is to each of its references, beside the mean over all. Older pictures have none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0013_guards_of_what_is_drawn_from")]

    operations = [migrations.AddField("output", "likenesses", models.JSONField(blank=True, default=list))]
