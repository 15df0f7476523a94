"""What every form shares: a domain error finds its way back to the field it is about."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

from django import forms

from imprimatur.tenants.errors import DomainError, InvalidInput


class PlainForm(forms.Form):
    """A form without surprises. Texts are NFKC: full-width digits and half-width kana mean what they look like.

    as_typed: fields of which not a stroke is changed.
    """

    as_typed: ClassVar[frozenset[str]] = frozenset()
    use_required_attribute = False

    def clean(self) -> dict[str, object]:
        """Normalise what was typed."""
        cleaned = super().clean() or {}
        for name, value in cleaned.items():
            if isinstance(value, str) and name not in self.as_typed:
                cleaned[name] = unicodedata.normalize("NFKC", value).strip()
        return cleaned

    def explain(self, error: DomainError) -> None:
        """Put the sentences of a service's refusal beside their fields, or on top of the form."""
        if not isinstance(error, InvalidInput) or not error.errors:
            self.add_error(None, str(error))
            return
        for item in error.errors:
            field = str(item.get("field", "")).split(".")[-1]
            self.add_error(field if field in self.fields else None, str(item["message"]))
