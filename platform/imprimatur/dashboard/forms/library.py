"""Forms for subjects and their reference pictures."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.dashboard.words import SOURCES
from imprimatur.library.models import Subject

KINDS = [("product", _("Product")), ("person", _("Person"))]
FORMATS = "image/png,image/jpeg,image/webp"


class SubjectForm(PlainForm):
    """A product or a person, and the English word that stands for it in prompts."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What your team calls it, for example “Sencha bottle 2027”.")
    )
    brand = forms.CharField(
        label=_("Brand"),
        max_length=120,
        help_text=_("An existing brand, or a new one."),
        widget=forms.TextInput(attrs={"list": "brands"}),
    )
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=KINDS,
        widget=forms.RadioSelect,
        initial="product",
    )
    word = forms.CharField(
        label=_("English word"),
        max_length=60,
        help_text=_("The plain word for it in a prompt: bottle, mug, sneaker, person."),
        widget=forms.TextInput(attrs={"list": "words", "lang": "en", "autocapitalize": "off"}),
    )


class UploadForm(PlainForm):
    """A reference picture and what the uploader says about it."""

    file = forms.FileField(label=_("Picture"), widget=forms.FileInput(attrs={"accept": FORMATS}))
    subject = forms.ChoiceField(label=_("Subject"))
    source = forms.ChoiceField(label=_("Where the picture comes from"), choices=list(SOURCES.items()))
    shows_person = forms.BooleanField(
        label=_("A person can be recognised in it"),
        required=False,
        help_text=_("Then nothing is drawn from it before the person’s consent is recorded."),
    )
    face_explanation = forms.CharField(
        label=_("If a face was found and nobody real is shown: why"),
        max_length=300,
        required=False,
        help_text=_("For example: a statue, or a figure printed on the label. You answer for it by name."),
    )
    declared_marks = forms.CharField(
        label=_("Brand marks visible in it"),
        required=False,
        help_text=_("Separate them with commas. Each needs a licence, your own marks too."),
    )
    own_work = forms.BooleanField(
        label=_("My company owns the rights in the picture itself"),
        required=False,
        help_text=_(
            "You took it or had it made for you. Otherwise record the copyright owner’s permission under Rights."
        ),
    )

    def __init__(self, *args: object, subjects: list[Subject], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["subject"].choices = [(s.public_id, f"{s.brand} · {s}") for s in subjects]  # type: ignore[attr-defined]

    def clean_declared_marks(self) -> list[str]:
        """Marks as a list; the Japanese comma separates too."""
        text = str(self.cleaned_data["declared_marks"]).replace("、", ",").replace(",", ",")
        return [mark.strip() for mark in text.split(",") if mark.strip()]
