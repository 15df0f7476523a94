"""Which record does a picture rely on? One row for each, written by the database from the receipt.

The receipt is JSON; operators on JSON are not leakproof, so under row-level security no index answers for them.
Existing receipts are copied before the new table is guarded, as the owner, who may read every generation (0005).
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from imprimatur.tenants.rls import row_level_security

_FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO generations_reliance (id, created_at, tenant_id, generation_id, record)
SELECT gen_random_uuid(), now(), g.tenant_id, g.id, r.record
  FROM generations_generation g,
       LATERAL (SELECT DISTINCT line ->> 'record' AS record
                  FROM jsonb_array_elements(COALESCE(g.consent_receipt -> 'records', '[]')) line) r
 WHERE r.record IS NOT NULL;
SET CONSTRAINTS ALL DEFERRED;

CREATE FUNCTION generations_note_reliances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generations_reliance (id, created_at, tenant_id, generation_id, record)
    SELECT gen_random_uuid(), now(), NEW.tenant_id, NEW.id, r.record
      FROM (SELECT DISTINCT line ->> 'record' AS record
              FROM jsonb_array_elements(COALESCE(NEW.consent_receipt -> 'records', '[]')) line) r
     WHERE r.record IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER generations_note_reliances AFTER INSERT ON generations_generation
    FOR EACH ROW EXECUTE FUNCTION generations_note_reliances();
"""
_EMPTY = """
DROP TRIGGER generations_note_reliances ON generations_generation;
DROP FUNCTION generations_note_reliances();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0006_temporary_tables_last"),
        ("tenants", "0004_idempotent_answers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reliance",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("record", models.CharField(max_length=40)),
                (
                    "generation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reliances",
                        to="generations.generation",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.tenant"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="reliance",
            constraint=models.UniqueConstraint(
                fields=("tenant", "record", "generation"), name="one_reliance_per_record"
            ),
        ),
        migrations.AddIndex(
            model_name="output",
            index=models.Index(
                condition=models.Q(("quarantined_at__isnull", False)),
                fields=["tenant", "quarantined_at"],
                name="outputs_quarantined",
            ),
        ),
        migrations.RunSQL(_FILL, _EMPTY),
        *row_level_security("generations_reliance"),
    ]
