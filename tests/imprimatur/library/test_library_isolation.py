"""One company's brands, subjects and references do not exist for another."""

from __future__ import annotations

import pytest
from django.db import connection
from imprimatur.library import selectors, services
from imprimatur.library.models import Brand, ReferenceImage, Subject
from imprimatur.tenants.errors import Conflict, InvalidInput, NotFound
from imprimatur.tenants.scope import UnscopedQuery, tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import uploaded


def test_ids_of_another_company_name_nothing(world: World) -> None:
    with tenant_scope(world.aozora.id):
        reference = uploaded(world, world.alice)
    with tenant_scope(world.northwind.id):
        assert not selectors.references().exists()
        for ask, thing in (
            (selectors.get_reference, reference),
            (selectors.get_subject, reference.subject),
            (selectors.get_brand, reference.subject.brand),
        ):
            with pytest.raises(NotFound):
                ask(thing.public_id)


def test_raw_sql_sees_nothing_either(world: World) -> None:
    with tenant_scope(world.aozora.id):
        uploaded(world, world.alice)
    with tenant_scope(world.northwind.id), connection.cursor() as cursor:
        for table in ("library_brand", "library_subject", "library_referenceimage"):
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - names from the line above
            assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("model", [Brand, Subject, ReferenceImage])
def test_outside_a_scope_a_query_raises(world: World, model: type[Brand]) -> None:
    with pytest.raises(UnscopedQuery):
        model.objects.count()


@pytest.mark.parametrize("text", ["", "ref_", "sub_0123", "ref_" + "u" * 26, "ref_" + "0" * 26])
def test_what_is_no_id_is_not_found(world: World, text: str) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(NotFound):
        selectors.get_reference(text)


def test_two_companies_may_have_a_brand_of_one_name(world: World) -> None:
    with tenant_scope(world.aozora.id):
        services.add_brand(world.actor(world.alice), "Aozora")
        with pytest.raises(Conflict):
            services.add_brand(world.actor(world.alice), " Ａｏｚｏｒａ ")
    with tenant_scope(world.northwind.id):
        services.add_brand(world.actor(world.charlie), "Aozora")


@pytest.mark.parametrize(
    ("name", "kind", "word", "field"),
    [
        ("", "product", "bottle", "name"),
        ("x" * 121, "product", "bottle", "name"),
        ("Sencha", "animal", "bottle", "kind"),
        ("Sencha", "product", "", "word"),
        ("Sencha", "product", "ボトル", "word"),
        ("Sencha", "product", "{bottle}", "word"),
    ],
)
def test_a_subject_needs_a_name_a_kind_and_an_english_word(
    world: World, name: str, kind: str, word: str, field: str
) -> None:
    with tenant_scope(world.aozora.id):
        alice = world.actor(world.alice)
        brand = services.add_brand(alice, "Aozora")
        with pytest.raises(InvalidInput) as caught:
            services.add_subject(alice, brand, name, kind, word)
    assert caught.value.errors[0]["field"] == field


def test_words_are_normalised(world: World) -> None:
    with tenant_scope(world.aozora.id):
        alice = world.actor(world.alice)
        brand = services.add_brand(alice, "Aozora")
        subject = services.add_subject(alice, brand, "　煎茶ボトル ", "product", "Ｂｏｔｔｌｅ")
        assert (subject.name, subject.word) == ("煎茶ボトル", "bottle")
        with pytest.raises(Conflict):
            services.add_subject(alice, brand, "煎茶ボトル", "product", "bottle")
