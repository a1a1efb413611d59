"""Curves, first successes, falls and evaluations, against values found by hand."""

import json
from typing import Any

import numpy as np
import pytest

from reprise.hyperparameters import Evaluation
from reprise.measures import training
from reprise.measures.training_run import TrainingRun, by_episode
from reprise.pipeline import artifacts

NAN = np.nan


def evaluated(returns: Any, *limits: int, level: float | None = None) -> dict[str, Any]:
    settings = Evaluation(episodes=2, first_seed=0, limits=limits, solved_share=0.975)
    return training.evaluation(np.array(returns, float), settings, level)


def test_quantiles_are_those_over_seeds_and_ignore_nan_and_steps_that_no_seed_has():
    curves = np.array([np.full(12, NAN), [*range(11), NAN], [*range(0, 110, 10), NAN]])
    table = training.quantiles(curves, "episode", first=7)
    assert table.columns.tolist() == ["episode", "mean", "low", "median", "high"]
    assert table.to_numpy().tolist() == [[8, 5, 1, 5, 9], [9, 50, 10, 50, 90]]
    assert len(training.quantiles(np.full((3, 2), NAN), "episode")) == 0


def test_first_at_counts_from_zero_and_is_nan_for_never():
    returns = np.array([[9, 20, 3, NAN], [20, 20, 19, 21], [20, 0, 19, 0]])
    np.testing.assert_array_equal(training.first_at(returns, 20), [1, 0, NAN, 1])


def test_a_fall_goes_from_the_top_to_less_than_half_and_nan_is_none():
    returns = {
        (3, 20, 9, 9, 19, 9, 9, 9): 1,  # counted once until the top is reached again
        (20, 10, 20, 10, 20, 10, 20, 10): 0,
        (3, 9, 19, 2, 3, 9, 19, 2): 0,
        (20, 9, 20, 9, 19, 5, 20, 0): 3,
        (20, NAN, NAN, 1, 2, 3, NAN, 4): 1,
    }
    found = training.falls(np.array(list(returns), float).T, 20)
    assert found.tolist() == list(returns.values())


def test_a_seed_is_evaluated_by_the_mean_of_its_episodes():
    under_20 = [[20, 10, 20], [20, 0, 19]]  # [E, N]: seed means 20, 5, 19.5
    under_40 = [[40, 10, 20], [20, 0, 20]]  # 30, 5, 20
    found = evaluated([under_20, under_40], 20, 40)
    assert list(found) == ["limit_20", "limit_40"]
    first, second = found.values()
    assert (first["mean"]["estimate"], first["mean"]["n"]) == (pytest.approx(44.5 / 3), 3)
    assert (first["median"], first["min"], first["max"]) == (19.5, 5, 20)
    solved = first["solved"]
    assert solved["estimate"] == pytest.approx(2 / 3)  # 19.5 is just enough
    assert solved["low"] < solved["estimate"] < solved["high"] < 1
    assert (second["median"], second["solved"]["estimate"], second["solved"]["low"]) == (20, 0, 0)


@pytest.mark.parametrize(
    ("values", "seed"),
    [
        ([1, 50, 7], 2),
        ([0, 10, 4, 5.5], 2),  # the median is 4.75
        ([3, 1, 3, 9], 0),  # the first among equals
        ([NAN, 9, 1, NAN, 2], 4),
        ([NAN, NAN], None),
    ],
)
def test_the_median_seed_is_the_one_nearest_to_the_median(values: list, seed: int | None):
    assert training.median_seed(np.array(values, float)) == seed


# Two seeds of rounds; the second finishes no episode in rounds 0 and 2.
RETURNS = np.array([[10, NAN], [20, 5], [30, NAN], [40, 7]])
STEPS = np.array([[10, 3], [30, 6], [60, 9], [100, 13]])


@pytest.mark.parametrize(
    ("target", "window", "budget", "expected"),
    [(20, 1, 100, [30, NAN]), (25, 2, 100, [60, NAN]), (25, 2, 59, [NAN, NAN]),
     (5, 1, 100, [10, 6]), (5, 2, 100, [30, 13]), (1, 5, 100, [NAN, NAN]),
     (40, 1, np.inf, [100, NAN]), (40.5, 1, np.inf, [NAN, NAN])],
)  # fmt: skip
def test_steps_to_a_target_count_finished_episodes_within_a_budget(
    target, window, budget, expected
):
    found = training.steps_to(RETURNS, STEPS, target, window, budget)
    np.testing.assert_array_equal(found, expected)


def test_a_seed_without_a_policy_is_in_no_mean_and_has_not_solved_the_task():
    found = evaluated([[[20, NAN, 10], [20, NAN, 20]]], 20)["limit_20"]  # means 20, none, 15
    assert (found["mean"]["n"], found["missing"], found["mean"]["estimate"]) == (2, 1, 17.5)
    assert (found["solved_from"], found["solved"]["estimate"]) == (19.5, pytest.approx(1 / 3))


@pytest.mark.parametrize(("level", "share"), [(2, 1), (18, 1 / 3), (-5, 1)])
def test_a_task_with_a_return_of_its_own_is_solved_from_that_on(level: float, share: float):
    found = evaluated([[[2, 3, 18]]], 20, level=level)["limit_20"]
    assert (found["solved_from"], found["solved"]["estimate"]) == (level, pytest.approx(share))


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ([NAN, NAN], "none, solved by 0% of 2 seeds, 2 of which diverged"),
        ([20], "20.0, solved by 100% of 1 seeds"),
        ([20, 20], "20.0 [20.0, 20.0], solved by 100% of 2 seeds"),
    ],
)
def test_a_headline_says_what_there_is_from_metrics_as_from_their_file(seeds: list, said: str):
    found = evaluated([[seeds]], 20)
    read = json.loads(artifacts.render("metrics.json", found))
    assert training.headline(read) == training.headline(found) == said


def test_a_run_of_steps_has_the_first_episodes_of_each_seed_as_its_rounds():
    returns = np.array([[NAN, 1], [2, NAN], [NAN, 2], [3, NAN], [1, NAN]], float)
    steps = np.array([[1, 1], [2, 2], [3, 3], [5, 4], [6, 5]])
    run = by_episode(TrainingRun(returns, steps, returns * 10, returns, {}), 3)
    np.testing.assert_array_equal(run.returns, [[2, 1], [3, 2], [1, NAN]])
    np.testing.assert_array_equal(run.steps, [[2, 1], [5, 3], [6, 3]])
    np.testing.assert_array_equal(run.losses, run.returns * 10)
