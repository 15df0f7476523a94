"""The database's own opinion about serving: asked beside the policy, each time a released picture is handed out."""

from __future__ import annotations

import json
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from imprimatur.releases.models import Release
from imprimatur.tenants.errors import RightsRefused

RULE = "rights.guard"


def require_rights_in_database(release: Release, now: datetime) -> None:
    """RightsRefused where no record in force covers what the picture shows, or somebody reserved approval and did not
    give it, whatever the policy thought."""
    output, said = release.output, json.dumps(release.use)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT releases_rights_hold_for(%s, %s, true) AND releases_people_agree(%s, %s::jsonb, %s, true)",
            [output.generation_id, now, output.pk, said, now],
        )
        held = cursor.fetchone()[0]
    if not held:
        raise RightsRefused([{"rule_id": RULE, "sentence": _("No record in force covers this picture any more.")}])
