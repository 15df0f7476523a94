"""From an approved wording, its subjects' words and an option of each variable to the prompt that the model reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from generation.words import find_phrase
from imprimatur.prompts.models import TemplateVersion
from imprimatur.prompts.wording import MAX_TOKEN, PLACEHOLDER, Problem, normal, subjects_in
from imprimatur.tenants.errors import InvalidInput, Sentence

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9 '\-]*")
_ARTICLE: Final = re.compile(r"\b([Aa])n?(?= \{(\w+)\})")
# Vowels that are written but not heard: a unicorn, a used car, a one-pot stove, a European lamp.
_HEARD_AS_CONSONANT: Final = re.compile(r"(uni|use|usu|eu|one\b|once)", re.IGNORECASE)
_EXAMPLES: Final = ("bottle", "mug", "bag", "shoe")


@dataclass(frozen=True)
class Rendered:
    """The English prompt, and the words or phrases in it that are narrowed to references.

    words: one for each subject, in order. variables: name -> English token, as used: what a generation keeps.
    """

    prompt: str
    words: tuple[str, ...]
    variables: dict[str, str]

    @property
    def word(self) -> str:
        """The first subject's."""
        return self.words[0]


def render(version: TemplateVersion, subject_words: str | Sequence[str], variables: Mapping[str, Any]) -> Rendered:
    """Fill the version's text. subject_words: one for each of its subjects, in order.

    InvalidInput when there are more or fewer than the text asks for, one is no English word, a variable is missing,
    unknown, or given something that is none of its options, or when a word stands in the prompt more than once.
    """
    given = [subject_words] if isinstance(subject_words, str) else list(subject_words)
    names = subjects_in(version.text, version.variables)
    check_count(version, len(given))
    words = tuple(_checked_word(name, word) for name, word in zip(names, given, strict=True))
    tokens = _checked_variables(version, variables)
    fills = tokens | dict(zip(names, words, strict=True))
    text = _ARTICLE.sub(lambda match: _article(match[1], fills[match[2]]), version.text)
    prompt = PLACEHOLDER.sub(lambda match: fills[match[1]], text)
    _check_words(prompt, names, words)
    return Rendered(prompt=prompt, words=words, variables=tokens)


def check_count(version: TemplateVersion, given: int) -> None:
    """InvalidInput unless the version asks for exactly so many subjects."""
    asked = version.subject_count
    if given != asked:
        message = ngettext(
            "This template shows %(asked)d subject; choose as many.",
            "This template shows %(asked)d subjects; choose as many.",
            asked,
        )
        raise _invalid([_problem("subjects", message % {"asked": asked})])


def preview(version: TemplateVersion) -> Rendered:
    """The prompt for things that everybody knows, with the first option of every variable."""
    words = _EXAMPLES[: version.subject_count]
    return render(version, words, {v["name"]: v["options"][0]["token"] for v in version.variables})


def describe(version: TemplateVersion, variables: Mapping[str, str], language: str) -> str:
    """Template and chosen options in words for people, such as a picture's alternative text."""
    column = "ja" if language.startswith("ja") else "en"
    name = version.template.name_ja if column == "ja" and version.template.name_ja else version.template.name_en
    labels = [_option_label(variable, variables.get(variable["name"], ""), column) for variable in version.variables]
    chosen = ("、" if column == "ja" else ", ").join(label for label in labels if label)
    return f"{name}: {chosen}" if chosen else name


def chosen_contexts(version: TemplateVersion, variables: Mapping[str, str]) -> frozenset[str]:
    """What the chosen options put the subject beside, as the template's author tagged them."""
    return frozenset(
        context
        for variable in version.variables
        for option in variable["options"]
        if option["token"] == variables.get(variable["name"])
        for context in option.get("contexts", ())
    )


def _checked_word(name: str, subject_word: str) -> str:
    word = normal(subject_word)
    if not _WORD.fullmatch(word) or len(word) > MAX_TOKEN:
        raise _invalid([_problem(name, _("Name the subject with an English word, such as “bottle”."))])
    return word


def _check_words(prompt: str, names: Sequence[str], words: Sequence[str]) -> None:
    """Each word must point at one place, and no two at the same."""
    for name, word in zip(names, words, strict=True):
        if len(re.findall(rf"\b{re.escape(word)}\b", prompt, re.IGNORECASE)) != 1:
            message = _("“%(word)s” stands in the prompt more than once, so it is unclear which one is meant.")
            raise _invalid([_problem(name, message % {"word": word})])
    for (_first, one), (name, other) in combinations(zip(names, words, strict=True), 2):
        if set(find_phrase(prompt, one)) & set(find_phrase(prompt, other)):
            message = _("“%(one)s” and “%(other)s” cannot be told apart: choose subjects with words of their own.")
            raise _invalid([_problem(name, message % {"one": one, "other": other})])


def _checked_variables(version: TemplateVersion, given: Mapping[str, Any]) -> dict[str, str]:
    by_name = {variable["name"]: variable for variable in version.variables}
    problems = [
        _problem(f"variables.{name}", _("This template has no variable “%(name)s”.") % {"name": name})
        for name in given
        if name not in by_name
    ]
    tokens = {}
    for name, variable in by_name.items():
        token = normal(str(given.get(name, "")))
        allowed = {option["token"] for option in variable["options"]}
        if not token:
            problems.append(_problem(f"variables.{name}", _("Choose one of the options.")))
        elif token not in allowed:
            message = _("“%(token)s” is none of the options: %(options)s.")
            words = {"token": token, "options": ", ".join(sorted(allowed))}
            problems.append(_problem(f"variables.{name}", message % words))
        tokens[name] = token
    if problems:
        raise _invalid(problems)
    return tokens


def _article(letter: str, following: str) -> str:
    sounds_open = following[0].lower() in "aeiou" and not _HEARD_AS_CONSONANT.match(following)
    return f"{letter}n" if sounds_open else letter


def _option_label(variable: Mapping[str, Any], token: str, column: str) -> str:
    found = [option["label"][column] for option in variable["options"] if option["token"] == token]
    return str(found[0]) if found else ""


def _problem(field: str, message: Sentence) -> Problem:
    return {"field": field, "message": message}


def _invalid(problems: list[Problem]) -> InvalidInput:
    return InvalidInput(errors=problems, code="invalid_variables")
