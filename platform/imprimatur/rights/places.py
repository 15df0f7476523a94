"""Where a record counts, and where a picture is used, is written as codes of places that there are; an unknown one is
named, with what was meant."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from governance.territories import meant, unknown
from imprimatur.rights.versions import Terms
from imprimatur.tenants.errors import InvalidInput

FIELDS: Final = ("territories", "excluded_territories")


def require_known_places(said: Terms | dict[str, Any], before: Terms | None = None) -> None:
    """InvalidInput that names each place there is not. What stood in the terms `before` stays as it was agreed."""
    errors = [
        {"field": field, "message": _sentence(code)}
        for field in FIELDS
        for code in unknown(set(_of(said, field)) - set(getattr(before, field, ())))
    ]
    if errors:
        raise InvalidInput(errors=errors, code="unknown_territory")


def require_known_place(code: str) -> None:
    """InvalidInput where a picture is to be used at no place; said nothing, the policy asks when it has to know."""
    if unknown([code] if code else []):
        raise InvalidInput(errors=[{"field": "use.territory", "message": _sentence(code)}], code="unknown_territory")


def _of(said: Terms | dict[str, Any], field: str) -> list[str]:
    return list(said.get(field, ()) if isinstance(said, dict) else getattr(said, field))


def _sentence(code: str) -> str:
    facts = {"code": code, "meant": meant(code)}
    if facts["meant"]:
        return _("“%(code)s” is no place we know: write %(meant)s.") % facts
    return (
        _("“%(code)s” is no place we know: write an ISO 3166 code such as JP or US-NY, EU, or * for everywhere.")
        % facts
    )
