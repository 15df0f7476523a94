"""Does a profile's name lead to its pipeline, or to a sentence that says what is missing?"""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.loading import ModelUnavailable, load_pipeline, load_studio_pipeline
from generation.profiles import PROFILES, UnknownProfile, get_profile
from generation.sampling import sampler_for
from generation.studio.architecture import Widths, build_scheduler, build_text_encoder, build_unet
from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.tokenizer import MAX_LENGTH, build_tokenizer, write_tokenizer
from generation.studio.weights import WEIGHTS, write_manifest
from tests.generation import dummy


def test_profiles_are_found_by_name() -> None:
    assert all(get_profile(name).name == name for name in PROFILES)
    with pytest.raises(UnknownProfile, match="choose one of studio, sdxl-realcustom, sd15"):
        get_profile("flux")


@pytest.mark.parametrize(
    ("profile", "sentence"), [("sdxl-realcustom", "set IMPRIMATUR_MODELS"), ("sd15", "set IMPRIMATUR_MODELS")]
)
def test_models_that_are_not_here_say_so(profile: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPRIMATUR_MODELS", raising=False)
    with pytest.raises(ModelUnavailable, match=sentence):
        load_pipeline(profile)


def test_an_incomplete_model_folder_names_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRIMATUR_MODELS", str(tmp_path))
    with pytest.raises(ModelUnavailable, match=r"lacks vae, .* imprimatur weights get sdxl-realcustom"):
        load_pipeline("sdxl-realcustom")


def test_the_studio_profile_and_its_training_agree() -> None:
    studio, trained = get_profile("studio"), build_scheduler()
    trained.set_timesteps(studio.steps)
    assert sampler_for(studio.sampler, studio.steps).timesteps == trained.timesteps.tolist()
    assert studio.max_tokens == MAX_LENGTH
    assert studio.width // studio.multiple == build_unet(Widths()).config.sample_size


def test_a_studio_release_without_a_visual_branch_is_unavailable(tmp_path: Path) -> None:
    tokenizer = build_tokenizer()
    build_unet(Widths()).save_pretrained(tmp_path / "unet")
    StudioAutoencoder().save_pretrained(tmp_path / "autoencoder")
    build_text_encoder(Widths(), tokenizer).save_pretrained(tmp_path / "text_encoder")
    write_tokenizer(tmp_path / "tokenizer")
    write_manifest(tmp_path, {})
    with pytest.raises(ModelUnavailable, match="has no visual branch"):
        load_studio_pipeline(folder=tmp_path)


@pytest.mark.skipif(not (WEIGHTS / "vision").is_dir(), reason="the studio weights are not in this checkout yet")
def test_the_shipped_model_draws_the_same_pixels_twice() -> None:
    pipe = load_pipeline("studio")
    first, again = (pipe.draw(dummy.spec(steps=5), [dummy.reference()]) for _ in range(2))
    assert first.pixel_digest == again.pixel_digest
    assert len(first.environment["sha256 base"]) == 64
