"""Where does this picture come from? Sign it, derive from it, read it.

Every picture that reaches a disk or a network goes through `sign_output` or `sign_derivative`: saving with Pillow
strips the manifest. Trusted does not mean identical bytes (a manifest has padding that no hash covers), so whoever
stores a signed file also stores its SHA-256.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from governance.c2pa_binding import OWN_ANCHORS, Ingredient, embed, extract
from governance.canonical import utc_text
from governance.errors import ManifestRejected, SigningFailed, UnreadableUpload
from governance.intake import Mime, check_complete
from governance.manifests import (
    GENERATION_LABEL,
    PARENT,
    REFERENCE,
    SOURCE_TYPES,
    ConsentCommitment,
    DerivativeAction,
    IntakeFacts,
    OutputFacts,
    derivative_definition,
    output_definition,
    reference_definition,
)
from governance.signing import Signer

__all__ = [
    "ConsentCommitment",
    "DerivativeAction",
    "IngredientReport",
    "IntakeFacts",
    "ManifestReport",
    "OutputFacts",
    "read",
    "read_damaged",
    "sign_derivative",
    "sign_output",
    "sign_reference",
    "verify_signed",
]

State = Literal["trusted", "valid", "invalid", "none"]
UNKNOWN_SIGNER = "signingCredential.untrusted"
EXPIRED = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
_STATES: dict[str, State] = {"Trusted": "trusted", "Valid": "valid", "Invalid": "invalid"}


@dataclass(frozen=True, kw_only=True)
class IngredientReport:
    """One picture this one was made from, and what was wrong with it when it was used.

    relationship: inputTo (a reference) or parentOf (the former version). state: none without a manifest of its own,
    valid if it was unchanged and only its signer was unknown or its certificate over when the new picture was made.
    failures: C2PA codes, such as assertion.dataHash.mismatch; they do not change the state of the whole.
    """

    title: str
    relationship: str
    state: State
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ManifestReport:
    """What a file says about itself, and whether to believe it.

    state: trusted (an anchor vouches for the signer), valid (nobody does), invalid (changed, expired or cut), none.
    signer: organisation and common name. stamped_at: when a time authority that an anchor vouches for saw it, ISO text,
    empty without such a stamp. unproven_stamp: the time that another authority says; anybody can write one.
    generated_at: UTC ISO text as the maker said it, empty if unsaid. source_type: IPTC's term.
    actions: C2PA names in order. facts: our own assertion, None in pictures that are not ours.
    failures: C2PA codes of the active manifest. ingredients: look at their failures too, a trusted picture may have
    been made from a tampered reference. raw: the manifest store as JSON.
    """

    state: State
    signer: str = ""
    stamped_at: str = ""
    unproven_stamp: str = ""
    generated_at: str = ""
    source_type: str = ""
    oversight: str = ""
    actions: tuple[str, ...] = ()
    facts: OutputFacts | None = None
    failures: tuple[str, ...] = ()
    ingredients: tuple[IngredientReport, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def is_only_expired(self) -> bool:
        """Invalid, but for no other reason than that the signer's certificate is over: not a byte was changed."""
        return self.state == "invalid" and bool(EXPIRED & set(self.failures)) and _is_unchanged(self.failures)

    @property
    def is_sound(self) -> bool:
        """Trusted, and so is everything it was made from."""
        return self.state == "trusted" and not any(i.state == "invalid" for i in self.ingredients)

    @property
    def all_failures(self) -> tuple[str, ...]:
        """C2PA codes of the picture and of everything it was made from."""
        return (*self.failures, *(code for ingredient in self.ingredients for code in ingredient.failures))


def sign_reference(image_bytes: bytes, mime: str, facts: IntakeFacts, signer: Signer) -> bytes:
    """A re-encoded upload (`governance.intake.decode_upload`) with the platform's manifest.

    Raises UnreadableUpload, or SigningFailed.
    """
    true_mime = _check_picture(image_bytes, mime, signer)
    return embed(reference_definition(facts, true_mime), image_bytes, true_mime, signer)


