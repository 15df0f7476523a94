"""What can go wrong when a picture leaves the house or comes back."""

from __future__ import annotations

from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from imprimatur.tenants.errors import DomainError


class Withdrawn(DomainError):
    """The picture was released and has been withdrawn: it is served to nobody any more."""

    def __init__(self, at: datetime) -> None:
        day = formats.date_format(timezone.localtime(at), "DATE_FORMAT")
        sentence = _("This picture was withdrawn on %(day)s: stop using it.") % {"day": day}
        super().__init__("withdrawn", sentence, status=410, withdrawn_at=at.isoformat())
