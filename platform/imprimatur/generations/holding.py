"""Hold the records a picture relies on as they are, until the transaction ends.

Whoever asks the gate and then writes (a report, a decision, a release) holds them first: a revocation waits for that
transaction, and what it wrote is found by the withdrawal. Nothing can slip in between the answer and the commit.
"""

from __future__ import annotations

import uuid
from typing import Final

from django.db import connection

from imprimatur.generations.models import Generation
from imprimatur.rights.models import ConsentRecord, RightRecord, TrademarkLicence
from imprimatur.tenants.ids import decode

_KINDS: Final[tuple[type[RightRecord], ...]] = (ConsentRecord, TrademarkLicence)


def hold_records(row: Generation) -> None:
    """Shared locks on every record of the row's receipt; others may hold them too, nobody may change them."""
    for kind in _KINDS:
        ids = _ids(row, kind.PREFIX)
        if ids:
            with connection.cursor() as cursor:
                table = connection.ops.quote_name(kind._meta.db_table)
                cursor.execute(f"SELECT 1 FROM {table} WHERE id = ANY(%s) ORDER BY id FOR SHARE", [ids])  # noqa: S608


def _ids(row: Generation, prefix: str) -> list[uuid.UUID]:
    named = [str(line["record"]) for line in row.consent_receipt.get("records", ())]
    return [decode(prefix, record) for record in named if record.startswith(f"{prefix}_")]
