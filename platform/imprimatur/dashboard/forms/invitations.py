"""Forms of coming in: an owner invites, the invited set up an account."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.tenants.permissions import ROLE_LABELS


class InviteForm(PlainForm):
    """Whom to let in, as what."""

    email = forms.EmailField(label=_("E-mail"))
    language = forms.ChoiceField(label=_("Language of the mail"), choices=[("ja", "日本語"), ("en", "English")])
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(str(role), label) for role, label in ROLE_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )


class AccountForm(PlainForm):
    """A new account for the invited address."""

    as_typed: ClassVar[frozenset[str]] = frozenset({"password", "password_again"})

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters, and nothing that is easy to guess."),
    )
    password_again = forms.CharField(
        label=_("Password, once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, object]:
        """Both passwords are the same."""
        cleaned = super().clean()
        if {"password", "password_again"} <= cleaned.keys() and cleaned["password"] != cleaned["password_again"]:
            self.add_error("password_again", _("The two passwords are not the same."))
        return cleaned
