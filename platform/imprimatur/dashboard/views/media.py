"""Pictures over HTTP: stamped, of the entered company only, kept by no cache."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from imprimatur.generations import selectors as generations
from imprimatur.library import selectors as library
from imprimatur.library import sketches
from imprimatur.library.models import Sketch
from imprimatur.releases import selectors as releases
from imprimatur.releases import services as release_services
from imprimatur.rights import selectors as rights
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.selectors import find

THUMBNAIL_SIDE = 480
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@require_GET
@tenant_page(Permission.VIEW)
def reference_content(request: TenantRequest, ref: str) -> HttpResponse:  # noqa: ARG001
    """A reference as it is stored."""
    return picture_file(*library.content(library.get_reference(ref)))


@require_GET
@tenant_page(Permission.VIEW)
def reference_thumbnail(request: TenantRequest, ref: str) -> HttpResponse:  # noqa: ARG001
    """A small rendition, signed too."""
    return picture_file(*library.thumbnail(library.get_reference(ref), THUMBNAIL_SIDE))


@require_GET
@tenant_page(Permission.VIEW)
def sketch_content(request: TenantRequest, skt: str) -> HttpResponse:  # noqa: ARG001
    """A shape in which a subject may be."""
    return picture_file(*sketches.content(find(Sketch, skt)))


@require_GET
@tenant_page(Permission.VIEW)
def output_content(request: TenantRequest, out: str) -> HttpResponse:  # noqa: ARG001
    """A drawn picture, for people inside the house."""
    return picture_file(*generations.content(generations.get_output(out)))


@require_GET
@tenant_page(Permission.VIEW)
def output_mask_strip(request: TenantRequest, out: str) -> HttpResponse:  # noqa: ARG001
    """Where the word acted, step by step."""
    return picture_file(*generations.mask_strip(generations.get_output(out)))


@require_GET
@tenant_page(Permission.VIEW)
def release_content(request: TenantRequest, rel: str) -> HttpResponse:
    """A released picture, if its rights still hold; `?download=1` to keep."""
    release = releases.get_release(request.actor, rel)
    if "download" not in request.GET:
        return picture_file(*release_services.content(release))
    data, mime = release_services.download(request.actor, release)
    return picture_file(data, mime, f"{release.public_id}.{_ENDINGS[mime]}")


@require_GET
@tenant_page(Permission.MANAGE_RIGHTS)
def right_evidence(request: TenantRequest, right: str) -> HttpResponse:  # noqa: ARG001
    """The signed document behind a record, for rights managers; always a download."""
    record = rights.get_record(right)
    return picture_file(*rights.evidence(record), name=record.evidence_name)


def picture_file(data: bytes, mime: str, name: str = "") -> HttpResponse:
    """The bytes; as a download when named. `tenant_page` forbids caching."""
    response = HttpResponse(data, content_type=mime)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if name:
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
