"""What the C2PA conformance programme (0.2, for specification 2.4) asks of an asset: its 31 checks, in our own words.

Each check takes the active manifest as `Reader.crjson()` tells it and returns what it found wrong, so an empty list is
a pass. The public rubric is dated 2026-03-31.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Manifest = dict[str, Any]
Check = Callable[[Manifest], list[Any]]
CHECKS: dict[str, Check] = {}

INCEPTION = {"c2pa.created", "c2pa.opened"}
NOT_SEEN = {
    "c2pa.converted",
    "c2pa.published",
    "c2pa.repackaged",
    "c2pa.transcoded",
    "c2pa.resized.proportional",
    "c2pa.enhanced",
    "c2pa.edited.metadata",
    "c2pa.watermarked",
    "c2pa.watermarked.bound",
    "c2pa.watermarked.unbound",
    "c2pa.redacted",
}
DEPRECATED_ACTIONS = {
    "c2pa.copied",
    "c2pa.formatted",
    "c2pa.version_updated",
    "c2pa.printed",
    "c2pa.managed",
    "c2pa.produced",
    "c2pa.saved",
    "c2pa.color_adjustments",
    "c2pa.watermarked",
}
_ACTIONS = """
addedText adjustedColor changedSpeed color_adjustments converted created cropped deleted drawing dubbed edited
edited.metadata enhanced filtered mastered mixed opened orientation placed published redacted remixed removed
repackaged resized resized.proportional transcoded translated trimmed unknown watermarked watermarked.bound
watermarked.unbound
"""
ACTIONS = {f"c2pa.{name}" for name in _ACTIONS.split()}
_ASSERTIONS = """
hash.data hash.data.part actions.v2 ingredient.v3 hash.boxes hash.bmff.v3 hash.collection.data soft-binding cloud-
data embedded-data metadata certificate-status asset-ref asset-type.v2 hash.multi-asset thumbnail.claim
thumbnail.ingredient depthmap.GDepth icon alternative-content-representation external-reference session-keys
environmental-sustainability repository-receipt ai-disclosure assertion.metadata time-stamp
"""
ASSERTIONS = {f"c2pa.{name}" for name in _ASSERTIONS.split()}
DEPRECATED_ASSERTIONS = {
    "c2pa.claim",
    "c2pa.hash.bmff.v2",
    "c2pa.asset-type",
    "c2pa.ingredient",
    "c2pa.ingredient.v2",
    "c2pa.actions",
}
PARAMETERS = {
    "redacted",
    "ingredients",
    "ingredient",
    "description",
    "relatedAssertions",
    "sourceLanguage",
    "targetLanguage",
    "multipleInstances",
    "ranges",
    "weight",
    "width",
    "italic",
    "slant",
    "optical-size",
}
MISMATCHES = (
    "Mismatch",
    "mismatch",
    "hardBinding.redacted",
    "claimSignature.missing",
)
MALFORMED = (
    "malformed",
    ".invalid",
    "missing",
    "multiple",
    "unknownBox",
    "inaccessible",
    "wrongParents",
    "Manifest",
)


def check(function: Check) -> Check:
    """Counted under its own name."""
    CHECKS[function.__name__] = function
    return function


def actions_of(manifest: Manifest) -> list[dict[str, Any]]:
    """Of every actions assertion."""
    return [step for data in manifest["assertions"].values() for step in data.get("actions", [])]


def _ingredients(manifest: Manifest) -> list[dict[str, Any]]:
    return [data for data in manifest["assertions"].values() if "relationship" in data]


def _codes(manifest: Manifest) -> list[str]:
    return [entry["code"] for entry in manifest["validationResults"]["failure"]]


def _generator(manifest: Manifest) -> dict[str, Any]:
    info = manifest["claim.v2"]["claim_generator_info"]
    return dict(info[0] if isinstance(info, list) else info)


def _base(label: str) -> str:
    return label.split("__", maxsplit=1)[0]


# --- what the programme itself demands ---------------------------------------------------------------------------


@check
def visible_changes_say_by_what_means(manifest: Manifest) -> list[Any]:
    free = INCEPTION | NOT_SEEN | {"c2pa.placed"}
    seen = [a for a in actions_of(manifest) if a["action"].startswith("c2pa.") and a["action"] not in free]
    return [a["action"] for a in seen if "digitalSourceType" not in a]


@check
def the_generator_names_the_specification(manifest: Manifest) -> list[Any]:
    said = _generator(manifest).get("specVersion")
    return [] if isinstance(said, str) and said.split(".")[:2] == ["2", "4"] else [said]


@check
def every_list_of_actions_says_whether_it_is_complete(manifest: Manifest) -> list[Any]:
    lists = {label: data for label, data in manifest["assertions"].items() if "actions" in data}
    return [label for label, data in lists.items() if data.get("allActionsIncluded") is None]


@check
def opening_names_no_source_type(manifest: Manifest) -> list[Any]:
    return [a for a in actions_of(manifest) if a["action"] == "c2pa.opened" and "digitalSourceType" in a]


# --- structure and integrity -------------------------------------------------------------------------------------


@check
def results_are_there_for_structure(manifest: Manifest) -> list[Any]:
    return [] if manifest.get("validationResults") is not None else ["none"]


@check
def nothing_is_malformed(manifest: Manifest) -> list[Any]:
    return [code for code in _codes(manifest) if any(part in code for part in MALFORMED)]


@check
def results_are_there_for_integrity(manifest: Manifest) -> list[Any]:
    return [] if "failure" in manifest.get("validationResults", {}) else ["none"]


@check
def nothing_was_changed(manifest: Manifest) -> list[Any]:
    return [code for code in _codes(manifest) if any(part in code for part in MISMATCHES)]


@check
def the_first_created_action_is_an_inception(manifest: Manifest) -> list[Any]:
    created = [a["url"] for a in manifest["claim.v2"].get("created_assertions", []) if "c2pa.actions" in a["url"]]
    if not created or not created[0].endswith("c2pa.actions.v2"):
        return created or ["no created actions"]
    names = [a["action"] for a in actions_of(manifest)]
    return names[:1] if "c2pa.created" in names and names[0] not in INCEPTION else []


# --- labels, actions and their parameters ------------------------------------------------------------------------


@check
def no_assertion_is_deprecated(manifest: Manifest) -> list[Any]:
    return [key for key in manifest["assertions"] if key.startswith("stds.") or key in DEPRECATED_ASSERTIONS]


@check
def every_standard_assertion_is_known(manifest: Manifest) -> list[Any]:
    standard = [_base(key) for key in manifest["assertions"] if key.startswith("c2pa.")]
    return [key for key in standard if key not in ASSERTIONS | DEPRECATED_ASSERTIONS]


@check
def no_action_is_deprecated(manifest: Manifest) -> list[Any]:
    return [a["action"] for a in actions_of(manifest) if a["action"] in DEPRECATED_ACTIONS]


@check
def every_standard_action_is_known(manifest: Manifest) -> list[Any]:
    return [n for a in actions_of(manifest) if (n := a["action"]).startswith("c2pa.") and n not in ACTIONS]


@check
def own_assertions_have_a_name_of_their_own(manifest: Manifest) -> list[Any]:
    return [key for key in manifest["assertions"] if not key.startswith("c2pa.") and "." not in key]


@check
def own_actions_have_a_name_of_their_own(manifest: Manifest) -> list[Any]:
    return [n for a in actions_of(manifest) if not (n := a["action"]).startswith("c2pa.") and "." not in n]


@check
def own_parameters_have_a_name_of_their_own(manifest: Manifest) -> list[Any]:
    keys = [key for a in actions_of(manifest) for key in a.get("parameters", {})]
    return [key for key in keys if key not in PARAMETERS and "." not in key]


@check
def no_parameter_is_where_it_used_to_be(manifest: Manifest) -> list[Any]:
    return [a for a in actions_of(manifest) if {"description", "ingredient"} & set(a.get("parameters", {}))]


@check
def the_manifest_is_named_as_today(manifest: Manifest) -> list[Any]:
    return [] if manifest["label"].startswith("urn:c2pa:") else [manifest["label"]]


@check
def people_do_not_rate_themselves(manifest: Manifest) -> list[Any]:
    people = {"humanEntry.anonymous", "humanEntry.credentialed"}
    rated = [data for data in manifest["assertions"].values() if "reviewRatings" in data]
    return [data for data in rated if data.get("dataSource", {}).get("type") in people]


# --- ingredients -------------------------------------------------------------------------------------------------


@check
def ingredients_without_manifest_have_no_results(manifest: Manifest) -> list[Any]:
    return [i for i in _ingredients(manifest) if "activeManifest" not in i and "validationResults" in i]


@check
def ingredients_with_manifest_have_results(manifest: Manifest) -> list[Any]:
    return [i for i in _ingredients(manifest) if "activeManifest" in i and "validationResults" not in i]


@check
def relationships_are_those_there_are(manifest: Manifest) -> list[Any]:
    known = {"parentOf", "inputTo", "componentOf"}
    return [i["relationship"] for i in _ingredients(manifest) if i["relationship"] not in known]


@check
def creating_names_a_source_type(manifest: Manifest) -> list[Any]:
    return [a for a in actions_of(manifest) if a["action"] == "c2pa.created" and "digitalSourceType" not in a]


@check
def the_claim_has_no_field_of_old(manifest: Manifest) -> list[Any]:
    return ["specVersion"] if "specVersion" in manifest["claim.v2"] else []


@check
def ingredients_have_a_manifest_or_a_source_type(manifest: Manifest) -> list[Any]:
    return [i for i in _ingredients(manifest) if "activeManifest" in i and "digitalSourceType" in i]


@check
def a_preserved_original_is_in_one_place(manifest: Manifest) -> list[Any]:
    places = {"multiAssetPartIndex", "embeddedOriginalPreservationImage"}
    kept = [d for d in manifest["assertions"].values() if "exif.originalPreservationImage" in _types(d)]
    return [d for d in kept if len(places & set(d.get("parameters", {}))) != 1]


def _types(data: dict[str, Any]) -> set[Any]:
    parameters = data.get("parameters")
    return {data.get("type"), parameters.get("type") if isinstance(parameters, dict) else None}


@check
def outside_references_point_to_nothing_that_must_be_inside(manifest: Manifest) -> list[Any]:
    inside = ("c2pa.actions", "c2pa.cloud-data", "c2pa.external-reference", "c2pa.hash", "c2pa.ingredient")
    outside = [d for d in manifest["assertions"].values() if {"label", "url"} <= set(d) and "relationship" not in d]
    return [d["label"] for d in outside if str(d["label"]).startswith(inside)]


@check
def hashes_have_no_address(manifest: Manifest) -> list[Any]:
    hashes = ("c2pa.hash.data", "c2pa.hash.bmff.v3")
    return [key for key in hashes if "url" in manifest["assertions"].get(key, {})]


@check
def opening_alone_is_complete(manifest: Manifest) -> list[Any]:
    steps = actions_of(manifest)
    if len(steps) != 1 or steps[0]["action"] != "c2pa.opened":
        return []
    return [] if manifest["assertions"]["c2pa.actions.v2"].get("allActionsIncluded") is True else steps


@check
def opening_names_one_parent(manifest: Manifest) -> list[Any]:
    opened = [a for a in actions_of(manifest) if a["action"] == "c2pa.opened"]
    return [a for a in opened if len(a.get("parameters", {}).get("ingredients", [])) != 1]


@check
def tiff_has_no_box_hash(manifest: Manifest) -> list[Any]:
    form = manifest["assertions"].get("c2pa.asset-type.v2", {}).get("dc:format")
    is_tiff = form in {"image/tiff", "image/x-adobe-dng"}
    return ["c2pa.hash.boxes"] if is_tiff and "c2pa.hash.boxes" in manifest["assertions"] else []


def evaluate(manifest: Manifest) -> dict[str, list[Any]]:
    """Every check by name, with what it found wrong."""
    return {name: function(manifest) for name, function in CHECKS.items()}
