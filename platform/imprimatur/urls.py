"""URLs: the API under /api/v1, the pages at the root."""

urlpatterns: list[object] = []
