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
from imprimatur.dashboard.forms.people import LANGUAGES
from imprimatur.library.models import ReferenceImage
from imprimatur.rights.sealing import Contact

TRADEMARK = "trademark"
KINDS = [
    ("likeness", _("A person in the picture")),
    ("copyright", _("Whoever took or drew the picture")),
    ("property", _("The owner of a thing or place")),
    (TRADEMARK, _("The owner of a trademark")),
]
APPROVALS = [
    ("none", _("Nothing")),
    ("per_campaign", _("Each campaign")),
    ("per_output", _("Every picture")),
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
    excluded_territories = forms.MultipleChoiceField(
        label=_("But not in"), choices=choices.countries, widget=forms.CheckboxSelectMultiple, required=False
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
    sell_off_days = forms.IntegerField(
        label=_("Days to sell off"),
        min_value=0,
        max_value=3650,
        required=False,
        help_text=_("How long after the end published pictures may stay. Leave it empty for not at all."),
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
    languages = forms.MultipleChoiceField(
        label=_("Texts beside it in"),
        choices=choices.spoken,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=["*"],
    )
    approval_right = forms.ChoiceField(
        label=_("What the person sees before it is published"),
        choices=APPROVALS,
        required=False,
        initial="none",
    )
    response_days = forms.IntegerField(
        label=_("Days they promised to answer in"), min_value=1, max_value=365, required=False
    )
    disclosure_duty = forms.BooleanField(label=_("It must be said beside the picture that AI made it"), required=False)
    synthetic_description = forms.CharField(
        label=_("How it was described to them"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    majority_date = forms.DateField(
        label=_("If the person is a minor: the day they come of age"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("A guardian signs, and the consent suspends itself on that day."),
    )
    contact_name = forms.CharField(label=_("Full name"), max_length=120, required=False)
    contact_email = forms.EmailField(label=_("E-mail address"), required=False)
    contact_language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, initial="en", required=False)
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
        for name in ("valid_from", "last_day", "majority_date"):
            day = cleaned.get(name)
            if isinstance(day, date) and not 1900 <= day.year <= 9900:
                self.add_error(name, _("Choose a day between 1900 and 9900."))
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
            languages=frozenset(said["languages"]),
            approval_right=said["approval_right"] or "none",
            response_days=said["response_days"],
            disclosure_duty=said["disclosure_duty"],
            synthetic_description=said["synthetic_description"],
            minor=said["majority_date"] is not None,
            majority_date=said["majority_date"],
            capacity="self" if said["majority_date"] is None else "guardian",
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

    @property
    def contact(self) -> Contact:
        """Who stands behind it; the service keeps it encrypted."""
        said = self.cleaned_data
        language = said["contact_language"] or "en"
        return Contact(name=said["contact_name"], email=said["contact_email"], language=language)

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
            "excluded_territories": frozenset(said["excluded_territories"]),
            "sell_off_days": (said["sell_off_days"] or 0) if last else 0,
            "valid_from": start_of(said["valid_from"]),
            "valid_until": start_of(last + timedelta(days=1)) if last else None,
        }
