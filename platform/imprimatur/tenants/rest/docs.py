"""The API's document and its page, served from here: no outside script."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

# Swagger UI sets styles inline; this one page may. Scripts stay strict.
_STYLES: dict[str, Any] = {"style-src": [SELF, UNSAFE_INLINE]}


class ApiDocument(SpectacularAPIView):
    """OpenAPI 3 as JSON or YAML."""

    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer]


@method_decorator(csp_update(_STYLES), name="dispatch")
class ApiDocumentPage(SpectacularSwaggerSplitView):
    """The document, to read and to try."""
