"""The schedule of a training run: by steps or by the clock, with an end, without one, or with one that comes sooner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glm_lsp.train.recipe import Recipe, load_recipe
from glm_lsp.train.schedule import Plan, Progress, Schedule
from glm_lsp.train.stream import Place


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return replace(load_recipe("smoke"), warmup_steps=10, decay_from=0.5, ema_from=0.5, rewarm_steps=20)


def test_warm_up_then_constant_then_linear_to_zero(recipe: Recipe) -> None:
    schedule = Schedule(recipe, Plan(seconds=100.0))
    assert schedule.lr_scale(Progress(step=0)) == pytest.approx(0.1)
    assert schedule.lr_scale(Progress(step=9)) == 1
    assert schedule.lr_scale(Progress(step=50, seconds=50.0)) == 1
    assert schedule.lr_scale(Progress(step=75, seconds=75.0)) == pytest.approx(0.5)
    assert schedule.lr_scale(Progress(step=99, seconds=100.0)) == 0


def test_whichever_ends_first_counts(recipe: Recipe) -> None:
    schedule = Schedule(recipe, Plan(seconds=100.0, steps=10))
    assert schedule.done(Progress(step=8, seconds=10.0)) == pytest.approx(0.8)
    assert schedule.seconds_left(Progress(step=8, seconds=10.0), step_s=1.0) == pytest.approx(2.0)


def test_a_held_run_never_decays_until_it_is_told_to(recipe: Recipe) -> None:
    schedule = Schedule(recipe, Plan(seconds=100.0, hold=True))
    late = Progress(step=1000, seconds=5000.0)
    assert schedule.lr_scale(late) == 1
    assert not schedule.decaying(late)
    assert schedule.seconds_left(late, step_s=1.0) is None
    assert schedule.averaging(late)
    told = replace(late, decay_began=5000.0, decay_seconds=200.0)
    assert schedule.lr_scale(told) == 1
    assert schedule.lr_scale(replace(told, seconds=5100.0)) == pytest.approx(0.5)
    assert schedule.seconds_left(replace(told, seconds=5100.0), step_s=1.0) == pytest.approx(100.0)
    assert schedule.done(replace(told, seconds=5200.0)) == pytest.approx(1.0)


def test_new_optimizers_are_warmed_up_again(recipe: Recipe) -> None:
    schedule = Schedule(recipe, Plan(steps=1000))
    fresh = Progress(step=300, warm_from=300)
    assert schedule.lr_scale(fresh) == pytest.approx(1 / 20)
    assert schedule.lr_scale(replace(fresh, step=320)) == 1


def test_steps_hold_whole_micro_batches(recipe: Recipe) -> None:
    growing = replace(recipe, micro_batch=4, batch_tokens=[(0.0, 512), (0.5, 1500)])
    schedule = Schedule(growing, Plan(steps=10))
    assert schedule.batch_rows(Progress()) == 4
    assert schedule.batch_rows(Progress(step=6)) == 12


def test_progress_survives_a_checkpoint() -> None:
    progress = Progress(step=5, seconds=1.5, decay_began=1.0, decay_seconds=9.0, places=[Place(3, 7, True)])
    assert Progress.from_dict(progress.to_dict()) == progress
    assert Progress.from_dict({"step": 5, "unknown": 1}) == Progress(step=5)
