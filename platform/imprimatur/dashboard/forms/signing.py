"""What a person without an account may say: yes, something else, or no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.agreement import Agreement
from governance.consent import ConsentTerms
from imprimatur.dashboard import choices
from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.rights.signing import MAX_NAME, MAX_NOTE


class SignForm(PlainForm):
    """Agree, by name."""

    agree = forms.BooleanField(
        label=_("I have read this, I understand it, and I agree."),
        error_messages={"required": _("Tick the box if you agree.")},
    )
    name = forms.CharField(
        label=_("Your full name"),
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("Typing your name here is your signature."),
    )


class ChangesForm(PlainForm):
    """Ask for something else."""

    note = forms.CharField(
        label=_("What should be different?"), max_length=MAX_NOTE, widget=forms.Textarea(attrs={"rows": 4})
    )


class NarrowForm(PlainForm):
    """What is still allowed; only what was allowed can be chosen."""

    channels = forms.MultipleChoiceField(label=_("May appear in"), widget=forms.CheckboxSelectMultiple, required=False)
    purposes = forms.MultipleChoiceField(label=_("For"), widget=forms.CheckboxSelectMultiple, required=False)
    territories = forms.MultipleChoiceField(label=_("In"), widget=forms.CheckboxSelectMultiple, required=False)
    paid_media = forms.BooleanField(label=_("Paid advertising space too"), required=False)
    references = forms.MultipleChoiceField(
        label=_("From these pictures"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, data: Any, *, terms: Agreement, pictures: dict[str, str]) -> None:
        """pictures: pixel digest -> what the picture is called."""
        initial: dict[str, Any] = {
            name: sorted(getattr(terms, name)) for name in ("channels", "purposes", "territories")
        }
        initial |= {"references": sorted(terms.reference_digests), "paid_media": getattr(terms, "paid_media", False)}
        super().__init__(data, initial=initial)
        self._terms = terms
        for name, field in (("channels", "channel"), ("purposes", "purpose"), ("territories", "territory")):
            named = [(slug, choices.use_label(field, slug)) for slug in sorted(getattr(terms, name))]
            self.fields[name].choices = named  # type: ignore[attr-defined]
        known = [(digest, pictures.get(digest, digest[:8])) for digest in sorted(terms.reference_digests)]
        self.fields["references"].choices = known  # type: ignore[attr-defined]
        if not getattr(terms, "paid_media", False):
            del self.fields["paid_media"]

    def narrowed(self) -> Agreement:
        """The terms with only what was left ticked."""
        said = self.cleaned_data
        smaller = replace(
            self._terms,
            channels=frozenset(said["channels"]),
            purposes=frozenset(said["purposes"]),
            territories=frozenset(said["territories"]),
            reference_digests=frozenset(said["references"]),
        )
        if isinstance(smaller, ConsentTerms):
            smaller = replace(smaller, paid_media=bool(said.get("paid_media", False)))
        return smaller
