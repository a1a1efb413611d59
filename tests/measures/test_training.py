"""Curves, first successes, falls and evaluations, against values found by hand."""

import json

import numpy as np
import pytest

from reprise.hyperparameters import Evaluation
from reprise.measures import training
from reprise.measures.training_run import TrainingRun
from reprise.pipeline import artifacts

NAN = np.nan


def under(*limits: int) -> Evaluation:
    return Evaluation(episodes=2, first_seed=0, limits=limits, solved_share=0.975)


def test_a_table_by_seed_has_a_row_a_step_and_a_column_a_seed():
    table = training.by_seed(np.array([[1, 2], [3, 4], [5, 6]]), "iteration", first=1)
    assert table.columns.tolist() == ["iteration", "seed_0", "seed_1"]
    assert table.to_numpy().tolist() == [[1, 1, 2], [2, 3, 4], [3, 5, 6]]


def test_quantiles_are_those_over_seeds():
    curves = np.array([np.arange(11), np.arange(11) * 10])
    table = training.quantiles(curves, "episode")
    assert table.columns.tolist() == ["episode", "mean", "low", "median", "high"]
    assert table.to_numpy().tolist() == [[0, 5, 1, 5, 9], [1, 50, 10, 50, 90]]


def test_quantiles_ignore_nan_and_steps_that_no_seed_has():
    curves = np.array([[NAN, NAN, NAN], [1, NAN, 3], [5, 5, 5]])
    table = training.quantiles(curves, "episode", first=7)
    assert table[["episode", "mean", "median"]].to_numpy().tolist() == [[8, 2, 2], [9, 5, 5]]
    assert table["low"].tolist() == pytest.approx([1.2, 5])
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
    found = training.evaluation(np.array([under_20, under_40], float), under(20, 40))
    assert list(found) == ["limit_20", "limit_40"]
    first, second = found.values()
    assert (first["n"], first["mean"], first["median"]) == (3, pytest.approx(44.5 / 3), 19.5)
    assert (first["min"], first["max"]) == (5, 20)
    assert first["solved"] == pytest.approx(2 / 3)  # 19.5 is just enough
    assert first["solved_low"] < first["solved"] < first["solved_high"] < 1
    assert (second["median"], second["solved"], second["solved_low"]) == (20, 0, 0)


def test_the_median_seed_is_the_one_nearest_to_the_median():
    assert training.median_seed(np.array([1.0, 50.0, 7.0])) == 2
    assert training.median_seed(np.array([0.0, 10.0, 4.0, 5.5])) == 2  # the median is 4.75
    assert training.median_seed(np.array([3.0, 1.0, 3.0, 9.0])) == 0  # the first among equals
    assert training.median_seed(np.array([NAN, 9.0, 1.0, NAN, 2.0])) == 4
    assert training.median_seed(np.array([NAN, NAN])) is None


def test_the_tail_is_of_the_last_returns_that_there_are():
    returns = np.array([[100, 8, 7, NAN], [1, NAN, NAN, NAN], [2, 6, NAN, NAN], [4, NAN, NAN, NAN]])
    np.testing.assert_array_equal(training.tail_mean(returns, 2), [3, 7, 7, NAN])


def test_steps_to_a_target_are_those_until_the_window_that_passes_it_is_full():
    returns = np.array([[1.0, 9.0], [5.0, 9.0], [7.0, 0.0], [9.0, 0.0]])
    steps = np.array([[10, 1], [30, 3], [60, 6], [100, 10]])
    np.testing.assert_array_equal(training.steps_to(returns, steps, 6, window=2), [60, 3])
    np.testing.assert_array_equal(training.steps_to(returns, steps, 9, window=1), [100, 1])
    assert np.isnan(training.steps_to(returns, steps, 9.5, window=1)).all()
    assert np.isnan(training.steps_to(returns, steps, 6, window=4)[0])


# Two seeds of rounds; the second finishes no episode in rounds 0 and 2.
RETURNS = np.array([[10, NAN], [20, 5], [30, NAN], [40, 7]])
STEPS = np.array([[10, 3], [30, 6], [60, 9], [100, 13]])


@pytest.mark.parametrize(
    ("target", "window", "budget", "expected"),
    [(20, 1, 100, [30, NAN]), (25, 2, 100, [60, NAN]), (25, 2, 59, [NAN, NAN]),
     (5, 1, 100, [10, 6]), (5, 2, 100, [30, 13]), (1, 5, 100, [NAN, NAN])],
)  # fmt: skip
def test_steps_to_a_target_count_finished_episodes_within_a_budget(
    target, window, budget, expected
):
    found = training.steps_to(RETURNS, STEPS, target, window, budget)
    np.testing.assert_array_equal(found, expected)


def test_a_curve_by_steps_averages_the_last_finished_episodes():
    none = np.zeros((0, 2))
    run = TrainingRun(RETURNS, STEPS, none, none, {})
    curves = training.by_steps(run, np.array([5, 10, 59, 60, 1000]), window=2)
    np.testing.assert_array_equal(curves[:, 0], [NAN, 10, 15, 25, 35])
    np.testing.assert_array_equal(curves[:, 1], [NAN, 5, 6, 6, 6])
    nobody = run._replace(returns=np.full((4, 2), NAN))
    assert np.isnan(training.by_steps(nobody, np.array([1, 9]), 2)).all()


def test_evaluations_are_averaged_by_seed_for_each_way_and_limit():
    returns = np.array([[[1.0, 2.0], [3.0, 2.0]], [[1.0, 4.0], [5.0, 4.0]]])  # [limits, E, N]
    table = training.evaluated({"greedy": returns}, [20, 30])
    assert table.to_dict("list") == {"greedy_20": [2, 2], "greedy_30": [3, 4]}


def test_a_seed_without_a_policy_is_in_no_mean_and_has_not_solved_the_task():
    returns = np.array([[[20.0, NAN, 10.0], [20.0, NAN, 20.0]]])  # seed means 20, none, 15
    found = training.evaluation(returns, under(20))["limit_20"]
    assert (found["n"], found["missing"], found["mean"]) == (2, 1, 17.5)
    assert (found["solved_from"], found["solved"]) == (19.5, pytest.approx(1 / 3))


@pytest.mark.parametrize(("level", "share"), [(2, 1), (18, 1 / 3), (-5, 1)])
def test_a_task_with_a_return_of_its_own_is_solved_from_that_on(level: float, share: float):
    found = training.evaluation(np.array([[[2.0, 3.0, 18.0]]]), under(20), level)["limit_20"]
    assert (found["solved_from"], found["solved"]) == (level, pytest.approx(share))


def test_a_headline_says_what_there_is_from_metrics_as_from_their_file():
    def said(*seeds: float) -> str:
        found = training.evaluation(np.array([[seeds]]), under(20))
        read = json.loads(artifacts.render("metrics.json", found))
        assert training.headline(read) == training.headline(found)
        return training.headline(found)

    assert said(NAN, NAN) == "none, solved by 0% of 2 seeds, 2 of which diverged"
    assert said(20.0) == "20.0, solved by 100% of 1 seeds"
    assert said(20.0, 20.0) == "20.0 [20.0, 20.0], solved by 100% of 2 seeds"


def test_progress_is_the_mean_of_packs_or_the_best_and_nan_is_ignored():
    assert training.so_far([np.array([NAN, 4.0]), np.array([NAN]), np.array([8.0])]) == "6.0"
    assert training.so_far([np.array([NAN])]) == "none"
    assert training.so_far([np.array([4.0]), np.array([8.0, 8.0])], max) == "8.0"
