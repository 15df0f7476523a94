"""Forms about the person behind a record, and about what the company blocks."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard.forms.base import PlainForm

LANGUAGES = [("en", "English"), ("ja", "日本語")]
BLOCKED_KINDS = [("word", _("Word")), ("mark", _("Trademark")), ("name", _("Name"))]


class ContactForm(PlainForm):
    """Who stands behind a record."""

    name = forms.CharField(label=_("Full name"), max_length=120, required=False)
    email = forms.EmailField(label=_("E-mail address"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, initial="en")


class AddressForm(PlainForm):
    """Where the person behind a record wants to be written to."""

    email = forms.EmailField(label=_("E-mail address"))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)


class RenewForm(PlainForm):
    """Until when the following record holds."""

    last_day = forms.DateField(
        label=_("New last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class BlockForm(PlainForm):
    """One word, mark or name."""

    text = forms.CharField(label=_("Word, mark or name"), max_length=80)
    kind = forms.ChoiceField(label=_("What it is"), choices=BLOCKED_KINDS, initial="word")
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class BlocklistFileForm(PlainForm):
    """Many at once."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": "text/csv,.csv"}),
        help_text=_("One entry a line: text, kind (word, mark or name), note. UTF-8."),
    )


class MarkForm(PlainForm):
    """A mark of the company's as a picture."""

    name = forms.CharField(label=_("Name of the mark"), max_length=120)
    picture = forms.FileField(
        label=_("Picture of the mark"), widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"})
    )
