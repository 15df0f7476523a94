"""Control workers of the former release go on while new ones start: the database still understands them."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_a_picture_is_recorded_without_what_they_do_not_know() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a"
            " ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
            " WHERE d.adrelid = 'generations_output'::regclass AND a.attname = 'likenesses'"
        )
        assert cursor.fetchall() == [("'[]'::jsonb",)]


@pytest.mark.django_db
def test_they_count_what_is_in_flight() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT profile, orders FROM generations_in_flight()")
        assert cursor.fetchall() == []
