"""What arrives as JSON."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class ShallowJson(JSONParser):
    """DRF's own, which fails as if it were our fault where lists lie in lists by the thousand."""

    def parse(self, *said: Any, **more: Any) -> Any:
        """ParseError (400) for what is no JSON, or lies too deep."""
        try:
            return super().parse(*said, **more)
        except RecursionError as error:
            raise ParseError(_("The request could not be read.")) from error
