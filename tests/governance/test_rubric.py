"""Everything we sign passes the conformance programme's checks: each kind of picture in each file type."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import c2pa
import pytest
from PIL import Image

from governance.c2pa_binding import _settings
from governance.intake import Mime, encode
from governance.manifests import ConsentCommitment, IntakeFacts, OutputFacts
from governance.provenance import sign_derivative, sign_output, sign_reference
from governance.signing import Signer
from tests.governance.rubric import CHECKS, Manifest, evaluate
from tests.governance.samples import DIGEST, flip

FACTS = OutputFacts(
    generation_id="gen_1",
    spec_digest=DIGEST,
    model_name="studio",
    model_digests={"unet": DIGEST},
    consents=(ConsentCommitment(id="cns_1", commitment=DIGEST),),
    native_size="128x128",
    watermarked=True,
)
MIMES = get_args(Mime)


def active(data: bytes, mime: str, anchors: str) -> Manifest:
    """The active manifest, as the library tells it to conformance tools."""
    with c2pa.Context.from_dict(_settings(anchors)) as context:
        reader = c2pa.Reader.try_create(mime, io.BytesIO(data), context=context)
        assert reader is not None
        with reader:
            return dict(json.loads(reader.crjson())["manifests"][0])


class Shop:
    """Signs one picture of each kind, in any file type."""

    def __init__(self, noise: Image.Image, signer: Signer) -> None:
        self.noise, self.signer = noise, signer

    def reference(self, mime: Mime = "image/png") -> bytes:
        return sign_reference(encode(self.noise, mime), mime, IntakeFacts(reference_id="ref_1"), self.signer)

    def output(self, mime: Mime) -> bytes:
        references = [self.reference(), self.reference("image/jpeg")]
        return sign_output(encode(self.noise, mime), mime, FACTS, self.signer, references=references)

    def derived(self, mime: Mime, *actions: Any, oversight: Any = "prompt_guided") -> bytes:
        facts = replace(FACTS, oversight=oversight)
        return sign_derivative(encode(self.noise, mime), mime, self.output(mime), actions, facts, self.signer)


KINDS: dict[str, Callable[[Shop, Mime], bytes]] = {
    "reference": Shop.reference,
    "output": Shop.output,
    "thumbnail": lambda shop, mime: shop.derived(mime, "resized"),
    "preview": lambda shop, mime: shop.derived(mime, "previewed"),
    "crop": lambda shop, mime: shop.derived(mime, "cropped", "converted"),
    "release": lambda shop, mime: shop.derived(mime, "resized", "labelled", "published", oversight="human_validated"),
    "only opened": lambda shop, mime: shop.derived(mime),
}


@pytest.mark.parametrize("mime", MIMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_check_passes(kind: str, mime: Mime, noise: Image.Image, signer: Signer, anchors: str) -> None:
    wrong = {n: w for n, w in evaluate(active(KINDS[kind](Shop(noise, signer), mime), mime, anchors)).items() if w}
    assert wrong == {}, f"{len(CHECKS) - len(wrong)} of {len(CHECKS)} checks pass"


def test_all_checks_are_there() -> None:
    assert len(CHECKS) == 31


def broken(manifest: Manifest, change: Callable[[Manifest], object]) -> set[str]:
    changed = json.loads(json.dumps(manifest))
    change(changed)
    return {name for name, wrong in evaluate(changed).items() if wrong}


def actions(manifest: Manifest) -> Any:
    return manifest["assertions"]["c2pa.actions.v2"]["actions"]


BREAKS: dict[str, Callable[[Manifest], object]] = {
    "visible_changes_say_by_what_means": lambda m: actions(m).append({"action": "c2pa.cropped"}),
    "the_generator_names_the_specification": lambda m: m["claim.v2"]["claim_generator_info"].pop("specVersion"),
    "every_list_of_actions_says_whether_it_is_complete": lambda m: m["assertions"]["c2pa.actions.v2"].pop(
        "allActionsIncluded"
    ),
    "opening_names_no_source_type": lambda m: actions(m)[0].update(digitalSourceType="x"),
    "the_first_created_action_is_an_inception": lambda m: m["claim.v2"].update(created_assertions=[]),
    "no_assertion_is_deprecated": lambda m: m["assertions"].update({"stds.exif": {}}),
    "every_standard_assertion_is_known": lambda m: m["assertions"].update({"c2pa.nonsense": {}}),
    "no_action_is_deprecated": lambda m: actions(m).append({"action": "c2pa.saved"}),
    "every_standard_action_is_known": lambda m: actions(m).append({"action": "c2pa.saved"}),
    "own_assertions_have_a_name_of_their_own": lambda m: m["assertions"].update({"nonsense": {}}),
    "own_parameters_have_a_name_of_their_own": lambda m: actions(m)[0]["parameters"].update(nonsense=1),
    "the_manifest_is_named_as_today": lambda m: m.update(label="urn:uuid:1"),
    "opening_names_one_parent": lambda m: actions(m)[0]["parameters"].update(ingredients=[]),
    "relationships_are_those_there_are": lambda m: m["assertions"]["c2pa.ingredient.v3"].update(relationship="of"),
    "ingredients_with_manifest_have_results": lambda m: m["assertions"]["c2pa.ingredient.v3"].pop("validationResults"),
    "the_claim_has_no_field_of_old": lambda m: m["claim.v2"].update(specVersion="2.4"),
    "hashes_have_no_address": lambda m: m["assertions"]["c2pa.hash.data"].update(url="x"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_check_can_fail(name: str, noise: Image.Image, signer: Signer, anchors: str) -> None:
    manifest = active(Shop(noise, signer).derived("image/png", "resized"), "image/png", anchors)
    assert name in broken(manifest, BREAKS[name])


def test_a_changed_picture_fails(noise: Image.Image, signer: Signer, anchors: str) -> None:
    data = Shop(noise, signer).reference("image/jpeg")
    found = evaluate(active(flip(data, len(data) - 1000), "image/jpeg", anchors))
    assert found["nothing_was_changed"] == ["assertion.dataHash.mismatch"]
