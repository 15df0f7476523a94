"""The committed stylesheet knows every class the pages use: somebody rebuilt it after using a new one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STYLESHEET = ROOT / "platform" / "imprimatur" / "static" / "css" / "app.css"
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")
CLASSES = re.compile(r'class="([^"]*)"')
SELECTOR = re.compile(r"\.((?:[\w-]|\\.)+)")


def known_classes() -> set[str]:
    return {re.sub(r"\\(.)", r"\1", name) for name in SELECTOR.findall(STYLESHEET.read_text())}


def used_classes() -> dict[str, str]:
    """class -> a template that uses it."""
    used = {}
    for path in (ROOT / "templates").rglob("*.html"):
        for classes in CLASSES.findall(TAG.sub(" ", path.read_text())):
            used |= dict.fromkeys(classes.split(), path.name)
    return used


def test_every_class_of_the_pages_is_in_the_stylesheet() -> None:
    known = known_classes()
    assert {name: where for name, where in used_classes().items() if name not in known} == {}


def test_nothing_is_fetched_from_elsewhere() -> None:
    pages = [*(ROOT / "templates").rglob("*.html"), STYLESHEET, *STYLESHEET.parents[1].glob("js/*.js")]
    fetched = re.compile(r"""(?:src|href|url|import|from)\s*[=(]?\s*["']?https?://""")
    assert [path.name for path in pages if fetched.search(path.read_text())] == []


def test_no_page_carries_script_or_style_of_its_own() -> None:
    inline = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:")
    assert [p.name for p in (ROOT / "templates").rglob("*.html") if inline.search(p.read_text())] == []
