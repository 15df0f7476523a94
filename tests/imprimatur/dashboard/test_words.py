"""Codes of other parts have words here: none is shown to people as it is kept."""

from __future__ import annotations

import pytest
from django.utils import translation
from imprimatur.dashboard import words
from imprimatur.dashboard.model_facts import LIMITS, knows, studio_facts
from imprimatur.dashboard.presentation import LOOKS, look
from imprimatur.generations.models import GenerationState
from imprimatur.prompts.models import VersionStatus
from imprimatur.releases.verification import Verdict
from imprimatur.review.states import OutputState
from imprimatur.rights.models import RightStatus
from imprimatur.tenants.permissions import Permission

from generation.profiles import STUDIO
from generation.studio.vocabulary import KINDS

STATES = {
    "generation": GenerationState,
    "output": OutputState,
    "right": RightStatus,
    "version": VersionStatus,
    "verdict": Verdict,
}


@pytest.mark.parametrize("kind", STATES)
def test_every_state_has_an_icon_and_a_word(kind: str) -> None:
    assert set(LOOKS[kind]) == set(STATES[kind])
    assert all(shown.icon and str(shown.label) for shown in LOOKS[kind].values())


def test_an_unknown_state_shows_its_name() -> None:
    assert look("generation", "hibernating").label == "hibernating"


def test_every_permission_has_a_word() -> None:
    assert set(words.PERMISSION_LABELS) == set(Permission)


def test_a_new_event_is_readable() -> None:
    assert words.word(words.EVENTS, "output.sent_to_moon") == "output sent to moon"


def test_what_the_model_cannot_draw_is_said_in_japanese_too() -> None:
    assert set(STUDIO.cannot_draw) == set(LIMITS)
    with translation.override("ja"):
        facts = studio_facts()
    assert not [limit for limit in facts.limits if limit.isascii()]
    assert [term.ja for term in KINDS] == facts.things


def test_only_taught_words_are_known() -> None:
    assert knows("studio", KINDS[0].token)
    assert not knows("studio", "helicopter")
