"""How the API document describes what all endpoints share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from imprimatur.tenants.rest.idempotency import HEADER


class TenantSchema(AutoSchema):
    """Adds the Idempotency-Key header to every POST, and names tags by the path's first word."""

    def get_override_parameters(self) -> list[Any]:
        """Parameters of all endpoints."""
        if self.method != "POST":
            return []
        words = "Sent again within 24 hours with the same body, the first answer is repeated."
        return [OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description=words)]

    def get_tags(self) -> list[str]:
        """`/api/v1/references/{id}/quality` -> `references`."""
        return [self.path.removeprefix("/api/v1/").split("/")[0]]
