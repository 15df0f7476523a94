"""Has every error sentence that may reach a terminal its Japanese, and is every Japanese one still said?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from imprimatur_cli.failure_words import LIBRARY
from imprimatur_cli.failure_words_commands import COMMANDS, SYSTEM, USAGE
from imprimatur_cli.failure_words_rights import RIGHTS
from imprimatur_cli.failures import TOLD
from imprimatur_cli.translation import FAILURES

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("generation", "governance", "platform/imprimatur_cli")
# Errors that commands tell. Of those about rights: what a worker or a server alone hears is left out.
RAISED: Final = TOLD | {
    *("CommandError", "ServerUnreachable", "SignInFailed", "StackFailed", "BadParameter", "_Bad", "_Broken", "Note"),
    *("InvalidTerms", "InvalidKey", "SigningFailed", "ManifestRejected", "LedgerBroken", "CheckpointRefused"),
}


def sources() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not path.name.startswith("failure_words"):
                yield ast.parse(path.read_text(encoding="utf-8"))


def template(node: ast.expr) -> str | None:
    """A string with {} where something is filled in, or added at its end."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w+\}|(?<=; )$", "{}", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def sentences_of(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", "")
    if name in RAISED:
        texts = [text for text in map(template, call.args) if text is not None]
        yield from texts[-1:]  # a code may stand before the sentence


def worded_by_classes(tree: ast.Module) -> Iterator[str]:
    """What `super().__init__` is given by a class of RAISED."""
    for defined in ast.walk(tree):
        if isinstance(defined, ast.ClassDef) and defined.name in RAISED:
            for call in ast.walk(defined):
                if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "__init__":
                    yield from (text for text in map(template, call.args) if text is not None)


def test_every_sentence_an_error_may_say_has_its_japanese() -> None:
    said = set()
    for tree in sources():
        said.update(text for node in ast.walk(tree) if isinstance(node, ast.Call) for text in sentences_of(node))
        said.update(worded_by_classes(tree))
    assert sorted(text for text in said if text not in FAILURES and text.count(" ") > 1) == []


def test_nothing_is_translated_that_nobody_says() -> None:
    nodes = (node for tree in sources() for node in ast.walk(tree))
    kept = {template(node) for node in nodes if isinstance(node, ast.expr)}
    elsewhere = SYSTEM.keys() | USAGE.keys()
    assert sorted(key for key in FAILURES if key not in kept | elsewhere) == []


@pytest.mark.parametrize("words", [LIBRARY, RIGHTS, COMMANDS])
def test_the_japanese_says_all_that_was_filled_in(words: dict[str, str]) -> None:
    for english, japanese in words.items():
        gaps = english.count("{}")
        used = {number for number in range(9) if f"{{{number}}}" in japanese}
        assert used <= set(range(gaps)), english
        assert not gaps or used, english
