"""The public desk: anybody who holds a picture may ask whether it is ours. Nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as translated
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from imprimatur.dashboard.forms.settings import VerifyForm
from imprimatur.dashboard.presentation import look
from imprimatur.dashboard.templatetags.pages import moment
from imprimatur.releases import looking
from imprimatur.releases.pace import require_pace
from imprimatur.releases.verification import Verification, verify
from imprimatur.tenants.errors import DomainError

LABELS: Final[dict[str, Promise]] = {
    "manifest_state": _("Provenance"),
    "signer": _("Signed by"),
    "made_at": _("Made"),
    "time_stamped_at": _("Time stamp"),
    "unproven_time_stamp": _("Time stamp, unproven"),
    "released_at": _("Released"),
    "withdrawn_at": _("Withdrawn"),
    "publisher": _("Published by"),
    "model": _("Drawn by"),
    "sha256": _("SHA-256"),
}
MONO: Final = frozenset({"sha256", "release", "generation"})


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line under the verdict."""

    label: str
    value: str
    mono: bool = False


@never_cache
@require_http_methods(["GET", "POST"])
def verify_desk(request: HttpRequest) -> HttpResponse:
    """Upload a picture, read a verdict in plain words."""
    form = VerifyForm(request.POST or None, request.FILES or None)
    result: Verification | None = None
    if request.method == "POST" and form.is_valid():
        try:
            require_pace(request)
            result = verify(form.cleaned_data["file"].read())
        except DomainError as error:
            form.explain(error)
    elif request.method == "GET":
        looking.get_ready()
    others = looking.listed()
    shown = {"form": form, "result": result, "facts": _facts(result), "listed": others}
    return render(request, "verify/verify.html", shown | {"listed_is_old": others.is_old(timezone.localdate())})


def _facts(result: Verification | None) -> list[Fact]:
    told = result.facts if result else {}
    return [
        Fact(label=str(LABELS[name]), value=_value(name, told[name]), mono=name in MONO)
        for name in LABELS
        if told.get(name)
    ]


def _value(name: str, value: Any) -> str:
    if name == "manifest_state":
        return str(look("manifest", str(value)).label)
    if name == "unproven_time_stamp":
        said = moment(parse_datetime(str(value))) or str(value)
        return translated("%(moment)s, by an authority that we do not know") % {"moment": said}
    if name.endswith("_at"):
        return moment(parse_datetime(str(value))) or str(value)
    return str(value)
