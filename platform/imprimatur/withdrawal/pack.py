"""The takedown pack: what somebody who must take pictures down needs, signed, without showing anybody's face.

A zip: `notice.json` (canonical JSON) with `notice.sig.json` beside it, `files.csv` of every file by its digest and its
marks, `went_to.csv` of whoever has one, `contacts.csv`, and what to do in two languages. The pictures themselves are
added only when a rights manager asks for them.
"""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from governance.canonical import canonical_json, sha256_hex, utc_text
from imprimatur import keys, objects
from imprimatur.audit import services as audit
from imprimatur.generations.quarantine import SYSTEM
from imprimatur.releases.models import Release
from imprimatur.rights.models import RightRecord
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, NotFound
from imprimatur.tenants.models import Membership, Tenant, User
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.withdrawal import selectors
from imprimatur.withdrawal.models import Cause, Reached, Withdrawal

MAX_PICTURES: Final = 200  # in one pack with pictures; it is made while somebody waits
NOTICE_SCHEMA: Final = "imprimatur.quarantine-notice/1"
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # in full width too
_FILE_COLUMNS: Final = (
    "output",
    "file",
    "sha256",
    "pixel_digest",
    "watermark_id",
    "dhash",
    "stood",
    "rules",
    "release",
    "channel",
    "territory",
    "purpose",
    "shown_again_at",
)


def write(row: Withdrawal, record: RightRecord, now: datetime) -> None:
    """Store the pack of a withdrawal that reached something; a later one replaces it. The caller saves the row."""
    found = list(selectors.reached(row))
    if row.cause == Cause.RESTORED or not found:
        return
    data = _zip(_members(row, record, found, now))
    row.pack_key = f"tenants/{row.tenant_id}/withdrawals/{row.id}/takedown-{sha256_hex(data)[:16]}.zip"
    row.pack_sha256 = objects.put(row.pack_key, data, "application/zip")
    facts = {"sha256": row.pack_sha256, "files": len(found)}
    audit.record(row.tenant_id, SYSTEM, "withdrawal.packed", row.public_id, facts)


def content(actor: Actor, row: Withdrawal, *, pictures: bool = False) -> bytes:
    """The pack, for rights managers; that they took it is recorded. `pictures`: with the released files in it.

    NotFound before it is written; Conflict for more than MAX_PICTURES pictures. Those need a person.
    """
    actor.require(Permission.MANAGE_RIGHTS)
    if not row.pack_key:
        raise NotFound(_("There is no takedown pack: nothing that was made had to be taken out of sight."))
    data = objects.get(row.pack_key, row.pack_sha256)
    if pictures:
        actor.require_person()
        data = _with_pictures(data, _released(selectors.reached(row)))
    facts = {"sha256": row.pack_sha256, "with_pictures": pictures}
    audit.record(actor.tenant_id, actor.label, "withdrawal.pack_taken", row.public_id, facts)
    return data


def _members(row: Withdrawal, record: RightRecord, found: list[Reached], now: datetime) -> dict[str, bytes]:
    releases = _released(found)
    files = [line for item in found for line in _file_lines(item)]
    contacts = _contacts()
    notice = _notice(row, record, found, now) | {"files": len(files), "contacts": [c[1] for c in contacts]}
    body = canonical_json(notice)
    return {
        "notice.json": body,
        "notice.sig.json": canonical_json(_signature(body)),
        "files.csv": _csv(_FILE_COLUMNS, files),
        "went_to.csv": _csv(("release", "how", "who", "address"), _went_to(releases)),
        "contacts.csv": _csv(("name", "address"), contacts),
        "README.txt": _what_to_do("en"),
        "README.ja.txt": _what_to_do("ja"),
    }


def _notice(row: Withdrawal, record: RightRecord, found: list[Reached], now: datetime) -> dict[str, Any]:
    """Nothing personal: the record by its opaque id and digest, not its title, not the reason in a person's words."""
    return {
        "schema": NOTICE_SCHEMA,
        "company": Tenant.objects.get(pk=row.tenant_id).name,
        "withdrawal": row.public_id,
        "record": record.public_id,
        "terms_digest": record.terms_digest,
        "cause": row.cause,
        "fell_at": utc_text(row.created_at),
        "written_at": utc_text(now),
        "audit_head": audit.head(row.tenant_id),
        "outputs": [_listed(item) for item in found],
        "demand": "Stop using these pictures, delete every copy, and confirm it to the contacts.",
    }


