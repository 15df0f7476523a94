"""How people come in: owners invite, send again and take back; the invited accept by a link."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from imprimatur.dashboard.forms.invitations import AccountForm, InviteForm
from imprimatur.dashboard.linked import silent
from imprimatur.dashboard.views.settings import settings_page
from imprimatur.tenants import invitations, selectors
from imprimatur.tenants.errors import Conflict, DomainError, InvalidInput
from imprimatur.tenants.http import SESSION_TENANT, TenantRequest, base_url, tenant_page
from imprimatur.tenants.models import Invitation, User
from imprimatur.tenants.pace import require_pace
from imprimatur.tenants.permissions import ROLE_LABELS, Permission, Role
from imprimatur.tenants.scope import tenant_scope


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def member_invite(request: TenantRequest) -> HttpResponse:
    """Mail a link to somebody; where mails go nowhere, the link is in this one answer."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            made, address = invitations.invite(request.actor, **form.cleaned_data, base_url=base_url(request))
            return _sent(request, made, address)
        except DomainError as error:
            form.explain(error)
    return settings_page(request, invite_form=form)


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def invitation_send(request: TenantRequest, invitation: str) -> HttpResponse:
    """A new link; the former one ends."""
    try:
        found = selectors.find(Invitation, invitation)
        return _sent(request, *invitations.send_again(request.actor, found, base_url(request)))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("settings")


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def invitation_take_back(request: TenantRequest, invitation: str) -> HttpResponse:
    """End it."""
    try:
        taken = invitations.take_back(request.actor, selectors.find(Invitation, invitation))
        messages.success(request, _("The invitation of %(address)s has ended.") % {"address": taken.email})
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("settings")


@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The invited read who invites them, and accept: with a new account, or signed in with the one they have.

    Opening the link tells nobody whether the address has an account: the page is the same.
    """
    try:
        require_pace(request)
        named = invitations.named_in(token)
        with tenant_scope(named.tenant_id):
            invitation = invitations.opened(named, timezone.now(), lock=request.method == "POST")
            with translation.override(_language(request, invitation)):
                response = _join_page(request, token, invitation)
    except DomainError as error:
        response = render(request, "signing/over.html", {"message": error.message}, status=error.status)
    return silent(response)


def _sent(request: TenantRequest, invitation: Invitation, address: str) -> HttpResponse:
    if address:
        return settings_page(request, link=address, link_for=invitation.email)
    messages.success(request, _("Sent to %(address)s. The link holds for seven days.") % {"address": invitation.email})
    return redirect("settings")


def _join_page(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    signed_in = request.user if isinstance(request.user, User) else None
    form = AccountForm(request.POST if request.method == "POST" and signed_in is None else None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST":
        try:
            joined = _accepted(invitation, signed_in, form)
        except InvalidInput as error:
            form.explain(error)
        except Conflict as error:
            context["refusal"] = str(error)
        else:
            if joined is not None:
                return _welcomed(request, joined, invitation)
    return render(request, "settings/join.html", context | _facts(token, invitation, signed_in))


def _accepted(invitation: Invitation, signed_in: User | None, form: AccountForm) -> User | None:
    if signed_in is not None:
        invitations.accept_as(invitation, signed_in, timezone.now())
        return signed_in
    if not form.is_valid():
        return None
    return invitations.accept_anew(invitation, form.cleaned_data["name"], form.cleaned_data["password"], timezone.now())


def _welcomed(request: HttpRequest, user: User, invitation: Invitation) -> HttpResponse:
    if not request.user.is_authenticated:
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[SESSION_TENANT] = str(invitation.tenant_id)
    messages.success(request, _("Welcome to %(company)s.") % {"company": selectors.tenant().name})
    return redirect("home")


def _facts(token: str, invitation: Invitation, signed_in: User | None) -> dict[str, Any]:
    return {
        "token": token,
        "invitation": invitation,
        "company": selectors.tenant().name,
        "roles": [ROLE_LABELS[Role(role)] for role in invitation.roles],
        "signed_in": signed_in,
        "is_theirs": signed_in is not None and signed_in.email.lower() == invitation.email,
    }


def _language(request: HttpRequest, invitation: Invitation) -> str:
    """The invitation's, unless this browser or this person chose one."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES or request.user.is_authenticated:
        return translation.get_language() or settings.LANGUAGE_CODE
    return invitation.language
