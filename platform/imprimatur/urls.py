"""URLs: the API under /api/v1, its document under /api, health beside it, sign-in, and the pages at the root."""

from __future__ import annotations

from itertools import chain

from django.urls import URLPattern, URLResolver, include, path

from imprimatur.generations import api as generations
from imprimatur.generations import screening_api as screenings
from imprimatur.library import api as library
from imprimatur.library import marks_api as marks
from imprimatur.library import sketches_api as sketches
from imprimatur.prompts import api as prompts
from imprimatur.releases import api as releases
from imprimatur.review import api as review
from imprimatur.rights import api as rights
from imprimatur.rights import blocklist_api as blocklist
from imprimatur.tenants import api as tenants
from imprimatur.tenants import health, sign_in
from imprimatur.tenants.rest.docs import ApiDocument, ApiDocumentPage
from imprimatur.webhooks import api as webhooks
from imprimatur.withdrawal import api as withdrawal

_API = (
    tenants,
    rights,
    blocklist,
    library,
    marks,
    sketches,
    prompts,
    generations,
    screenings,
    review,
    releases,
    withdrawal,
    webhooks,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include(list(chain.from_iterable(app.urlpatterns for app in _API)))),
    path("api/schema", ApiDocument.as_view(), name="api_schema"),
    path("api/docs", ApiDocumentPage.as_view(url_name="api_schema"), name="api_docs"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/email/", sign_in.no_own_address, name="no_own_address"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("imprimatur.dashboard.urls")),
]
handler400 = "imprimatur.tenants.fallbacks.bad_request"
handler403 = "imprimatur.tenants.fallbacks.permission_denied"
handler404 = "imprimatur.tenants.fallbacks.page_not_found"
handler500 = "imprimatur.tenants.fallbacks.server_error"
