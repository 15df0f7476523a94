"""Answers outside any view: an address that does not exist, a refusal by Django, a fault of ours."""

from __future__ import annotations

import sys
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults

from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.middleware import API_PREFIX, error_page
from imprimatur.tenants.request_ids import request_id_of
from imprimatur.tenants.rest.problems import problem_page

RETRY_SECONDS: Final = "10"  # of a database that is started again


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or a domain error that was raised outside any view: an upload that is too large."""
    if isinstance(exception, DomainError):
        return _refusal(request, exception)
    if request.path.startswith(API_PREFIX):
        return problem_page(request, 400, "bad_request", _("The request could not be read."))
    return defaults.bad_request(request, exception)


def _refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    if request.path.startswith(API_PREFIX):
        return problem_page(request, error.status, error.code, error.message)
    return render(request, "error.html", error_page(request, error), status=error.status)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403"""
    if request.path.startswith(API_PREFIX):
        return problem_page(request, 403, "not_permitted", _("This is not allowed."))
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404"""
    if request.path.startswith(API_PREFIX):
        return problem_page(request, 404, "not_found", _("There is nothing at this address."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, with the id to quote. The page may use nothing that could fail again: no database, no actor."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _database_away(request)
    if request.path.startswith(API_PREFIX):
        sentence = _("Something went wrong on our side. Quote the request id when you ask for help.")
        return problem_page(request, 500, "server_error", sentence)
    return render(None, "500.html", {"request_id": request_id_of(request)}, status=500)


def _database_away(request: HttpRequest) -> HttpResponse:
    """503: what was being done was undone, and the same may be asked again."""
    if request.path.startswith(API_PREFIX):
        sentence = _("The database cannot be reached just now. Nothing was changed: send the same again in a minute.")
        response: HttpResponse = problem_page(request, 503, "database_away", sentence)
    else:
        response = render(None, "503.html", {"request_id": request_id_of(request)}, status=503)
    response["Retry-After"] = RETRY_SECONDS
    return response
