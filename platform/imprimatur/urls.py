"""URLs: the API under /api/v1, its document under /api, health beside it, sign-in, and the pages at the root."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from imprimatur.tenants import health
from imprimatur.tenants.rest.docs import ApiDocument, ApiDocumentPage

Patterns = list[URLPattern | URLResolver]
API_APPS = ("tenants", "rights", "library", "prompts", "generations", "review", "releases")


def _api() -> Patterns:
    found: Patterns = []
    for app in API_APPS:
        if find_spec(f"imprimatur.{app}.api") is None:
            continue
        found += import_module(f"imprimatur.{app}.api").urlpatterns
    return found


urlpatterns: Patterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include(_api())),
    path("api/schema", ApiDocument.as_view(), name="api_schema"),
    path("api/docs", ApiDocumentPage.as_view(url_name="api_schema"), name="api_docs"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.account.urls")),
]
if find_spec("imprimatur.dashboard.urls"):
    urlpatterns.append(path("", include("imprimatur.dashboard.urls")))
handler400 = "imprimatur.tenants.fallbacks.bad_request"
handler403 = "imprimatur.tenants.fallbacks.permission_denied"
handler404 = "imprimatur.tenants.fallbacks.page_not_found"
handler500 = "imprimatur.tenants.fallbacks.server_error"
