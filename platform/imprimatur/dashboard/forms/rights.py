"""Recording a permission in plain words; what comes out are `governance` terms."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.consent import ConsentTerms
from governance.trademark import TrademarkTerms
from imprimatur.dashboard import choices
from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.library.models import ReferenceImage

TRADEMARK = "trademark"
KINDS = [
    ("likeness", _("A person in the picture")),
    ("copyright", _("Whoever took or drew the picture")),
    ("property", _("The owner of a thing or place")),
    (TRADEMARK, _("The owner of a trademark")),
]


def start_of(day: date) -> datetime:
    """Midnight at the beginning of the day, in the office's time zone."""
    return timezone.make_aware(datetime.combine(day, time()))


class RightForm(PlainForm):
    """Either kind of record; the fields of the other kind are ignored."""

    kind = forms.ChoiceField(choices=KINDS, widget=forms.RadioSelect, initial="likeness")
    title = forms.CharField(
        label=_("Title"),
        max_length=160,
        help_text=_("For your lists, for example “Likeness of M. S., spring campaign”."),
    )
    mark = forms.CharField(label=_("Trademark"), max_length=120, required=False)
    owner = forms.CharField(label=_("Its owner"), max_length=160, required=False)
    references = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    channels = forms.MultipleChoiceField(
        label=_("May appear in"), choices=choices.channels, widget=forms.CheckboxSelectMultiple
    )
    purposes = forms.MultipleChoiceField(label=_("For"), choices=choices.purposes, widget=forms.CheckboxSelectMultiple)
    territories = forms.MultipleChoiceField(
        label=_("In"), choices=choices.territories, widget=forms.CheckboxSelectMultiple, initial=["JP"]
    )
    valid_from = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=timezone.localdate
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty when no end was agreed."),
    )
    treatments = forms.MultipleChoiceField(
        label=_("The mark may be shown"),
        choices=choices.treatments,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=["unaltered", "in_scene"],
    )
    synthetic_media_permitted = forms.BooleanField(
        label=_("Pictures made by AI were agreed to"),
        required=False,
        help_text=_("The document must say so. Without it nothing can be drawn."),
    )
    paid_media = forms.BooleanField(label=_("Paid advertising space was agreed to"), required=False)
    prohibited_contexts = forms.MultipleChoiceField(
        label=_("Never together with"), choices=choices.contexts, widget=forms.CheckboxSelectMultiple, required=False
    )
    output_cap = forms.IntegerField(
        label=_("At most this many pictures"), min_value=1, required=False, help_text=_("Leave it empty for no limit.")
    )
    evidence = forms.FileField(
        label=_("Signed document"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/png,image/jpeg,text/plain"}),
    )

    def __init__(self, *args: Any, references: list[ReferenceImage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._digests = {r.public_id: r.pixel_sha256 for r in references}
        named = [(r.public_id, str(r.subject)) for r in references]
        self.fields["references"].choices = named  # type: ignore[attr-defined]
        self.fields["references"].error_messages["required"] = _("Choose at least one picture.")

    def clean(self) -> dict[str, Any]:
        """A licence needs a mark and its owner; the last day comes after the first."""
        cleaned = super().clean()
        if cleaned.get("kind") == TRADEMARK:
            for name in ("mark", "owner"):
                if not cleaned.get(name):
                    self.add_error(name, self.fields[name].error_messages["required"])
        first, last = cleaned.get("valid_from"), cleaned.get("last_day")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("last_day", _("The last day lies before the first."))
        return cleaned

    @property
    def is_licence(self) -> bool:
        """A trademark licence, not a consent."""
        return bool(self.cleaned_data["kind"] == TRADEMARK)

    def consent_terms(self) -> ConsentTerms:
        """What a person or an owner agreed to. The service sets id, grantee, evidence and status."""
        said = self.cleaned_data
        return ConsentTerms(
            kind=said["kind"],
            prohibited_contexts=frozenset(said["prohibited_contexts"]),
            synthetic_media_permitted=said["synthetic_media_permitted"],
            paid_media=said["paid_media"],
            output_cap=said["output_cap"],
            **self._shared(),
        )

    def licence_terms(self) -> TrademarkTerms:
        """What the owner of a mark agreed to."""
        said = self.cleaned_data
        return TrademarkTerms(
            mark=said["mark"],
            owner=said["owner"],
            permitted_treatments=frozenset(said["treatments"]),
            **self._shared(),
        )

    def _shared(self) -> dict[str, Any]:
        said = self.cleaned_data
        last = said["last_day"]
        return {
            "id": "draft",
            "grantee": "draft",
            "reference_digests": frozenset(self._digests[name] for name in said["references"]),
            "channels": frozenset(said["channels"]),
            "purposes": frozenset(said["purposes"]),
            "territories": frozenset(said["territories"]),
            "valid_from": start_of(said["valid_from"]),
            "valid_until": start_of(last + timedelta(days=1)) if last else None,
        }
