"""Errors are worded in English where they happen; here they are said in the language of whoever typed the command.

A sentence is found by the pattern it was filled from, and what was filled in may be a sentence again.
`tests/house/test_command_line_japanese.py` finds every sentence that could reach a terminal and has no Japanese.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from imprimatur_cli.failure_words import LIBRARY
from imprimatur_cli.failure_words_commands import COMMANDS
from imprimatur_cli.failure_words_rights import RIGHTS
from imprimatur_cli.sentences import Language, default_language

FAILURES: Final[dict[str, str]] = LIBRARY | RIGHTS | COMMANDS
GAP: Final = "{}"


def translated(sentence: str, language: Language) -> str:
    """The sentence in `language`; as it is where nobody has translated it, such as what an operating system says."""
    if language == "en":
        return sentence
    if sentence in FAILURES:
        return FAILURES[sentence]
    found = next(((match, told) for pattern, told in _patterns() if (match := pattern.fullmatch(sentence))), None)
    if found is None:
        return sentence
    parts = [translated(part, language) for part in found[0].groups()]
    return re.sub(r"\{(\d)\}", lambda gap: parts[int(gap[1])], found[1])


class Commands(TyperGroup):
    """All commands; what the option parser finds wrong with them is told in the language of --lang."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """See typer. What stands before a command's name is read here."""
        language = _asked(args)
        with _usage_in(language):
            made = super().make_context(info_name, args, parent, **extra)
        made.obj = language
        return made

    def invoke(self, ctx: Any) -> Any:
        """See typer. A command reads its own options here."""
        with _usage_in(ctx.obj):
            return super().invoke(ctx)


class _WrongUsage(typer.BadParameter):
    def format_message(self) -> str:
        """Whole already."""
        return self.message


@contextmanager
def _usage_in(language: Language) -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        sentence = translated(error.format_message(), language)
        if sentence == error.format_message():  # also the help, which is shown where there are no arguments
            raise
        raise _WrongUsage(sentence, getattr(error, "ctx", None)) from error


def _asked(args: Sequence[str]) -> Language:
    """Before anything is parsed: --lang ja or --lang=ja, wherever it stands."""
    named = [after for option, after in pairwise(args) if option == "--lang"]
    named += [arg.removeprefix("--lang=") for arg in args if arg.startswith("--lang=")]
    return "ja" if "ja" in named else "en" if "en" in named else default_language()


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The wordiest first: it says most about what happened."""
    ordered = sorted((key for key in FAILURES if GAP in key), key=lambda key: -len(key.replace(GAP, "")))
    gap = re.escape(GAP)
    return [(re.compile(re.escape(key).replace(gap, "(.+?)"), re.DOTALL), FAILURES[key]) for key in ordered]
