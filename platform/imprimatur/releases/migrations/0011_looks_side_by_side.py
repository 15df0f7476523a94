"""Pictures that look alike are found by reading their hashes and nothing else.

A copy that was cropped or turned differs in up to 24 of 64 bits. Split into four parts of 16, one part of it differs in
at most six, and a part has 14,893 such neighbours among its 65,536 values: an index of parts would be asked for a
quarter of all rows four times over. So every hash is looked at; but they lie together in one index, with what the
function returns, instead of among prompts, scores and explanations.
"""

from django.db import migrations

_CREATE = """
CREATE INDEX outputs_by_look ON generations_output (dhash) INCLUDE (tenant_id, id, created_at) WHERE dhash IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("releases", "0010_every_reference_of_a_picture"), ("generations", "0008_marks_in_the_pixels")]

    operations = [migrations.RunSQL(_CREATE, "DROP INDEX outputs_by_look;")]
