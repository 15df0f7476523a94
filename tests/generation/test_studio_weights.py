"""What ships: complete, unaltered, small enough, and able to draw."""

import json
import shutil
import subprocess
import sys

import pytest
import torch

from generation.attention import AttentionPass, Condition
from generation.profiles import STUDIO
from generation.studio import vocabulary
from generation.studio.attributes import CLASSES
from generation.studio.loading import load_evaluator, load_studio
from generation.studio.trial import draw, judge, trials
from generation.studio.weights import (
    VISUAL_BRANCH,
    WEIGHTS,
    WeightsAltered,
    WeightsMissing,
    base_digest,
    read_manifest,
    verify,
    weights_digest,
    write_manifest,
)


@pytest.fixture(scope="module")
def parts():
    return load_studio()


def test_the_shipped_files_are_the_released_ones_and_nothing_is_unlisted():
    verify()
    listed = set(read_manifest()["files"])
    found = {p.relative_to(WEIGHTS).as_posix() for p in WEIGHTS.rglob("*") if p.is_file()} - {"manifest.json"}
    assert listed == found


def test_the_weights_fit_into_a_repository():
    sizes = [path.stat().st_size for path in WEIGHTS.rglob("*.safetensors")]
    assert sum(sizes) < 36_000_000
    assert max(sizes) < 15_000_000


def test_the_manifest_knows_the_classes_of_the_vocabulary():
    classes = read_manifest()["classes"]
    assert classes == load_evaluator().config["classes"]
    for head, taught in (("kind", vocabulary.KINDS), ("scene", vocabulary.SCENES)):
        assert set(vocabulary.tokens(taught)) <= set(classes[head]) <= set(CLASSES[head])


def test_an_altered_file_is_refused(tmp_path):
    copy = tmp_path / "weights"
    shutil.copytree(WEIGHTS, copy)
    before = weights_digest(copy)
    merges = copy / "tokenizer" / "merges.txt"
    merges.write_text(merges.read_text().replace("\n", "\n\n", 1))
    with pytest.raises(WeightsAltered, match=r"merges\.txt"):
        load_studio(copy)
    assert weights_digest(copy) == before  # its files are the model's identity


def test_another_branch_is_another_model_on_the_same_base(tmp_path):
    copy = tmp_path / "weights"
    shutil.copytree(WEIGHTS, copy)
    whole, base = weights_digest(copy), base_digest(copy)
    for name, same in ((VISUAL_BRANCH, True), ("unet/config.json", False)):
        (copy / name).write_bytes(b"another")
        write_manifest(copy, {})
        assert weights_digest(copy) != whole
        assert (base_digest(copy) == base) is same


def test_a_folder_without_weights_says_what_to_do(tmp_path):
    with pytest.raises(WeightsMissing, match=r"generation\.studio\.ship"):
        load_studio(tmp_path)


def test_the_shipped_model_draws_finite_pictures_that_follow_seed_and_reference(parts):
    rows = trials(2)
    pictures = draw(parts, rows, steps=4)
    assert pictures.shape == (2, 3, 128, 128)
    assert torch.isfinite(pictures).all()
    assert pictures.std() > 0.1
    assert torch.equal(pictures, draw(parts, rows, steps=4))
    assert not torch.allclose(pictures, draw(parts, rows, steps=4, influence=0.0))


def test_the_mask_is_made_of_layers_at_half_the_latents_size(parts):
    text = torch.zeros(1, 4, int(parts.unet.config["cross_attention_dim"]))
    looking = AttentionPass(Condition(text), 16, 16, word=torch.ones(1, 4))
    with torch.inference_mode(), parts.attention.running(looking):
        parts.unet(torch.zeros(1, 16, 16, 16), torch.tensor([500]), text)
    assert {looking.maps[layer].shape[-2:] for layer in STUDIO.mask_layers} == {(8, 8)}


def test_most_of_a_few_pictures_show_what_was_asked_for(parts):
    rows = trials(10)
    shares = judge(load_evaluator(), draw(parts, rows, steps=12), rows)
    assert shares["kind"] >= 0.5
    assert shares["scene"] >= 0.5


def test_checking_the_weights_needs_no_torch():
    code = "import sys; from generation.studio.weights import verify; verify(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_card_tells_the_figures_of_the_manifest():
    card, stages = (WEIGHTS / "MODEL_CARD.md").read_text(), read_manifest()["stages"]
    assert f"psnr {stages['autoencoder']['psnr']:.3f}" in card
    assert json.dumps(stages["text-to-image"]["step"]) in card


def test_no_configuration_tells_where_it_was_made():
    assert [p for p in WEIGHTS.rglob("*.json") if '"_name_or_path": "/' in p.read_text()] == []
