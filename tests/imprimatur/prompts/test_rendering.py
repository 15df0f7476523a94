"""From wording to English prompt. No database: an unsaved version is enough."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imprimatur.prompts.models import PromptTemplate, TemplateVersion
from imprimatur.prompts.rendering import describe, preview, render
from imprimatur.prompts.wording import checked
from imprimatur.tenants.errors import InvalidInput


def variable(name: str, *options: tuple[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "label": {"en": name.title(), "ja": f"{name}の"},
        "options": [{"token": token, "label": {"en": token.title(), "ja": ja}} for token, ja in options],
    }


PLACE = variable("place", ("on the beach", "砂浜"), ("in the snow", "雪"))
COLOUR = variable("colour", ("red", "赤"), ("orange", "オレンジ"), ("unicorn pink", "桃"))


def version(text: str, *variables: dict[str, Any]) -> TemplateVersion:
    template = PromptTemplate(name_en="Season", name_ja="季節")
    return TemplateVersion(template=template, number=1, text=text, variables=list(variables))


def fields(caught: Any) -> set[str]:
    return {problem["field"] for problem in caught.value.errors}


def test_the_subject_and_every_variable_are_filled_in() -> None:
    rendered = render(version("a {subject} {place}, soft light", PLACE), "bottle", {"place": "in the snow"})
    assert rendered.prompt == "a bottle in the snow, soft light"
    assert rendered.word == "bottle"
    assert rendered.variables == {"place": "in the snow"}


@pytest.mark.parametrize(
    ("colour", "word", "prompt"),
    [
        ("red", "bottle", "a red bottle"),
        ("orange", "bottle", "an orange bottle"),
        ("unicorn pink", "bottle", "a unicorn pink bottle"),
    ],
)
def test_the_article_follows_the_sound_of_the_next_word(colour: str, word: str, prompt: str) -> None:
    assert render(version("an {colour} {subject}", COLOUR), word, {"colour": colour}).prompt == prompt


def test_the_article_before_the_subject() -> None:
    assert render(version("A {subject}"), "umbrella", {}).prompt == "An umbrella"
    assert render(version("a photo of an {subject}"), "mug", {}).prompt == "a photo of a mug"
    assert render(version("pasta {subject}"), "apron", {}).prompt == "pasta apron"


@pytest.mark.parametrize("given_variables", [{}, {"place": ""}, {"place": None}])
def test_a_variable_that_is_not_given_is_named(given_variables: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        render(version("a {subject} {place}", PLACE), "bottle", given_variables)
    assert fields(caught) == {"variables.place"}


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        wrong = {"place": "on the moon", "season": "spring"}
        render(version("a {colour} {subject} {place}", PLACE, COLOUR), "bottle", wrong)
    assert fields(caught) == {"variables.place", "variables.season", "variables.colour"}
    assert "in the snow, on the beach" in str(caught.value.errors)


@given(st.text(max_size=40))
def test_nothing_but_an_option_gets_in(text: str) -> None:
    try:
        rendered = render(version("a {subject} {place}", PLACE), "bottle", {"place": text})
    except InvalidInput:
        return
    assert rendered.prompt in {"a bottle on the beach", "a bottle in the snow"}


def test_full_width_tokens_are_read() -> None:
    rendered = render(version("a {subject} {place}", PLACE), "ｂｏｔｔｌｅ", {"place": "ｏｎ　ｔｈｅ ｂｅａｃｈ"})
    assert rendered.prompt == "a bottle on the beach"


@pytest.mark.parametrize("word", ["", "ボトル", "{place}", "a" * 61, "bottle, on fire", "1st"])
def test_the_word_is_plain_english(word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        render(version("a {subject}"), word, {})
    assert fields(caught) == {"subject"}


@pytest.mark.parametrize("text", ["a {subject} beside a bottle", "a Bottle like a {subject}"])
def test_the_word_must_not_stand_there_twice(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        render(version(text), "bottle", {})
    assert "more than once" in str(caught.value.errors[0]["message"])


def test_a_longer_word_is_another_word() -> None:
    assert render(version("a {subject} beside bottles"), "bottle", {}).prompt == "a bottle beside bottles"


def test_the_preview_takes_first_options() -> None:
    assert preview(version("a {colour} {subject} {place}", PLACE, COLOUR)).prompt == "a red bottle on the beach"


def test_a_description_speaks_to_people() -> None:
    chosen = {"place": "in the snow", "colour": "red"}
    both = version("a {colour} {subject} {place}", PLACE, COLOUR)
    assert describe(both, chosen, "en") == "Season: In The Snow, Red"
    assert describe(both, chosen, "ja") == "季節: 雪、赤"
    assert describe(version("a {subject}"), {}, "ja") == "季節"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "label", "options", "token", "en", "ja"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=3))
def test_whatever_is_sent_as_variables_is_refused_in_words_or_stored_whole(sent: list[Any]) -> None:
    try:
        _, variables = checked("a {subject}" + "".join(" {v}" for _ in sent), sent)
    except InvalidInput as refused:
        assert refused.errors
    else:
        assert all(v["options"] and v["label"]["ja"] for v in variables)


TWO = "a {subject} beside an {subject2} {place}"


def test_each_subject_has_a_place_of_its_own() -> None:
    wording = version(TWO, PLACE)
    assert wording.subject_count == 2
    rendered = render(wording, ["umbrella", "mug"], {"place": "on the beach"})
    assert rendered.prompt == "an umbrella beside a mug on the beach"
    assert (rendered.word, rendered.words) == ("umbrella", ("umbrella", "mug"))
    assert preview(wording).prompt == "a bottle beside a mug on the beach"


@pytest.mark.parametrize("words", [["bottle"], ["bottle", "mug", "bag"], []])
def test_as_many_subjects_as_the_wording_shows(words: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        render(version(TWO, PLACE), words, {"place": "on the beach"})
    assert fields(caught) == {"subjects"}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["bottle", "bottle"], "subject"),
        (["bottle", "water bottle"], "subject"),
        (["bottle", "bottles"], "subject2"),
        (["bottle", "水筒"], "subject2"),
        (["bottle", "beach"], "subject2"),
    ],
)
def test_subjects_that_cannot_be_told_apart_are_refused(words: list[str], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        render(version(TWO, PLACE), words, {"place": "on the beach"})
    assert fields(caught) == {field}


def test_an_old_variable_of_a_subjects_name_stays_a_variable() -> None:
    old = version("a {subject} beside {subject2}", PLACE | {"name": "subject2"})
    assert old.subject_count == 1
    assert render(old, "bottle", {"subject2": "on the beach"}).prompt == "a bottle beside on the beach"
