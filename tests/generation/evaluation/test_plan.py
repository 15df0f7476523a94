"""Is the list of trials fixed, held out, and as varied as it says?"""

from __future__ import annotations

import torch

from generation.evaluation.plan import INDIVIDUALS, PROMPTS, SEEDS, planned, planned_elsewhere, tuning_trials
from generation.studio.world.layout import PLAIN, pair_held_out


def test_everybody_is_held_out_and_nothing_occurs_twice() -> None:
    plans = planned()
    names = {(plan.individual, plan.prompt, plan.seed) for plan in plans}
    assert len(names) == len(plans) == INDIVIDUALS * PROMPTS * SEEDS
    assert len({plan.trial.seed for plan in plans}) == len(plans)
    assert all(plan.trial.individual.held_out for plan in plans)
    assert len({plan.trial.individual.kind for plan in plans}) == 19
    assert not any(pair_held_out(plan.trial.individual.kind, plan.trial.scene) for plan in plans)


def test_fewer_are_the_first_of_all() -> None:
    some, every = planned(3, 4, 1), planned(5, PROMPTS, 2)
    known = {(plan.individual, plan.prompt, plan.seed): plan for plan in every}
    for plan in some:
        other = known[plan.individual, plan.prompt, plan.seed]
        assert plan.trial.seed == other.trial.seed
        assert torch.equal(plan.trial.reference, other.trial.reference)


def test_prompts_ask_for_layouts_but_not_always() -> None:
    plans = planned(8, PROMPTS, 1)
    plain = sum(plan.trial.layout == PLAIN for plan in plans)
    assert plain == 8 * 3
    assert all(not plan.trial.told for plan in plans)


def test_references_taken_elsewhere_show_the_same_individual_in_a_scene_nobody_asked_for() -> None:
    for there, here in zip(planned_elsewhere(4, 2), planned(4, 2, 1), strict=True):
        assert there.trial.individual == here.trial.individual
        assert (there.prompt, there.trial.seed) == (here.prompt, here.trial.seed)
        assert torch.equal(there.portrait, here.trial.reference)
        assert not torch.equal(there.trial.reference, here.trial.reference)
        assert there.individual != here.individual


def test_settings_are_chosen_on_others() -> None:
    compared = {plan.trial.individual for plan in planned()}
    others = {trial.individual for trial in tuning_trials(12)}
    assert len(others) == 12
    assert not compared & others
