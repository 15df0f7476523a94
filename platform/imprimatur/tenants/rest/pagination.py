"""Lists: newest first, by cursor, so that pages neither repeat nor skip rows while new ones arrive."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.response import Response


class NewestFirst(CursorPagination):
    """`?limit=` (1 to 200, default 50) and `?cursor=`; answers `{data, next_cursor, has_more}`."""

    ordering: Any = ("-created_at", "-id")
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"

    def encode_cursor(self, cursor: Cursor) -> str:
        """The bare cursor, not an address that contains it."""
        address = super().encode_cursor(cursor)
        return address.partition(f"{self.cursor_query_param}=")[2].partition("&")[0]

    def get_paginated_response(self, data: Any) -> Response:
        """One page."""
        next_cursor = self.get_next_link()
        return Response({"data": data, "next_cursor": next_cursor, "has_more": next_cursor is not None})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The same for the API document."""
        return {
            "type": "object",
            "required": ["data", "next_cursor", "has_more"],
            "properties": {
                "data": schema,
                "next_cursor": {"type": "string", "nullable": True},
                "has_more": {"type": "boolean"},
            },
        }


class NewestEventFirst(NewestFirst):
    """Audit events have their own order."""

    ordering = "-seq"
