"""Where events go, and which ones: everything, whole families, or single kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.dashboard.words import EVENT_FAMILIES, EVENTS

ALL: Final = "all"
SOME: Final = "some"
_SINGLE: Final = list(EVENTS.items())
_WHOLE: Final = [(f"{family}.*", label) for family, label in EVENT_FAMILIES.items()]
_KNOWN: Final = frozenset(code for code, _label in (*_WHOLE, *_SINGLE))


@dataclass(frozen=True)
class Family:
    """Kinds that belong together. whole: the code of all of them, those that come later, too."""

    whole: str
    label: str | Promise
    kinds: list[tuple[str, str | Promise]]
    chosen: int


class EventsForm(PlainForm):
    """Which events. others: kinds that were chosen over the API and that this page has no word for; they are kept."""

    scope = forms.ChoiceField(
        label=_("Which events"),
        choices=[(ALL, _("Everything, also kinds that come later")), (SOME, _("Only what I choose"))],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    kinds = forms.MultipleChoiceField(label=_("Kinds of events"), required=False)

    def __init__(self, *args: Any, present: list[str] | None = None, **kwargs: Any) -> None:
        """present: the kinds that are told now."""
        now = present or []
        super().__init__(*args, **kwargs)
        self.initial = {"scope": SOME if now else ALL, "kinds": now}
        self.others = [kind for kind in now if kind not in _KNOWN]
        field = self.fields["kinds"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - declared above
        field.choices = [*_WHOLE, *_SINGLE, *((kind, kind) for kind in self.others)]

    @property
    def chosen(self) -> list[str]:
        """What is ticked."""
        return list(self["kinds"].value() or [])

    @property
    def families(self) -> list[Family]:
        """Every family with its kinds."""
        return [_family(name, label, set(self.chosen)) for name, label in EVENT_FAMILIES.items()]

    def clean(self) -> dict[str, object]:
        """Somebody who wants some of them names one."""
        cleaned = super().clean()
        if cleaned.get("scope") == SOME and not cleaned.get("kinds"):
            self.add_error("kinds", _("Choose at least one kind, or everything."))
        return cleaned

    def events(self) -> list[str]:
        """For the service: [] is everything. A kind that its family covers need not be named."""
        said = self.cleaned_data
        if said["scope"] == ALL:
            return []
        whole = tuple(kind[:-1] for kind in said["kinds"] if kind.endswith(".*"))
        return [kind for kind in said["kinds"] if kind.endswith(".*") or not kind.startswith(whole)]


class WebhookForm(EventsForm):
    """Tell one more address."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_(
            "It starts with https:// and belongs to your own service, which must be reachable from the internet."
        ),
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.com/imprimatur", "autocomplete": "off"}),
    )


def _family(name: str, label: str | Promise, chosen: set[str]) -> Family:
    kinds: list[tuple[str, str | Promise]] = [(code, word) for code, word in _SINGLE if code.startswith(f"{name}.")]
    return Family(f"{name}.*", label, kinds, sum(code in chosen for code, _word in kinds))