def _listed(item: Reached) -> dict[str, str]:
    listed = {"id": item.output.public_id, "sha256": item.output.sha256, "pixel_digest": item.output.pixel_digest}
    if item.release is not None:
        listed |= {"release": item.release.public_id, "release_sha256": item.release.sha256}
    return listed


def _signature(body: bytes) -> dict[str, str]:
    """Over the bytes of `notice.json`, with the chain that signs our pictures (ECDSA as raw r||s)."""
    signer = keys.platform_signer()
    return {
        "algorithm": signer.algorithm,
        "signature": base64.b64encode(signer.sign(body)).decode(),
        "certificates": signer.chain_pem,
        "sha256": sha256_hex(body),
    }


def _file_lines(item: Reached) -> list[tuple[Any, ...]]:
    """The drawn file, and the released one where there is one."""
    output, release = item.output, item.release
    shown_again = utc_text(item.lifted_at) if item.lifted_at else ""
    shared = (output.pixel_digest, _mark(output.watermark_id), _mark(output.dhash), item.was, item.rules)
    lines: list[tuple[Any, ...]] = [
        (output.public_id, "drawn", output.sha256, *shared, "", "", "", "", shown_again),
    ]
    if release is not None:
        use = tuple(release.use.get(name, "") for name in ("channel", "territory", "purpose"))
        # A time stamp makes a second file of a release; whoever was quick holds the first.
        for digest in filter(None, (release.sha256, release.first_sha256)):
            lines.append((output.public_id, "released", digest, *shared, release.public_id, *use, shown_again))
    return lines


def _mark(value: int | None) -> str:
    """As 64 bits, in hexadecimal; empty where there is none."""
    return "" if value is None else f"{value % (1 << 64):016x}"


def _released(found: Iterable[Reached]) -> list[Release]:
    return [item.release for item in found if item.release is not None]


def _went_to(releases: Sequence[Release]) -> list[tuple[str, str, str, str]]:
    named = [(r.release.public_id, "named", r.name, r.email) for r in selectors.recipients(releases)]
    people = selectors.downloads(releases).people.items()
    took = [(release, "downloaded", str(person), person.email) for person, taken in people for release in sorted(taken)]
    return sorted(named + took)


def _contacts() -> list[tuple[str, str]]:
    return [(str(person), person.email) for person in managers()]


def managers() -> list[User]:
    """The company's rights managers."""
    rows = Membership.objects.filter(roles__contains=[Role.RIGHTS_MANAGER], user__is_active=True)
    return [row.user for row in rows.select_related("user").order_by("created_at")]


def _what_to_do(language: str) -> bytes:
    with override(language):
        text = _(
            "A right to these pictures has fallen away.\n\n"
            "1. Stop using every file listed in files.csv, whatever its name or size: sha256 finds exact copies.\n"
            "2. Copies that were resized or saved again can be checked at %(address)s.\n"
            "3. Delete them, and confirm it to a person in contacts.csv.\n\n"
            "notice.json is signed: notice.sig.json holds the signature over its bytes and the certificates.\n"
        )
        return (text % {"address": f"{settings.PUBLIC_URL}/verify"}).encode()


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """With a byte order mark: spreadsheets then read Japanese names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _harmless(cell: Any) -> str:
    """A cell that a spreadsheet would take for a formula is told to be text."""
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _zip(members: dict[str, bytes]) -> bytes:
    """The same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _with_pictures(data: bytes, releases: list[Release]) -> bytes:
    if len(releases) > MAX_PICTURES:
        sentence = _("There are more than %(limit)d released pictures: take them by their digests instead.")
        raise Conflict(sentence % {"limit": MAX_PICTURES}, code="too_many_pictures")
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for release in releases:
            name = f"pictures/{release.public_id}.{release.mime.rpartition('/')[2]}"
            archive.writestr(name, objects.get(release.object_key, release.sha256))
    return buffer.getvalue()
