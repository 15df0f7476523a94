"""What exactly shall be drawn? A template, its subjects' words and some dials become a `GenerationSpec` a picture."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generation.profiles import UnknownProfile, get_profile
from generation.spec import GenerationSpec, InvalidSpec, MaskDials, SubjectSpec
from imprimatur.generations.cast import CastMember
from imprimatur.prompts import rendering
from imprimatur.prompts.models import TemplateVersion
from imprimatur.rights.places import require_known_place
from imprimatur.tenants.errors import InvalidInput

MAX_COUNT: Final = 16
SEED_LIMIT: Final = 2**31
USE_FIELDS: Final = ("channel", "territory", "purpose")
_LIMITS: Final[dict[str, tuple[float, float]]] = {
    "quantity": (0.01, 1.0),
    "scope": (0.01, 1.0),
    "steps": (1, 200),
    "guidance_scale": (1.0, 30.0),
}


@dataclass(frozen=True)
class Dials:
    """What a creator may turn; None is the model's own. See `GenerationSpec` for units."""

    quantity: float | None = None
    scope: float | None = None
    steps: int | None = None
    guidance_scale: float | None = None

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Dials:
        """From a form or JSON. Raises InvalidInput that names every dial outside its range."""
        unknown = sorted(set(values) - set(_LIMITS))
        errors = [_error(f"dials.{name}", _("There is no such dial.")) for name in unknown]
        errors += [_error(f"dials.{name}", _range(name)) for name in _LIMITS if not _fits(name, values.get(name))]
        if errors:
            raise InvalidInput(errors=errors)
        given = {name: float(values[name]) for name in _LIMITS if values.get(name) not in (None, "")}
        steps = int(given.pop("steps")) if "steps" in given else None
        return cls(steps=steps, **given)


def specs(
    *,
    members: Sequence[CastMember],
    version: TemplateVersion,
    variables: Mapping[str, str],
    dials: Dials,
    seeds: list[int],
) -> list[GenerationSpec]:
    """One spec for each seed. Raises InvalidInput for subjects, variables or dials that do not fit the template or its
    model."""
    rendered = rendering.render(version, [member.word for member in members], dict(variables))
    first, *others = [_subject(m, word) for m, word in zip(members, rendered.words, strict=True)]
    chosen: dict[str, Any] = {name: value for name, value in vars(dials).items() if value is not None}
    steps = chosen.setdefault("steps", own_steps(version.profile))
    mask = MaskDials(scope=chosen.pop("scope", MaskDials.scope), stop_step=_stop_step(steps))
    try:
        return [
            GenerationSpec(
                profile=version.profile,
                prompt=rendered.prompt,
                word=first.word,
                seed=seed,
                reference_digests=first.reference_digests,
                box=first.box,
                sketch_digest=first.sketch_digest,
                others=tuple(others),
                mask=mask,
                explain=True,
                **chosen,
            )
            for seed in seeds
        ]
    except InvalidSpec as error:
        raise InvalidInput(errors=[_error("dials", str(error))]) from error


def _subject(member: CastMember, word: str) -> SubjectSpec:
    digests = tuple(reference.sha256 for reference in member.references)
    drawn = member.sketch.sha256 if member.sketch else ""
    return SubjectSpec(word=word, reference_digests=digests, box=member.box, sketch_digest=drawn)


def own_steps(profile: str) -> int:
    """The steps a model takes by itself."""
    try:
        return get_profile(profile).steps
    except UnknownProfile:
        return GenerationSpec.steps


def _stop_step(steps: int) -> int:
    """The mask freezes at the same share of the way, however many steps there are: 12 of 25."""
    return max(1, steps * 12 // 25)


def seeds(count: int, seed: int | None) -> list[int]:
    """`count` different seeds: the given one and those after it, or fresh ones. Raises InvalidInput."""
    if not 1 <= count <= MAX_COUNT:
        raise InvalidInput(errors=[_error("count", _("Ask for 1 to %(limit)d pictures.") % {"limit": MAX_COUNT})])
    if seed is None:
        seed = secrets.randbelow(SEED_LIMIT)
    if not 0 <= seed < SEED_LIMIT:
        raise InvalidInput(errors=[_error("seed", _("The seed must lie between 0 and 2147483647."))])
    return [(seed + offset) % SEED_LIMIT for offset in range(count)]


def checked_use(use: Mapping[str, Any]) -> dict[str, str]:
    """The use as it is kept with the row. Raises InvalidInput for other fields, and a territory that is none."""
    unknown = sorted(set(use) - set(USE_FIELDS))
    if unknown:
        raise InvalidInput(
            errors=[_error(f"use.{name}", _("A use has channel, territory and purpose.")) for name in unknown]
        )
    said = {name: str(use.get(name) or "").strip() for name in USE_FIELDS}
    require_known_place(said["territory"])
    return said


def _fits(name: str, value: Any) -> bool:
    if value in (None, ""):
        return True
    low, high = _LIMITS[name]
    try:
        return low <= float(value) <= high
    except (TypeError, ValueError):
        return False


def _range(name: str) -> str:
    low, high = _LIMITS[name]
    return _("Choose a number between %(low)s and %(high)s.") % {"low": f"{low:g}", "high": f"{high:g}"}


def _error(field: str, message: str | Promise) -> dict[str, Any]:
    return {"field": field, "message": str(message)}
