"""What a manifest says: the facts we put into pictures, and the C2PA 2.4 definitions made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from governance.c2pa_binding import SPEC_VERSION
from governance.canonical import canonical_json, sha256_hex
from governance.watermark import identifier_of

GENERATION_LABEL = "org.imprimatur.generation"
REFERENCE_LABEL = "org.imprimatur.reference"
WATERMARK_LABEL = "org.imprimatur.watermark"
WATERMARK_ALGORITHM = "org.imprimatur.spread-spectrum-dct.1"
SCHEMA = 1  # inside the data: a version suffix of the label would be dropped
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
REFERENCE, PARENT = "reference", "parent"

Origin = Literal["photograph", "drawing", "generated"]
Oversight = Literal["fully_autonomous", "prompt_guided", "human_validated"]
DerivativeAction = Literal["resized", "cropped", "converted", "labelled", "previewed", "published"]

_ORIGINS: dict[Origin, str] = {
    "photograph": "digitalCapture",
    "drawing": "digitalCreation",
    "generated": "trainedAlgorithmicMedia",
}
_ACTIONS: dict[DerivativeAction, str] = {
    "resized": "c2pa.resized.proportional",
    "cropped": "c2pa.cropped",
    "converted": "c2pa.transcoded",
    "labelled": "c2pa.addedText",
    "previewed": "c2pa.edited",
    "published": "c2pa.published",
}
# What changes how a picture looks has to say by what means; ours are drawn by a program without any model.
_VISIBLE: frozenset[DerivativeAction] = frozenset({"cropped", "labelled", "previewed"})
_BY_PROGRAM = "algorithmicMedia"
_TRAINING_USES = ("cawg.ai_generative_training", "cawg.ai_inference", "cawg.ai_training", "cawg.data_mining")


@dataclass(frozen=True, kw_only=True)
class ConsentCommitment:
    """Binds a picture to an agreement without telling anything about it: opaque id, salted HMAC (hex)."""

    id: str
    commitment: str


@dataclass(frozen=True, kw_only=True)
class OutputFacts:
    """What one generated picture says about itself. Nothing personal belongs here: the file travels.

    prompt: the English words, or empty where they may name a person.
    model_digests: SHA-256 by weight file. environment: sampler and library versions, to draw it again.
    consents: commitments to every agreement relied upon. own_work: the reference was declared the tenant's own.
    audit_head: hash of the tenant's audit chain when the order was given (`governance.ledger`).
    pixel_digest: `governance.intake.pixel_digest` of what the model drew, before enlarging, watermark and stamp.
    native_size: "128x128" as drawn, where the delivered picture is larger; empty where it is as drawn.
    generated_at: UTC ISO time; filled in while signing if empty. source_type: a term of IPTC's digitalsourcetype.
    watermarked: the pixels carry the mark of generation_id (`governance.watermark.identifier_of`), put there before
    signing.
    oversight: human_validated only once people approved.
    labels: rules of `governance.labels` whose marks a released picture carries, of the table dated label_table.
    """

    generation_id: str
    spec_digest: str
    template_version_id: str = ""
    prompt: str = ""
    model_name: str = ""
    model_digests: Mapping[str, str] = field(default_factory=dict)
    software_agent: str = "Imprimatur"
    software_version: str = "0.1.0"
    environment: Mapping[str, str] = field(default_factory=dict)
    permit_id: str = ""
    consents: tuple[ConsentCommitment, ...] = ()
    own_work: bool = False
    audit_head: str = ""
    pixel_digest: str = ""
    generated_at: str = ""
    source_type: str = "trainedAlgorithmicMedia"
    native_size: str = ""
    watermarked: bool = False
    oversight: Oversight = "prompt_guided"
    labels: tuple[str, ...] = ()
    label_table: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; `from_json` gives the same facts back."""
        return asdict(self) | {"consents": [asdict(c) for c in self.consents]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Unknown keys are ignored, missing ones take their defaults; the two ids must be there (TypeError)."""
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        consents = values.get("consents", ())
        values["consents"] = tuple(ConsentCommitment(id=c["id"], commitment=c["commitment"]) for c in consents)
        values["labels"] = tuple(values.get("labels", ()))
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class IntakeFacts:
    """What a stored reference says about itself: opaque id, and what the person who uploaded it declared it to be."""

    reference_id: str
    origin: Origin = "photograph"
    own_work: bool = False
    software_agent: str = "Imprimatur"
    software_version: str = "0.1.0"


def reference_definition(facts: IntakeFacts, mime: str) -> dict[str, Any]:
    """A platform-signed reference: created as declared, training refused."""
    action = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPES + _ORIGINS[facts.origin]}
    return _definition(facts, REFERENCE, mime, [_actions([action]), *_intake(facts)])


def output_definition(facts: OutputFacts, mime: str, *, references: Sequence[str]) -> dict[str, Any]:
    """A generated picture: created by a model from the references as input, then enlarged and marked if it was."""
    action: dict[str, Any] = {
        "action": "c2pa.created",
        "when": facts.generated_at,
        "softwareAgent": {"name": facts.software_agent, "version": facts.software_version},
        "digitalSourceType": SOURCE_TYPES + facts.source_type,
    }
    if references:
        action["parameters"] = {"ingredientIds": list(references)}
    return _definition(facts, facts.generation_id, mime, [_actions([action, *_finish(facts)]), *_disclosures(facts)])


def _finish(facts: OutputFacts) -> list[dict[str, Any]]:
    """What was done to the drawn pixels before they were signed.

    "unbound": the mark's algorithm is not on C2PA's register, so it cannot be a soft binding.
    """
    resized = [{"action": _ACTIONS["resized"]}] if facts.native_size else []
    marked = [{"action": "c2pa.watermarked.unbound"}] if facts.watermarked else []
    return [*resized, *marked]


def derivative_definition(
    facts: OutputFacts | IntakeFacts, mime: str, actions: Sequence[DerivativeAction]
) -> dict[str, Any]:
    """A rendition of a signed picture: opened first, then what was done to it. One of a reference discloses no AI."""
    steps: list[dict[str, Any]] = [{"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}]
    steps += [_step(action) for action in actions]
    if isinstance(facts, IntakeFacts):
        return _definition(facts, facts.reference_id, mime, [_actions(steps), *_intake(facts)])
    return _definition(facts, facts.generation_id, mime, [_actions(steps), *_disclosures(facts)])


def _step(action: DerivativeAction) -> dict[str, Any]:
    means = {"digitalSourceType": SOURCE_TYPES + _BY_PROGRAM} if action in _VISIBLE else {}
    return {"action": _ACTIONS[action], **means}


def _definition(
    facts: OutputFacts | IntakeFacts, title: str, mime: str, assertions: list[dict[str, Any]]
) -> dict[str, Any]:
    generator = {"name": facts.software_agent, "version": facts.software_version, "specVersion": SPEC_VERSION}
    said = [{**assertion, "created": True} for assertion in assertions]  # by us; not gathered from somebody else
    return {"claim_generator_info": [generator], "title": title, "format": mime, "assertions": said}


def _actions(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"label": "c2pa.actions.v2", "data": {"allActionsIncluded": True, "actions": steps}}


def _intake(facts: IntakeFacts) -> list[dict[str, Any]]:
    return [_no_training(), {"label": REFERENCE_LABEL, "data": {"schema": SCHEMA, **asdict(facts)}}]


def _disclosures(facts: OutputFacts) -> list[dict[str, Any]]:
    own = {"label": GENERATION_LABEL, "data": {"schema": SCHEMA, **facts.to_json()}}
    return [_ai_disclosure(facts), _no_training(), own, *_watermark(facts)]


def _watermark(facts: OutputFacts) -> list[dict[str, Any]]:
    """Which mark lies in the pixels. The identifier alone opens nothing: without the key it can't be looked for."""
    if not facts.watermarked:
        return []
    data = {
        "schema": SCHEMA,
        "algorithm": WATERMARK_ALGORITHM,
        "identifier": f"{identifier_of(facts.generation_id):012x}",
    }
    return [{"label": WATERMARK_LABEL, "data": data}]


def _ai_disclosure(facts: OutputFacts) -> dict[str, Any]:
    data: dict[str, Any] = {
        "modelType": "c2pa.types.model.pytorch",
        "modelName": facts.model_name or "unnamed",
        "contentProfile": {"humanOversightLevel": facts.oversight},
    }
    if facts.model_digests:
        data["modelIdentifier"] = f"urn:sha256:{sha256_hex(canonical_json(facts.model_digests))}"
    return {"label": "c2pa.ai-disclosure", "data": data}


def _no_training() -> dict[str, Any]:
    entries = {use: {"use": "notAllowed"} for use in _TRAINING_USES}
    return {"label": "cawg.training-mining", "data": {"entries": entries}}
