"""Is this a wording people can be offered? What a template's text and variables may hold, checked before storing.

The text is English with `{subject}` exactly once, `{subject2}` and so on once each where it shows several subjects, and
`{name}` for each variable. A variable offers options; an option
is an English token, which is what the model reads, under a label in each language, which is what people read.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from generation.spec import MAX_SUBJECTS
from governance.sentences import CONTEXTS
from imprimatur.tenants.errors import InvalidInput, Sentence

SUBJECT: Final = "subject"
SUBJECTS: Final = (SUBJECT, *(f"{SUBJECT}{number}" for number in range(2, MAX_SUBJECTS + 1)))
MAX_TEXT, MAX_TOKEN, MAX_LABEL, MAX_VARIABLES, MAX_OPTIONS = 300, 60, 60, 8, 40
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
_ENGLISH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,.'\-]*")
_PLAIN_TEXT: Final = re.compile(r"[A-Za-z0-9 ,.:;'\"()\-!?&%/]*")

Problem = dict[str, Any]


def normal(text: str) -> str:
    """NFKC, single spaces, none at the ends: full-width letters from a Japanese keyboard become plain ones."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def checked(text: str, variables: Sequence[Mapping[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The normalised text and variables, ready to store. InvalidInput with every problem at once."""
    clean_text = normal(text)
    clean = [_normal_variable(variable) for variable in variables]
    problems = [*_text_problems(clean_text), *_variable_problems(clean), *_placeholder_problems(clean_text, clean)]
    if problems:
        raise InvalidInput(errors=problems, code="invalid_template")
    return clean_text, clean


def placeholders(text: str) -> list[str]:
    """The names in braces, in order, `subject` among them."""
    return PLACEHOLDER.findall(text)


def subjects_in(text: str, variables: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the subjects that a wording asks for, in order. Old wordings may have variables of such names."""
    taken = {variable["name"] for variable in variables}
    return tuple(name for name in SUBJECTS if name in set(placeholders(text)) - taken)


def _normal_variable(variable: Any) -> dict[str, Any]:
    """The three parts of a variable whatever was sent; what is missing is empty, and named as a problem later."""
    said = _mapping(variable)
    options = said.get("options")
    return {
        "name": normal(str(said.get("name", ""))),
        "label": _normal_label(said.get("label")),
        "options": [_normal_option(_mapping(o)) for o in (options if isinstance(options, list | tuple) else [])],
    }


def _normal_option(said: Mapping[str, Any]) -> dict[str, Any]:
    """contexts: what choosing it puts the subject beside, as far as a consent may forbid it."""
    option: dict[str, Any] = {"token": normal(str(said.get("token", ""))), "label": _normal_label(said.get("label"))}
    tagged = said.get("contexts")
    contexts = sorted({str(c) for c in tagged} if isinstance(tagged, list | tuple) else ())
    return option | ({"contexts": contexts} if contexts else {})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _normal_label(label: Any) -> dict[str, str]:
    return {language: normal(str(_mapping(label).get(language, ""))) for language in ("en", "ja")}


def _text_problems(text: str) -> list[Problem]:
    if not text:
        return [_problem("text", _("Write the prompt."))]
    if len(text) > MAX_TEXT:
        return [_problem("text", _("Keep the prompt under 300 characters."))]
    rest = PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        return [_problem("text", _("A brace is not closed: write {subject} or {name}."))]
    if not _PLAIN_TEXT.fullmatch(rest):
        return [_problem("text", _("Write the prompt in English: the model reads English only."))]
    return []


def _placeholder_problems(text: str, variables: Sequence[Mapping[str, Any]]) -> list[Problem]:
    counts = Counter(placeholders(text))
    known = {variable["name"] for variable in variables}
    problems = [*_subject_problems(counts)]
    for name in sorted(set(counts) - known - set(SUBJECTS)):
        problems.append(_problem("text", _("{%(name)s} has no variable. Add one, or take it out.") % {"name": name}))
    for name in sorted(known - set(counts)):
        message = _("The prompt does not use the variable “%(name)s”. Write {%(name)s}, or remove it.")
        problems.append(_problem("variables", message % {"name": name}))
    return problems


def _subject_problems(counts: Mapping[str, int]) -> list[Problem]:
    """The first is always there; the others are numbered without a gap, and each stands once."""
    if counts.get(SUBJECT) != 1:
        return [_problem("text", _("Write {subject} exactly once: it is where the subject stands."))]
    asked = [name for name in SUBJECTS if counts.get(name)]
    twice = [name for name in asked if counts[name] > 1]
    if twice:
        return [_problem("text", _("Write {%(name)s} once: each subject stands in one place.") % {"name": twice[0]})]
    if tuple(asked) != SUBJECTS[: len(asked)]:
        message = _("Number the subjects without a gap: {subject}, {subject2}, {subject3}, {subject4}.")
        return [_problem("text", message)]
    return []


def _variable_problems(variables: Sequence[Mapping[str, Any]]) -> list[Problem]:
    if len(variables) > MAX_VARIABLES:
        return [_problem("variables", _("Use eight variables at most."))]
    names = Counter(variable["name"] for variable in variables)
    problems = [
        _problem("variables", _("The variable “%(name)s” is there twice.") % {"name": name})
        for name, count in names.items()
        if count > 1
    ]
    for variable in variables:
        problems += _one_variable_problems(variable)
    return problems


def _one_variable_problems(variable: Mapping[str, Any]) -> list[Problem]:
    name, options = variable["name"], variable["options"]
    if name in SUBJECTS[1:]:
        message = _("{%(name)s} is where a subject stands: give the variable another name.")
        return [_problem("variables", message % {"name": name})]
    if not _NAME.fullmatch(name) or name == SUBJECT:
        message = _("Name variables with small letters, digits and _ (not “subject”): “%(name)s” is not possible.")
        return [_problem("variables", message % {"name": name})]
    if not 1 <= len(options) <= MAX_OPTIONS:
        return [_problem("variables", _("Give “%(name)s” between 1 and 40 options.") % {"name": name})]
    tokens = [option["token"] for option in options]
    if len(set(tokens)) != len(tokens):
        return [_problem("variables", _("Two options of “%(name)s” have the same English words.") % {"name": name})]
    return [problem for option in options for problem in _option_problems(name, option)] + _label_problems(
        name, variable["label"]
    )


def _option_problems(name: str, option: Mapping[str, Any]) -> list[Problem]:
    token = option["token"]
    unknown = [context for context in option.get("contexts", ()) if context not in CONTEXTS]
    if unknown:
        message = _("“%(token)s” of “%(name)s” is tagged with an unknown context.")
        return [_problem("variables", message % {"token": token, "name": name})]
    if not _ENGLISH.fullmatch(token) or len(token) > MAX_TOKEN:
        message = _("“%(token)s” of “%(name)s” must be English words, at most 60 characters, without braces.")
        return [_problem("variables", message % {"token": token, "name": name})]
    return _label_problems(name, option["label"])


def _label_problems(name: str, label: Mapping[str, str]) -> list[Problem]:
    if all(0 < len(words) <= MAX_LABEL for words in label.values()):
        return []
    message = _("Label “%(name)s” and each of its options in English and in Japanese, 60 characters at most.")
    return [_problem("variables", message % {"name": name})]


def _problem(field: str, message: Sentence) -> Problem:
    return {"field": field, "message": message}
