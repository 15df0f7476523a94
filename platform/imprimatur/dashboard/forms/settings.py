"""Keys of the company, and the file of the verify desk."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.dashboard.words import PERMISSION_LABELS
from imprimatur.tenants.permissions import Permission

_KEY_SCOPES = [(str(p), label) for p, label in PERMISSION_LABELS.items() if p != Permission.DECIDE]


class KeyForm(PlainForm):
    """Make a key for a tool."""

    key_name = forms.CharField(label=_("Name of the key"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=_KEY_SCOPES,
        widget=forms.CheckboxSelectMultiple,
        initial=["view", "generate"],
    )


class VerifyForm(PlainForm):
    """A picture that somebody wants checked."""

    file = forms.FileField(
        label=_("Picture"), widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"})
    )
