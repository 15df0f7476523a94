"""What is learnt of one reference follows from setting, base and reference alone, however often it is interrupted."""

import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import sleep

import pytest
import torch

from generation.evaluation.baselines.fitting import FILE, Interrupted, _alone
from generation.evaluation.baselines.inversion import WORD, TextualInversion
from generation.evaluation.baselines.lora import DreamBoothLora
from generation.evaluation.baselines.settings import Inversion, Lora
from generation.evaluation.baselines.views import views
from generation.studio.batches import generator_at

QUICK = {
    TextualInversion: Inversion(steps=6, batch=2, views=3, warmup=1),
    DreamBoothLora: Lora(steps=6, batch=2, views=3, warmup=1, prior=2, prior_steps=2, rank=2, alpha=2),
}


@pytest.fixture(params=list(QUICK), ids=lambda method: method.name)
def make(request, parts):
    """The method at a quick setting, some of it changed."""

    def made(folder, model="a base", **changed):
        return request.param(parts, folder, model, replace(QUICK[request.param], **changed))

    return made


def test_the_same_seed_learns_the_same_and_another_does_not(make, row, tmp_path):
    first, second = (make(tmp_path / name).prepare(row) for name in ("a", "b"))
    other = make(tmp_path / "a", seed=1).prepare(row)
    assert all(torch.equal(first.state[name], second.state[name]) for name in first.state)
    assert any(not torch.equal(first.state[name], other.state[name]) for name in first.state)
    assert first.steps == 6
    assert first.seconds > 0


def test_an_interrupted_fit_goes_on_to_the_same_end(make, row, tmp_path, monkeypatch):
    whole = make(tmp_path / "whole").prepare(row)
    method = make(tmp_path / "cut")
    begin, asked = method._begin, []

    def interrupted(row):
        module, loss_at = begin(row)

        def at(step):
            asked.append(step)
            if asked == [0, 1, 2]:
                signal.raise_signal(signal.SIGTERM)
            return loss_at(step)

        return module, at

    monkeypatch.setattr(method, "_begin", interrupted)
    with pytest.raises(Interrupted, match="step 3"):
        method.prepare(row)
    resumed = method.prepare(row)
    assert asked == [0, 1, 2, 3, 4, 5]
    assert all(torch.equal(whole.state[name], resumed.state[name]) for name in whole.state)


def test_a_finished_fit_is_read_rather_than_made_again(make, row, tmp_path, monkeypatch):
    first = make(tmp_path).prepare(row)
    again = make(tmp_path)
    monkeypatch.setattr(again, "_begin", lambda row: pytest.fail("learnt twice"))
    read = again.prepare(row)
    assert (read.steps, read.seconds) == (first.steps, first.seconds)
    assert all(torch.equal(first.state[name], read.state[name]) for name in first.state)


def test_two_that_want_the_same_fit_make_it_once(make, row, tmp_path):
    made, methods = [], [make(tmp_path), make(tmp_path)]
    lesson = methods[0]._begin(row)

    def begin():
        made.append(1)
        return lesson

    def waiting():
        return [other.fits.fit(row, begin).state for other in methods[1:]]

    with ThreadPoolExecutor(1) as beside, _alone(methods[0].fits.place(row)):
        other = beside.submit(waiting)
        sleep(0.2)
        assert not other.done()
        methods[0].fits._train(methods[0].fits.place(row) / FILE, begin)
    assert other.result()[0].keys() == methods[0].prepare(row).state.keys()
    assert made == [1]


def test_another_reference_setting_or_base_is_another_fit(make, row, tmp_path):
    other = replace(row, reference=row.reference.flip(3))
    places = {
        make(tmp_path).fits.place(row),
        make(tmp_path).fits.place(other),
        make(tmp_path, learning_rate=0.5).fits.place(row),
        make(tmp_path, model="another base").fits.place(row),
    }
    assert len(places) == 4
    assert make(tmp_path).fits.place(replace(row, seed=9, scene="night")) in places


def test_a_fit_is_one_small_file(make, row, tmp_path):
    method = make(tmp_path)
    state = method.prepare(row).state
    assert (method.fits.place(row) / FILE).stat().st_size < 1_000_000
    assert all("word" in name or "lora" in name for name in state)


def test_only_the_new_word_is_learnt_by_inversion(parts, row, tmp_path):
    before = {name: tensor.clone() for name, tensor in parts.text_encoder.state_dict().items()}
    prepared = TextualInversion(parts, tmp_path, "a base", QUICK[TextualInversion]).prepare(row)
    assert list(prepared.state) == [WORD]
    assert all(torch.equal(before[name], tensor) for name, tensor in parts.text_encoder.state_dict().items())


def test_views_are_the_reference_and_lighter_variants_of_it(row):
    seen = views(row.reference, 6, generator_at(0, 0))
    assert torch.allclose(seen[:1], row.reference, atol=1e-5)
    assert torch.equal(seen, views(row.reference, 6, generator_at(0, 0)))
    assert all((view - row.reference[0]).abs().mean() > 0.01 for view in seen[1:])
    assert all((view.mean((1, 2)) - row.reference[0, :, 0, 0]).abs().max() < 0.5 for view in seen)
    assert seen.abs().max() <= 1
