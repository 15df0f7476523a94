"""Writing a template: a wording and the choices in it."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard.forms.base import PlainForm


class VersionForm(PlainForm):
    """One wording. The choices travel as JSON, which the page edits as fields."""

    text = forms.CharField(
        label=_("Wording, in English"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "lang": "en", "spellcheck": "true", "class": "textarea text-base"}),
        help_text=_(
            "Write {subject} once where the product or person stands, {subject2} for a second one beside it, and "
            "{name} for each choice."
        ),
    )
    variables = forms.CharField(widget=forms.HiddenInput, required=False, initial="[]")

    def clean_variables(self) -> list[dict[str, Any]]:
        """The choices as the service takes them."""
        try:
            found = json.loads(str(self.cleaned_data["variables"]) or "[]")
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("The choices could not be read. Please enter them again.")) from error
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise forms.ValidationError(_("The choices could not be read. Please enter them again."))
        return found


class TemplateForm(VersionForm):
    """A new template: its names, and its first wording."""

    name_en = forms.CharField(label=_("English name"), max_length=120)
    name_ja = forms.CharField(label=_("Japanese name"), max_length=120, required=False)

    field_order = ("name_en", "name_ja", "text", "variables")
