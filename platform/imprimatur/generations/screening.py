"""Is there something about this picture that a rights manager should see before anybody reviews it?

Asked when the report comes in. A face where nobody asked for a person; a picture that is nearer to somebody else's
reference than to its own. What is noticed holds the picture from review until a rights manager clears or quarantines
it. The limits are those of the detector (`library.faces`) and of a 64-bit hash (`governance.fingerprint`): it sees near
copies of a whole picture in place of its own subject, not a borrowed detail.
"""

from __future__ import annotations

import io
import logging
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import cv2
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image

from governance.blocklist import matched_words
from governance.fingerprint import DISTINCT_FROM, SAME_AT_MOST, distance
from governance.recognise import ALL_BITS
from imprimatur import objects
from imprimatur.audit import services as audit
from imprimatur.generations.models import Generation, Output, Screening
from imprimatur.library import faces
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted
from imprimatur.tenants.models import Membership
from imprimatur.tenants.permissions import Permission, Role

logger = logging.getLogger(__name__)

FACE, NEARER, NOT_SCREENED = "unasked_face", "nearer_to_another", "not_screened"
SENTENCES: Final[dict[str, Promise]] = {
    FACE: _("A face was found, and nobody asked for a person."),
    NEARER: _("It looks more like another reference of yours than like its own."),
    NOT_SCREENED: _("It could not be looked at by itself, so somebody has to."),
}
QUARANTINE_REASON: Final = "screening"  # no right that fell away: nothing lifts it by itself
MAX_NOTE: Final = 300
PERSON_WORDS: Final = (
    *("person", "people", "man", "men", "woman", "women", "boy", "boys", "girl", "girls", "child", "children", "model"),
    *("face", "faces", "portrait", "friend", "friends", "family", "crowd", "figure", "人", "人物", "顔"),
)


def screen(output: Output) -> Screening | None:
    """Look at a picture that has just been recorded; None where nothing was noticed. Call inside the scope."""
    findings = list(_findings(output))
    if not findings:
        return None
    row = Screening.objects.create(tenant_id=output.tenant_id, output=output, findings=findings)
    codes = [finding["code"] for finding in findings]
    audit.record(output.tenant_id, "system", "output.held", output.public_id, {"findings": codes})
    return row


def held() -> QuerySet[Screening]:
    """What waits for a rights manager, oldest first."""
    waiting = Screening.objects.filter(cleared_at=None, output__quarantined_at=None)
    return waiting.select_related("output__generation__subject_reference__subject").order_by("created_at")


def clear(actor: Actor, row: Screening, note: str = "") -> Screening:
    """A rights manager has looked and found nothing: the picture goes on to review. Never whoever asked for it."""
    generation = row.output.generation
    if actor.user is not None and actor.user.pk in (generation.requested_by_id, *generation.retried_by):
        raise NotPermitted(_("You asked for this picture: another rights manager looks at it."))
    return _decide(actor, row, note, "output.cleared")


def quarantine(actor: Actor, row: Screening, note: str) -> Screening:
    """A rights manager has looked: the picture is shown to nobody. The note says why."""
    if not note.strip():
        raise InvalidInput(errors=[{"field": "note", "message": _("Say what is wrong with the picture.")}])
    decided = _decide(actor, row, note, "output.quarantined")
    reason = {"quarantined_at": decided.cleared_at, "quarantine_reason": QUARANTINE_REASON}
    Output.objects.filter(pk=row.output_id, quarantined_at=None).update(**reason)
    return decided


def sentences(row: Screening) -> list[str]:
    """What was noticed, in the language of the request."""
    return [str(SENTENCES.get(finding["code"], finding["code"])) for finding in row.findings]


def _decide(actor: Actor, row: Screening, note: str, event: str) -> Screening:
    actor.require(Permission.MANAGE_RIGHTS)
    person = actor.require_person()
    if len(note) > MAX_NOTE:
        raise InvalidInput(errors=[{"field": "note", "message": _("Keep the note under 300 characters.")}])
    current = Screening.objects.select_for_update(of=("self",)).select_related("output").get(pk=row.pk)
    if not current.holds:
        raise Conflict(_("Somebody has decided about this picture already."), code="screening_decided")
    now: datetime = timezone.now()
    current.cleared_at, current.decided_by, current.note = now, person, note.strip()
    current.save(update_fields=["cleared_at", "decided_by", "note"])
    audit.record(actor.tenant_id, actor.label, event, current.output.public_id, {"screening": current.public_id})
    return current


def _findings(output: Output) -> Iterator[dict[str, Any]]:
    generation = output.generation
    if not _asks_for_a_person(generation):
        found = _faces_in(output)
        if found is None:
            yield {"code": NOT_SCREENED, "params": {}}
        elif found:
            yield {"code": FACE, "params": {"faces": found}}
    nearer = _nearer_reference(output, generation.references)
    if nearer is not None:
        yield {"code": NEARER, "params": {"reference": nearer.public_id}}


def _faces_in(output: Output) -> int | None:
    """None where the picture could not be looked at: then a person has to."""
    try:
        return faces.count(Image.open(io.BytesIO(objects.get(output.object_key, output.sha256))))
    except (OSError, RuntimeError, cv2.error):
        logger.exception("%s: the picture could not be screened", output.public_id)
        return None


def _asks_for_a_person(generation: Generation) -> bool:
    """A reference that shows somebody, or whose face a rights manager has explained, or a prompt that names people.

    Whoever wants the picture may explain a face at upload; that alone lets no face through unseen.
    """
    links = (link for reference in generation.references for link in reference.ancestry)
    shown = any(link.shows_person or (link.faces and _is_manager(link.explained_by_id)) for link in links)
    return shown or bool(matched_words(str(generation.spec["prompt"]), PERSON_WORDS))


def _is_manager(user_id: uuid.UUID | None) -> bool:
    return Membership.objects.filter(user=user_id, roles__contains=[Role.RIGHTS_MANAGER]).exists()


def _nearer_reference(output: Output, own: Sequence[ReferenceImage]) -> ReferenceImage | None:
    """Another subject's reference that the picture all but repeats, while it is farther from all of its own."""
    if output.dhash is None:
        return None
    seen = output.dhash % ALL_BITS
    own_ids = {link.pk for reference in own for link in reference.ancestry}
    subjects = {reference.subject_id for reference in own}
    others = ReferenceImage.objects.exclude(pk__in=own_ids).exclude(subject_id__in=subjects).exclude(dhash=None)
    near = [(distance(seen, (other.dhash or 0) % ALL_BITS), other) for other in others.only("pk", "dhash", "tenant_id")]
    bits, nearest = min(near, key=lambda pair: pair[0], default=(DISTINCT_FROM, None))
    known = [reference.dhash for reference in own if reference.dhash is not None]
    own_bits = min((distance(seen, dhash % ALL_BITS) for dhash in known), default=DISTINCT_FROM)
    return nearest if bits <= SAME_AT_MOST and own_bits >= DISTINCT_FROM else None