def sign_output(
    image_bytes: bytes,
    mime: str,
    facts: OutputFacts,
    signer: Signer,
    ingredient: bytes | None = None,
    *,
    references: Sequence[bytes] = (),
) -> bytes:
    """A generated picture with its manifest, and every signed reference it was drawn from.

    ingredient: the one reference; `references`: several, in the order of the spec. A picture that occurs twice is
    named once.

    Raises UnreadableUpload, ManifestRejected for a reference that was changed after it was signed (or was made from
    one that was), or SigningFailed.
    """
    true_mime = _check_picture(image_bytes, mime, signer)
    drawn_from = dict.fromkeys((*([] if ingredient is None else [ingredient]), *references))
    ingredients = tuple(_reference(data, number) for number, data in enumerate(drawn_from))
    dated = facts if facts.generated_at else replace(facts, generated_at=utc_text(datetime.now(UTC)))
    definition = output_definition(dated, true_mime, references=[i.label for i in ingredients])
    return embed(definition, image_bytes, true_mime, signer, ingredients)


def sign_derivative(  # noqa: PLR0917 - the order is that of the other two
    image_bytes: bytes,
    mime: str,
    parent_bytes: bytes,
    actions: Sequence[DerivativeAction],
    facts: OutputFacts | IntakeFacts,
    signer: Signer,
) -> bytes:
    """A rendition, thumbnail, preview or release of the signed `parent_bytes`, whose history it keeps.

    facts: those of the picture it is derived from: an output's, or a reference's.

    Raises UnreadableUpload, ManifestRejected for a parent without a valid manifest, or SigningFailed.
    """
    true_mime = _check_picture(image_bytes, mime, signer)
    parent = _ingredient(parent_bytes, "parentOf", PARENT)
    return embed(derivative_definition(facts, true_mime, actions), image_bytes, true_mime, signer, (parent,))


def read(data: bytes, mime: str, anchors: str) -> ManifestReport:
    """What the file says; never raises for a bad picture.

    anchors: text of `governance.anchors.Anchors`, PEM of every root to trust, "" for none.
    """
    try:
        true_mime = check_complete(data)
    except UnreadableUpload as error:
        return ManifestReport(state="invalid", failures=(f"image.{error.reason}",))
    if mime != true_mime:
        return ManifestReport(state="invalid", failures=("image.mime",))
    return _read_manifest(data, true_mime, anchors)


def read_damaged(data: bytes, mime: str, anchors: str) -> ManifestReport:
    """What a picture that does not decode to its end still says about itself: at best invalid, none without a manifest.

    For asking whose picture was changed; never for deciding that one is good.
    """
    if mime not in get_args(Mime):
        return ManifestReport(state="none")
    report = _read_manifest(data, cast(Mime, mime), anchors)
    return report if report.state == "none" else replace(report, state="invalid")


def _read_manifest(data: bytes, mime: Mime, anchors: str) -> ManifestReport:
    try:
        store = extract(data, mime, anchors)
    except ValueError as error:
        return ManifestReport(state="invalid", failures=(f"manifest.unreadable: {error}",))
    return ManifestReport(state="none") if store is None else _report(store)


def verify_signed(data: bytes, mime: str, anchors: str, *, generation_id: str = "") -> ManifestReport:
    """The report of a sound picture of ours: trusted, made from untampered pictures, for `generation_id` if given.

    Raises ManifestRejected naming what was found instead.
    """
    report = read(data, mime, anchors)
    if not report.is_sound:
        found = ", ".join(report.all_failures) or "no failure named"
        raise ManifestRejected(f"the picture's manifest is {report.state} ({found})")
    if generation_id and (report.facts is None or report.facts.generation_id != generation_id):
        raise ManifestRejected(f"the picture's manifest is not that of generation {generation_id}")
    return report


def _check_picture(data: bytes, mime: str, signer: Signer) -> Mime:
    true_mime = check_complete(data)
    if mime != true_mime:
        raise SigningFailed(f"the picture is {true_mime}, not {mime}: pass its true type")
    if signer.is_expired():
        raise SigningFailed(f"the signing certificate ended on {signer.expires_at:%Y-%m-%d}: renew it")
    return true_mime


def _reference(data: bytes, number: int) -> Ingredient:
    """The first is called `reference`, the next `reference-2`."""
    return _ingredient(data, "inputTo", f"{REFERENCE}-{number + 1}" if number else REFERENCE)


