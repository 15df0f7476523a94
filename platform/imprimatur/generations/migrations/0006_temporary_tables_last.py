"""The dispatcher's functions look for tables in the temporary schema last.

A search path that does not name `pg_temp` is searched there first, so a session that may make temporary tables could
put one of the same name before the real one, and have it read by a function that runs as the owner.
"""

from django.db import migrations

_FUNCTIONS = ("generations_waiting(int)", "generations_in_flight()", "generations_lapsed(timestamptz)")


def _search(path: str) -> str:
    return "".join(f"ALTER FUNCTION {function} SET search_path = {path};\n" for function in _FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("generations", "0005_dispatch_lookups")]

    operations = [migrations.RunSQL(_search("pg_catalog, public, pg_temp"), _search("pg_catalog, public"))]
