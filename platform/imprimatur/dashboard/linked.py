"""The edge of every page that is reached by a link instead of an account: pace, purpose, scope, language, silence."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control

from imprimatur.rights import links
from imprimatur.rights.models import AccessLink, LinkPurpose, RightRecord
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.pace import require_pace
from imprimatur.tenants.scope import tenant_scope


class LinkRequest(HttpRequest):
    """A request by a link that holds."""

    link: AccessLink
    record: RightRecord
    grantor: links.Grantor
    now: datetime


Page = Callable[..., HttpResponse]


def link_page(purpose: LinkPurpose, *, paced: bool = True) -> Callable[[Page], Page]:
    """Wrap a page at `<path>/<token>`: the view runs inside the company's scope, in the person's language.

    Whatever stands in the way is said on a page of its own. Nothing is cached, indexed or told to other sites: the
    address is the key. paced: counts against the address's pace; the pictures of one page do not.
    """

    def decorate(view: Page) -> Page:
        @wraps(view)
        def page(request: LinkRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if paced:
                    require_pace(request)
                tenant_id, link_id = links.ids_in(token, purpose)
                with tenant_scope(tenant_id):
                    _enter(request, link_id)
                    with translation.override(_language(request)):
                        response = view(request, token, *args, **kwargs)
            except DomainError as error:
                response = render(request, "signing/over.html", {"message": error.message}, status=error.status)
            return silent(response)

        return page

    return decorate


def _enter(request: LinkRequest, link_id: uuid.UUID) -> None:
    request.now = timezone.now()
    request.link = links.opened(link_id, request.now, lock=request.method == "POST")
    request.record = links.record_of(request.link)
    request.grantor = links.grantor(request.link)


def _language(request: LinkRequest) -> str:
    """The person's own, unless this browser chose one by the switch."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return translation.get_language() or settings.LANGUAGE_CODE
    return request.link.language


def silent(response: HttpResponse) -> HttpResponse:
    """Nothing is cached, indexed or told to other sites."""
    patch_cache_control(response, private=True, no_store=True)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "same-origin"  # none to other sites; the form's own origin check needs it at home
    return response
