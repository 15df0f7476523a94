"""Errors as RFC 9457 problem+json: a stable `code`, a sentence in the caller's language, the request's id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from imprimatur.tenants.errors import DomainError, InvalidInput, NotFound, NotPermitted
from imprimatur.tenants.ids import MalformedId
from imprimatur.tenants.request_ids import request_id_of

CONTENT_TYPE: Final = "application/problem+json"


def problem(request: HttpRequest, status: int, code: str, sentence: Any, **more: Any) -> dict[str, Any]:
    """The body. `type` is a stable URN; there is nothing to fetch behind it."""
    return {
        "type": f"urn:imprimatur:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": str(sentence),
        "code": code,
        "request_id": request_id_of(request),
        **more,
    }


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None (re-raise) for what is a fault of ours, not an answer."""
    request = context["request"]
    known = _as_domain_error(error)
    if known is not None:
        return _answer(request, known.status, known.code, known.message, **_extras(known))
    if not isinstance(error, exceptions.APIException):
        return None
    headers = getattr(exception_handler(error, context), "headers", {})
    if isinstance(error, exceptions.ValidationError):
        body = list(_field_errors(error.get_full_details()))
        return _answer(request, 422, "invalid_input", _("Please correct what is marked."), errors=body)
    response = _answer(request, error.status_code, _code_of(error), error.detail)
    for name in ("WWW-Authenticate", "Retry-After"):
        if name in headers:
            response[name] = headers[name]
    return response


def problem_page(request: HttpRequest, status: int, code: str, sentence: Any) -> JsonResponse:
    """The same body outside DRF: for addresses that do not exist, and for our own faults."""
    return JsonResponse(problem(request, status, code, sentence), status=status, content_type=CONTENT_TYPE)


def _as_domain_error(error: Exception) -> DomainError | None:
    if isinstance(error, DomainError):
        return error
    if isinstance(error, Http404 | MalformedId):
        return NotFound()
    return NotPermitted() if isinstance(error, PermissionDenied) else None


def _extras(error: DomainError) -> dict[str, Any]:
    facts = {name: _plain(value) for name, value in error.params.items()}
    return facts | ({"errors": _plain(error.errors)} if isinstance(error, InvalidInput) else {})


def _plain(value: Any) -> Any:
    """JSON types; translated sentences become text in the caller's language."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def _answer(request: Any, status: int, code: str, sentence: Any, **more: Any) -> Response:
    body = problem(request._request, status, code, sentence, **more)
    return Response(body, status=status, content_type=CONTENT_TYPE)


def _code_of(error: exceptions.APIException) -> str:
    code = error.get_codes()
    return code if isinstance(code, str) else error.default_code


def _field_errors(details: Any, field: str = "") -> Iterator[dict[str, str]]:
    """`{"size": [{"message": .., "code": ..}]}` -> `{"field": "size", "message": .., "code": ..}`; dots for nesting."""
    if isinstance(details, dict) and {"message", "code"} <= details.keys() and not isinstance(details["message"], dict):
        yield {"field": field, "message": str(details["message"]), "code": str(details["code"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _field_errors(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(details, list):
        for inner in details:
            yield from _field_errors(inner, field)