def _ingredient(data: bytes, relationship: str, label: str) -> Ingredient:
    mime = check_complete(data)
    report = _read_manifest(data, mime, "")
    broken = report.state == "invalid" and not report.is_only_expired
    if broken or any(i.state == "invalid" for i in report.ingredients):
        raise ManifestRejected(
            f"the {label} picture's manifest is invalid ({', '.join(report.all_failures)}): sign the original anew"
        )
    if report.state == "none" and label == PARENT:
        raise ManifestRejected("the parent picture has no manifest: sign it first, or its history is lost")
    return Ingredient(data=data, mime=mime, relationship=relationship, label=label, title=label)


def _report(store: dict[str, Any]) -> ManifestReport:
    manifest = store["manifests"][store["active_manifest"]]
    assertions = {a["label"]: a["data"] for a in manifest.get("assertions", [])}
    actions = assertions.get("c2pa.actions.v2", assertions.get("c2pa.actions", {})).get("actions", [])
    facts = _own_facts(assertions.get(GENERATION_LABEL))
    results = store.get("validation_results", {})
    state, failures = _judged(_STATES.get(store.get("validation_state", ""), "invalid"), results)
    stamped_at = manifest.get("signature_info", {}).get("time") or ""
    is_proven = "timeStamp.trusted" in _told(results, "success")
    return ManifestReport(
        state=state,
        signer=_signer_name(manifest.get("signature_info", {})),
        stamped_at=stamped_at if is_proven else "",
        unproven_stamp="" if is_proven else stamped_at,
        generated_at=facts.generated_at if facts else next((a["when"] for a in actions if "when" in a), ""),
        source_type=_source_type(actions, facts),
        oversight=facts.oversight if facts else "",
        actions=tuple(a["action"] for a in actions),
        facts=facts,
        failures=failures,
        ingredients=tuple(_ingredient_report(i) for i in manifest.get("ingredients", [])),
        raw=store,
    )


def _own_facts(data: dict[str, Any] | None) -> OutputFacts | None:
    """Our assertion; None if absent, or if somebody else wrote something else under our label."""
    try:
        return OutputFacts.from_json(data) if data else None
    except (TypeError, KeyError):
        return None


def _source_type(actions: list[dict[str, Any]], facts: OutputFacts | None) -> str:
    said = next((a["digitalSourceType"] for a in actions if "digitalSourceType" in a), "")
    return said.removeprefix(SOURCE_TYPES) or (facts.source_type if facts else "")


def _signer_name(signature: dict[str, Any]) -> str:
    return " / ".join(signature[key] for key in ("issuer", "common_name") if signature.get(key))


def _judged(state: State, results: dict[str, Any]) -> tuple[State, tuple[str, ...]]:
    """State and failures, once whoever only a root for time stamps vouches for is a stranger."""
    failures = _failures(results)
    vouched = _told(results, "success").get("signingCredential.trusted")
    if vouched is None or OWN_ANCHORS in vouched:
        return state, failures
    return "valid" if state == "trusted" else state, (*failures, UNKNOWN_SIGNER)


def _told(results: dict[str, Any], kind: Literal["success", "failure"]) -> dict[str, str]:
    """C2PA codes of the active manifest, in order, with what the library explains."""
    entries = results.get("activeManifest", {}).get(kind, [])
    return {entry["code"]: entry.get("explanation") or "" for entry in entries}


def _failures(results: dict[str, Any]) -> tuple[str, ...]:
    return tuple(entry["code"] for entry in results.get("activeManifest", {}).get("failure", []))


def _ingredient_report(ingredient: dict[str, Any]) -> IngredientReport:
    failures = _failures(ingredient.get("validation_results", {}))
    return IngredientReport(
        title=ingredient.get("title", ""),
        relationship=ingredient.get("relationship", ""),
        state=_ingredient_state(failures) if ingredient.get("active_manifest") else "none",
        failures=failures,
    )


def _ingredient_state(failures: tuple[str, ...]) -> State:
    if not failures:
        return "trusted"
    return "valid" if _is_unchanged(failures) else "invalid"


def _is_unchanged(failures: tuple[str, ...]) -> bool:
    """Whether nothing else is wrong than who signed, and when that certificate ended."""
    return set(failures) <= {UNKNOWN_SIGNER, *EXPIRED}
