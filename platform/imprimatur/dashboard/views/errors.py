"""What people see when there is no page, no permission, or no luck. Each shows the request's id."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404."""
    return render(request, "404.html", {"status": 404}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """403."""
    return render(request, "403.html", {"status": 403}, status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form that was open too long, or came from elsewhere."""
    return render(request, "403_csrf.html", {"status": 403}, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    return render(request, "500.html", {"status": 500}, status=500)
