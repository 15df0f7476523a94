"""What is asked for on the create page. `Draft` reads it while it is incomplete; `CreateForm` checks the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from imprimatur.dashboard import choices
from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.dashboard.forms.cast import Chosen, read_cast
from imprimatur.prompts import selectors as prompts
from imprimatur.prompts.models import TemplateVersion
from imprimatur.tenants.errors import NotFound

VARIABLE = "var_"
MAX_COUNT = 8


class UseForm(PlainForm):
    """Where, for what and in which country a picture will appear."""

    channel = forms.ChoiceField(label=_("Appears in"), choices=choices.channels, initial="internal")
    territory = forms.ChoiceField(label=_("Territory"), choices=choices.territories, initial="JP")
    purpose = forms.ChoiceField(label=_("Purpose"), choices=choices.purposes, initial="advertising")

    @property
    def use(self) -> dict[str, str]:
        """What the rights are asked about."""
        return {name: self.cleaned_data[name] for name in ("channel", "territory", "purpose")}


class ReleaseForm(UseForm):
    """Where a picture will really appear, what else a consent may forbid, and what labels depend on."""

    language = forms.ChoiceField(
        label=_("Language of the text around it"), choices=choices.languages, required=False, initial=""
    )
    photoreal = forms.BooleanField(label=_("Could be taken for a photograph"), required=False)
    invented = forms.BooleanField(
        label=_("Shows a person who does not exist"),
        help_text=_("Leave it empty when the person gave their consent, or nobody is shown."),
        required=False,
    )
    paid = forms.BooleanField(label=_("Paid advertising space"), required=False)
    disclosed = forms.BooleanField(
        label=_("It is said beside the picture that AI made it"),
        help_text=_("Some consents demand it."),
        required=False,
    )
    contexts = forms.MultipleChoiceField(
        label=_("Appears together with"), choices=choices.contexts, widget=forms.CheckboxSelectMultiple, required=False
    )

    @property
    def use(self) -> dict[str, Any]:
        """What the rights are asked about."""
        said = self.cleaned_data
        spoken = {"language": said["language"]} if said["language"] else {}
        told = {name: said[name] for name in ("paid", "contexts", "disclosed")}
        return {**super().use, **spoken, **told}

    @property
    def looks(self) -> dict[str, Any]:
        """What labels depend on, beside the use. Whether somebody real is shown, the reference says."""
        said = self.cleaned_data
        return {"photoreal": said["photoreal"], **({"person": "invented"} if said["invented"] else {})}


class CreateForm(UseForm):
    """The dials. Percentages on the page, shares in the spec."""

    likeness = forms.IntegerField(
        label=_("Likeness"),
        min_value=10,
        max_value=100,
        step_size=5,
        initial=80,
        help_text=_("How much of the reference gets in. Less leaves more to the words."),
    )
    scope = forms.IntegerField(
        label=_("Reach"),
        min_value=5,
        max_value=60,
        step_size=5,
        initial=25,
        help_text=_("The share of the picture that the subject may take."),
    )
    steps = forms.IntegerField(
        label=_("Steps"),
        min_value=5,
        max_value=50,
        step_size=5,
        initial=25,
        help_text=_("More steps are slower and cleaner."),
    )
    count = forms.IntegerField(
        label=_("Pictures"), min_value=1, max_value=MAX_COUNT, initial=2, help_text=_("Each with a seed of its own.")
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text=_("The same seed draws the same picture again."),
    )

    @property
    def dials(self) -> dict[str, Any]:
        """What `generations.services.submit` takes."""
        chosen = self.cleaned_data
        return {"quantity": chosen["likeness"] / 100, "scope": chosen["scope"] / 100, "steps": chosen["steps"]}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The form as far as it is filled in. None and {} where nothing (or nothing known) was chosen."""

    cast: tuple[Chosen, ...] = (Chosen(number=1),)
    version: TemplateVersion | None = None
    variables: dict[str, str] = field(default_factory=dict)
    use: dict[str, str] = field(default_factory=dict)
    steps: int = 25
    count: int = 2

    @property
    def first(self) -> Chosen:
        """The first subject."""
        return self.cast[0]

    @property
    def others(self) -> tuple[Chosen, ...]:
        """The further subjects that the template shows."""
        return self.cast[1:]

    @property
    def chosen(self) -> list[Chosen]:
        """Those with a reference."""
        return [one for one in self.cast if one.reference is not None]

    @property
    def is_cast(self) -> bool:
        """Whether every place of the template is taken."""
        return len(self.chosen) == len(self.cast)

    @property
    def version_id(self) -> str:
        """The chosen version's public id, or nothing."""
        return self.version.public_id if self.version else ""

    @property
    def options(self) -> list[dict[str, Any]]:
        """The version's variables, each option with whether it is chosen."""
        variables = self.version.variables if self.version else []
        return [
            v | {"options": [_marked(o, self.variables.get(v["name"], "")) for o in v["options"]]} for v in variables
        ]


def read_draft(data: QueryDict) -> Draft:
    """From a query string or a posted form; unknown ids count as not chosen. Call inside the scope."""
    version = _version(str(data.get("version", "")))
    names = [v["name"] for v in version.variables] if version else []
    given = {name: str(data.get(VARIABLE + name, "")) for name in names}
    return Draft(
        cast=read_cast(data, version.subject_count if version else 1),
        version=version,
        variables={name: token for name, token in given.items() if token},
        use={name: str(data.get(name, "")) for name in ("channel", "territory", "purpose")},
        steps=_number(data.get("steps"), 25, 1, 200),
        count=_number(data.get("count"), 2, 1, MAX_COUNT),
    )


def _version(public_id: str) -> TemplateVersion | None:
    try:
        return prompts.get_version(public_id) if public_id else None
    except NotFound:
        return None


def _number(value: object, otherwise: int, low: int, high: int) -> int:
    try:
        return min(max(int(str(value)), low), high)
    except ValueError:
        return otherwise


def _marked(option: dict[str, Any], chosen: str) -> dict[str, Any]:
    return option | {"chosen": option["token"] == chosen}
