"""What every request gets: an id to quote, the person's language, and plain words when a rule says no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.models import User
from imprimatur.tenants.request_ids import choose_request_id, request_id, request_id_of

View = Callable[[HttpRequest], HttpResponseBase]
API_PREFIX: Final = "/api/"


class RequestIdMiddleware:
    """Takes a sane X-Request-ID from the proxy, else makes one; answers with it."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Set the id for the request's time."""
        chosen = choose_request_id(request.headers.get("X-Request-ID", ""))
        request.request_id = chosen  # type: ignore[attr-defined]
        token = request_id.set(chosen)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = chosen
        return response


class LanguageMiddleware:
    """A signed-in person's own language, unless this browser chose one by the switch. The API follows its header."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Activate the language before the view runs."""
        chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        if not chosen and not request.path.startswith(API_PREFIX) and isinstance(request.user, User):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        return self.get_response(request)


class Unreadable(DomainError, BadRequest):
    """The request holds what no request of ours does. Django's own error is a base: it is raised outside any view."""

    def __init__(self) -> None:
        super().__init__("bad_request", _("The request could not be read."))


class NoNullMiddleware:
    """The database holds no text with a null character, and fails when it is asked for one: so nobody asks."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse what stands behind the question mark; bodies are looked at field by field."""
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise Unreadable
        return self.get_response(request)


class DomainErrorMiddleware:
    """A domain error that a page did not handle becomes a page with its sentence and status."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing to do on the way in."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Other exceptions go on to Django's own handling."""
        if not isinstance(exception, DomainError):
            return None
        response = render(request, "error.html", error_page(request, exception), status=exception.status)
        patch_cache_control(response, private=True, no_store=True)  # 404 and 410 are kept by caches otherwise
        return response


def error_page(request: HttpRequest, error: DomainError) -> dict[str, object]:
    """What `error.html` shows."""
    return {
        "code": error.code,
        "message": error.message,
        "status": error.status,
        "request_id": request_id_of(request),
        "reasons": getattr(error, "reasons", []),
    }
