"""What can go wrong when a picture leaves the house or comes back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from imprimatur.tenants.errors import DomainError


class Withdrawn(DomainError):
    """The picture was released and has been withdrawn: it is served to nobody any more."""

    def __init__(self) -> None:
        super().__init__("withdrawn", _("This picture has been withdrawn: stop using it."), status=410)
