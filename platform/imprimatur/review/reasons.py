"""Why a picture goes back or is rejected: codes that never change, labels in the reader's language, keys 1 to 9."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OTHER: Final = "other"

REASONS: Final[dict[str, Promise]] = {
    "likeness": _("The subject does not look like itself"),
    "prompt": _("The words were not obeyed"),
    "anatomy": _("Shape, hands or face are wrong"),
    "artefacts": _("Visible artefacts or poor quality"),
    "composition": _("Composition or crop does not work"),
    "brand": _("Against the brand's rules"),
    "marks": _("Wrong or foreign marks or lettering"),
    "sensitive": _("Unsuitable or misleading content"),
    OTHER: _("Another reason (say which in the note)"),
}
