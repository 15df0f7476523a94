"""What is a generation drawn from? One row for each reference of each subject; filled and guarded by the next migration.

The table comes alone: a foreign key is checked against rows that the owner may not see, once row-level security holds.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models


def _to(model: str, related_name: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=related_name, to=model)


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0011_explanations"),
        ("library", "0006_guard_mark_pictures"),
        ("tenants", "0004_idempotent_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="DrawnFrom",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("subject", models.PositiveSmallIntegerField()),
                ("view", models.PositiveSmallIntegerField()),
                ("generation", _to("generations.generation", "drawn_from")),
                ("reference", _to("library.referenceimage", "drawn")),
                ("tenant", _to("tenants.tenant", "+")),
            ],
            options={"ordering": ["subject", "view"]},
        ),
        migrations.AddConstraint(
            model_name="drawnfrom",
            constraint=models.UniqueConstraint(
                fields=("tenant", "generation", "subject", "view"), name="one_reference_per_view"
            ),
        ),
    ]
