"""Every sentence a person can meet is there in Japanese: none missing, doubtful, left over or uncompiled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "platform" / "imprimatur" / "locale" / "ja" / "LC_MESSAGES" / "django.po"
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
MARKED = re.compile(r"""(?:\b_|\bgettext|\bngettext)\(u?((?:'(?:[^'\\]|\\.)*')|(?:"(?:[^"\\]|\\.)*"))""")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def entries() -> list[polib.POEntry]:
    return list(polib.pofile(str(CATALOGUE)))


def said_in_python() -> Iterator[str]:
    for path in (ROOT / "platform").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS
            if called and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                yield node.args[0].value


def said_in_templates() -> Iterator[str]:
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]  # and mails
    for path in pages:
        for literal in MARKED.findall(templatize(path.read_text())):
            yield ast.literal_eval(literal)


def test_every_sentence_is_in_the_catalogue_and_no_other() -> None:
    assert {*said_in_python(), *said_in_templates()} == {entry.msgid for entry in entries()}


def test_every_sentence_is_translated() -> None:
    silent = [e.msgid for e in entries() if not (e.msgstr or (e.msgstr_plural and all(e.msgstr_plural.values())))]
    assert silent == []
    assert [e.msgid for e in entries() if e.fuzzy] == []


def test_placeholders_survive_translation() -> None:
    def names(text: str) -> set[str]:
        return set(PLACEHOLDER.findall(text))

    wrong = [e.msgid for e in entries() if names(e.msgid) != names(e.msgstr or e.msgstr_plural[0])]
    assert wrong == []


def test_the_compiled_catalogue_is_in_step() -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert {(e.msgid, e.msgstr or e.msgstr_plural[0]) for e in entries()} == {
        (e.msgid, e.msgstr or e.msgstr_plural[0]) for e in compiled
    }
