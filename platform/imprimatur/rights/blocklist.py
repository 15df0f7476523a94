"""The company's blocklist: words, marks and names that its prompts must not use, however they are written.

The gate asks it for every new picture, every decision and every release; templates are asked when they are submitted.
"""

from __future__ import annotations

import csv
import io
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from governance.blocklist import fold, matched_words
from imprimatur.audit.services import record as record_event
from imprimatur.rights.models import BlockedEntry
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, PersonRequired
from imprimatur.tenants.permissions import Permission

KINDS: Final = ("word", "mark", "name")
MAX_TEXT, MAX_NOTE, MAX_LINES, MAX_BYTES = 80, 200, 5000, 2**20


def entries() -> QuerySet[BlockedEntry]:
    """The tenant's blocklist by text."""
    return BlockedEntry.objects.select_related("created_by")


def hits(texts: Iterable[str]) -> tuple[str, ...]:
    """The blocked entries that any of the texts uses, as they stand in the list. Call inside the scope."""
    blocked = list(BlockedEntry.objects.values_list("text", flat=True))
    return tuple(dict.fromkeys(hit for text in texts for hit in matched_words(text, blocked)))


def add(actor: Actor, text: str, kind: str = "word", note: str = "") -> BlockedEntry:
    """Block one word, mark or name. InvalidInput for an empty one, Conflict for one that is there already."""
    _require_manager(actor)
    entry = _entry(actor, text, kind, note)
    if BlockedEntry.objects.filter(folded=entry.folded).exists():
        raise Conflict(_("“%(text)s” is on the blocklist already.") % {"text": entry.text}, code="blocked_already")
    entry.save(force_insert=True)
    record_event(actor.tenant_id, actor.label, "blocklist.added", entry.public_id, {"text": entry.text, "kind": kind})
    return entry


def remove(actor: Actor, entry: BlockedEntry) -> None:
    """Allow it again, from now on."""
    _require_manager(actor)
    public_id, text = entry.public_id, entry.text
    entry.delete()
    record_event(actor.tenant_id, actor.label, "blocklist.removed", public_id, {"text": text})


def import_csv(actor: Actor, data: bytes) -> tuple[int, int]:
    """Add lines of `text,kind,note` (UTF-8; a heading, kind and note may be missing). Returns added and already there.

    InvalidInput that names every wrong line; then nothing is added.
    """
    _require_manager(actor)
    found = list(_parsed(actor, _text_of(data)))
    known = set(BlockedEntry.objects.values_list("folded", flat=True))
    fresh = {entry.folded: entry for entry in found if entry.folded not in known}
    BlockedEntry.objects.bulk_create(fresh.values())
    facts = {"added": len(fresh), "there": len(found) - len(fresh)}
    record_event(actor.tenant_id, actor.label, "blocklist.imported", "", facts)
    return facts["added"], facts["there"]


def _parsed(actor: Actor, text: str) -> Iterator[BlockedEntry]:
    errors = []
    for number, line in enumerate(csv.reader(io.StringIO(text)), start=1):
        cells = [cell.strip() for cell in line]
        if not any(cells) or (number == 1 and cells[0].lower() == "text"):
            continue
        try:
            yield _entry(actor, *_cells(cells))
        except InvalidInput as error:
            said = {"n": number, "what": error.errors[0]["message"]}
            errors.append({"field": f"line {number}", "message": _("Line %(n)d: %(what)s") % said})
        if number > MAX_LINES:
            raise _invalid("file", _("The list has too many lines: 5,000 at most."))
    if errors:
        raise InvalidInput(errors=errors)


def _cells(cells: list[str]) -> tuple[str, str, str]:
    text, kind, note, *_more = [*cells, "", "", ""]
    return text, kind.lower() or "word", note


def _text_of(data: bytes) -> str:
    """UTF-8, with or without a byte order mark. InvalidInput for anything else."""
    if len(data) > MAX_BYTES:
        raise _invalid("file", _("The file is larger than 1 MB."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid("file", _("Save the list as CSV in UTF-8.")) from error


def _entry(actor: Actor, text: str, kind: str, note: str) -> BlockedEntry:
    clean, folded = " ".join(unicodedata.normalize("NFKC", text).split()), fold(text)
    if not folded or len(clean) > MAX_TEXT or len(folded) > 2 * MAX_TEXT:
        raise _invalid("text", _("Write a word of at most 80 characters with a letter or digit in it."))
    if kind not in KINDS:
        raise _invalid("kind", _("Say word, mark or name."))
    if len(note) > MAX_NOTE:
        raise _invalid("note", _("Keep the note under 200 characters."))
    owner = {"id": uuid.uuid4(), "tenant_id": actor.tenant_id, "created_by": actor.user}
    return BlockedEntry(text=clean, folded=folded, kind=kind, note=note.strip(), **owner)


def _require_manager(actor: Actor) -> None:
    actor.require(Permission.MANAGE_RIGHTS)
    if actor.user is None:
        raise PersonRequired


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
