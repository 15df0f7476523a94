"""What can go wrong, in words a person can act on. Pages show the sentence, the API answers problem+json."""

from __future__ import annotations

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise

_NOT_PERMITTED: Final = _("Your role does not allow this.")
_NOT_FOUND: Final = _("There is no such thing here.")
_INVALID: Final = _("Please correct what is marked.")


class DomainError(Exception):
    """A rule of the product says no. `code` is stable, `message` a translated sentence, `params` facts for machines."""

    def __init__(self, code: str, message: Sentence, status: int = 400, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status
        self.params = params

    def __str__(self) -> str:
        return str(self.message)


class NotPermitted(DomainError):
    """The actor's roles (or the key's scopes) do not allow this."""

    def __init__(self, message: Sentence = _NOT_PERMITTED, code: str = "not_permitted") -> None:
        super().__init__(code, message, 403)


class PersonRequired(DomainError):
    """Only a signed-in person may do this, never an API key."""

    def __init__(self) -> None:
        sentence = _("Only a signed-in person can do this, not an API key.")
        super().__init__("person_required", sentence, 403)


class NotFound(DomainError):
    """There is no such thing in this tenant."""

    def __init__(self, message: Sentence = _NOT_FOUND, code: str = "not_found") -> None:
        super().__init__(code, message, 404)


class LinkUnknown(DomainError):
    """The address of a link is none of ours: mistyped, cut off or made up."""

    def __init__(self) -> None:
        super().__init__("link_unknown", _("This link is not complete. Open it from the message you got."), 404)


class LinkOver(DomainError):
    """The link was ours and has ended."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__("link_over", sentence, 410)


class Conflict(DomainError):
    """The thing is in a state that does not allow this."""

    def __init__(self, message: Sentence, code: str = "conflict", **params: Any) -> None:
        super().__init__(code, message, 409, **params)


class InvalidInput(DomainError):
    """What was sent is wrong. `errors`: [{"field": "email", "message": sentence}, ...]."""

    def __init__(
        self,
        message: Sentence = _INVALID,
        *,
        errors: list[dict[str, Any]] | None = None,
        code: str = "invalid_input",
    ) -> None:
        super().__init__(code, message, 422)
        self.errors = errors or []


class RightsRefused(DomainError):
    """No right covers this. `reasons`: [{"rule_id": ..., "sentence": ...}, ...]; the first one is the message."""

    def __init__(self, reasons: list[dict[str, Any]]) -> None:
        sentence = reasons[0]["sentence"] if reasons else _("No right covers this.")
        super().__init__("rights_refused", sentence, 403, reasons=reasons)
        self.reasons = reasons
