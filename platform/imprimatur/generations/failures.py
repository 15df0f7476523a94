"""Why did it not work, and what can the person do? One sentence for each stable code."""

from __future__ import annotations

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from imprimatur.generations.models import Generation, GenerationState

RIGHTS_REFUSED: Final = "rights_refused"

SENTENCES: Final[dict[str, Promise]] = {
    RIGHTS_REFUSED: _("No right covers this picture any more. Ask a rights manager, then try again."),
    "worker_lost": _(
        "The drawing machine stopped three times while it drew this picture. Try again; if it happens again, ask "
        "your administrator to look at the machine."
    ),
    "worker_stopping": _("The drawing machine was switched off three times. Try again when it is back."),
    "permit_expired": _(
        "The picture waited too long for a drawing machine, three times. Try again when fewer pictures are waiting."
    ),
    "permit_refused": _(
        "The drawing machine does not trust this order. Ask your administrator to compare the permit keys."
    ),
    "dispatch_failed": _(
        "The order could not be made ready. Ask your administrator to look at the control worker's log."
    ),
    "reference_missing": _("The reference picture's file is gone. Upload it again, then ask for a new picture."),
    "reference_altered": _("The reference picture's file was changed after its upload. Upload it again."),
    "store_full": _("The picture store is full. Ask your administrator to make room, then try again."),
    "store_failed": _("The picture store could not be reached. Try again in a moment."),
    "order_invalid": _(
        "The drawing machine could not draw what was asked for. Change the dials or the words, then try again."
    ),
    "word_missing": _("The prompt does not contain the subject's word. Correct the template or the subject's word."),
    "not_finite": _("The drawing fell apart into noise. Try another seed or a lower guidance."),
    "out_of_memory": _(
        "The picture does not fit into the drawing machine's memory: choose a smaller one or fewer subjects, or ask "
        "your administrator."
    ),
    "model_missing": _("The drawing machine does not have this model. Ask your administrator to install its weights."),
    "stamp_failed": _(
        "The picture could not be stamped, so it was thrown away. Ask your administrator to check the signing key."
    ),
    "signer_away": _(
        "The stamping service could not be reached, three times. Try again; if it happens again, ask your "
        "administrator to look at the signer."
    ),
    "output_unverified": _("The stored picture is not the one that was reported, so it was thrown away. Try again."),
    "draw_failed": _(
        "The drawing machine met an error it does not know. Try again; if it stays, tell your administrator."
    ),
}


def sentence(row: Generation) -> str:
    """What to do, in the language of the request; '' as long as nothing went wrong."""
    if row.state not in (GenerationState.FAILED, GenerationState.REFUSED):
        return ""
    if row.reasons:
        return "\n".join(reason["sentence"] for reason in reasons(row))
    return str(SENTENCES.get(row.error_code, SENTENCES["draw_failed"]))


def reasons(row: Generation) -> list[dict[str, Any]]:
    """The rules that refused, each with its sentence in the language of the request."""
    column = "sentence_ja" if (get_language() or "en").startswith("ja") else "sentence"
    return [{"rule_id": r["rule_id"], "sentence": r[column]} for r in row.reasons]
