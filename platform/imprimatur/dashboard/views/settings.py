"""Settings: oneself, the company's people, its API keys."""

from __future__ import annotations

from typing import Any

from django.conf import settings as configured
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from imprimatur import keys as signing_keys
from imprimatur.dashboard.forms.invitations import InviteForm
from imprimatur.dashboard.forms.settings import KeyForm
from imprimatur.tenants import selectors, services
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.http import TenantRequest, choose_tenant, tenant_page
from imprimatur.tenants.models import ApiKey, Membership, User
from imprimatur.tenants.permissions import ROLE_LABELS, Permission, Role
from imprimatur.webhooks import selectors as webhooks

LANGUAGES = [("ja", "日本語"), ("en", "English")]


@require_GET
@tenant_page(Permission.VIEW)
def settings(request: TenantRequest) -> HttpResponse:
    """Everything on one page."""
    return settings_page(request)


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def member_roles(request: TenantRequest, member: str) -> HttpResponse:
    """Give a member other roles."""
    try:
        changed = services.change_roles(
            request.actor, selectors.find(Membership, member), request.POST.getlist("roles")
        )
        messages.success(request, _("%(name)s has other roles now.") % {"name": changed.user})
    except DomainError as error:
        messages.error(request, _sentence(error))
    return redirect("settings")


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def member_remove(request: TenantRequest, member: str) -> HttpResponse:
    """Take a person out of the company."""
    try:
        leaving = selectors.find(Membership, member)
        services.remove_member(request.actor, leaving)
        messages.success(request, _("%(name)s is no longer a member.") % {"name": leaving.user})
    except DomainError as error:
        messages.error(request, _sentence(error))
    return redirect("settings")


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def key_add(request: TenantRequest) -> HttpResponse:
    """Make a key; its secret is in this one answer and nowhere else."""
    form = KeyForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            key, secret = services.create_api_key(request.actor, said["key_name"], said["scopes"])
            return settings_page(request, secret=secret, secret_name=key.name)
        except DomainError as error:
            form.explain(error)
    return settings_page(request, key_form=form)


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def key_revoke(request: TenantRequest, key: str) -> HttpResponse:
    """End a key at once."""
    services.revoke_api_key(request.actor, selectors.find(ApiKey, key))
    messages.success(request, _("The key has ended. Tools that use it are refused from now on."))
    return redirect("settings")


@require_POST
@tenant_page(Permission.VIEW)
def my_language(request: TenantRequest) -> HttpResponse:
    """The language of one's pages and mails, on every device."""
    services.change_language(request.user, request.POST.get("language", ""))
    response = redirect("settings")
    response.delete_cookie(configured.LANGUAGE_COOKIE_NAME)
    return response


@require_http_methods(["GET", "POST"])
@login_required
def houses(request: HttpRequest) -> HttpResponse:
    """Choose which company to work in."""
    assert isinstance(request.user, User)  # noqa: S101 - signed in
    mine = selectors.memberships_of(request.user)
    if request.method == "POST":
        chosen = next((h for h in mine if str(h.tenant_id) == request.POST.get("house")), None)
        if chosen is None:
            raise NotFound
        choose_tenant(request, chosen.tenant_id)
        return redirect("home")
    return render(request, "settings/houses.html", {"houses": mine})


def settings_page(request: TenantRequest, **more: Any) -> HttpResponse:
    """The page, with what a view wants to show once or again."""
    refusal = _refusal(request)
    mine = selectors.members().filter(user=request.user).values_list("roles", flat=True).first() or []
    context: dict[str, Any] = {
        "section": "settings",
        "roles": [ROLE_LABELS[Role(role)] for role in mine],
        "comma": "、" if (get_language() or "en").startswith("ja") else ", ",
        "languages": LANGUAGES,
        "members": selectors.members(),
        "keys": selectors.api_keys(),
        "manage_refusal": refusal,
        "invite_form": InviteForm(),
        "invitations": [] if refusal else selectors.open_invitations(),
        "now": timezone.now(),
        "all_roles": ROLE_LABELS.items(),
        "key_form": KeyForm(),
        "webhooks": [] if refusal else webhooks.endpoints(),
        "webhooks_stopped": None if refusal else webhooks.stopped_by_themselves().count(),
        "certificate": None if refusal else signing_keys.certificate_state(request.actor.tenant_id),
    }
    return render(request, "settings/settings.html", context | more)


def _refusal(request: TenantRequest) -> str:
    try:
        request.actor.require(Permission.MANAGE_TENANT)
    except DomainError as error:
        return str(error)
    return ""


def _sentence(error: DomainError) -> str:
    found = getattr(error, "errors", [])
    return str(found[0]["message"]) if found else str(error)
