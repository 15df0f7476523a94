"""People and keys of the company."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.dashboard.words import PERMISSION_LABELS
from imprimatur.tenants.permissions import ROLE_LABELS, Permission

_KEY_SCOPES = [(str(p), label) for p, label in PERMISSION_LABELS.items() if p != Permission.DECIDE]


class MemberForm(PlainForm):
    """Let a person in."""

    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"))
    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. Tell it in person; it can be changed after signing in."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=[("ja", "日本語"), ("en", "English")])
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(str(role), label) for role, label in ROLE_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )


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
