"""From an approved wording, a subject's word and one option of each variable to the English prompt the model reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from imprimatur.prompts.models import TemplateVersion
from imprimatur.prompts.wording import MAX_TOKEN, PLACEHOLDER, SUBJECT, Problem, normal
from imprimatur.tenants.errors import InvalidInput, Sentence

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9 '\-]*")
_ARTICLE: Final = re.compile(r"\b([Aa])n?(?= \{(\w+)\})")
# Vowels that are written but not heard: a unicorn, a used car, a one-pot stove, a European lamp.
_HEARD_AS_CONSONANT: Final = re.compile(r"(uni|use|usu|eu|one\b|once)", re.IGNORECASE)


@dataclass(frozen=True)
class Rendered:
    """The English prompt, and the word or phrase in it that is narrowed to the reference.

    variables: name -> English token, as used: what a generation keeps.
    """

    prompt: str
    word: str
    variables: dict[str, str]


def render(version: TemplateVersion, subject_word: str, variables: Mapping[str, Any]) -> Rendered:
    """Fill the version's text. InvalidInput when the word is no English word, a variable is missing, unknown, or given
    something that is none of its options, or when the word stands in the prompt more than once."""
    word = _checked_word(subject_word)
    tokens = _checked_variables(version, variables)
    fills = tokens | {SUBJECT: word}
    text = _ARTICLE.sub(lambda match: _article(match[1], fills[match[2]]), version.text)
    prompt = PLACEHOLDER.sub(lambda match: fills[match[1]], text)
    if len(re.findall(rf"\b{re.escape(word)}\b", prompt, re.IGNORECASE)) != 1:
        message = _("“%(word)s” stands in the prompt more than once, so it is unclear which one is meant.")
        raise _invalid([_problem(SUBJECT, message % {"word": word})])
    return Rendered(prompt=prompt, word=word, variables=tokens)


def preview(version: TemplateVersion, subject_word: str = "bottle") -> Rendered:
    """The prompt with the first option of every variable."""
    return render(version, subject_word, {v["name"]: v["options"][0]["token"] for v in version.variables})


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


def _checked_word(subject_word: str) -> str:
    word = normal(subject_word)
    if not _WORD.fullmatch(word) or len(word) > MAX_TOKEN:
        raise _invalid([_problem(SUBJECT, _("Name the subject with an English word, such as “bottle”."))])
    return word


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
