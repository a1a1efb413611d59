"""The common clock: episodes read off rounds, curves by steps, steps to a target."""

import numpy as np
import pytest

from reprise.measures import step_clock
from reprise.measures.training_run import TrainingRun

NAN = float("nan")
# Two seeds of rounds; the second finishes no episode in rounds 0 and 2.
RETURNS = np.array([[10, NAN], [20, 5], [30, NAN], [40, 7]])
STEPS = np.array([[10, 3], [30, 6], [60, 9], [100, 13]])


def seeds(returns=RETURNS, steps=STEPS) -> list[step_clock.Episodes]:
    none = np.zeros((0, returns.shape[1]))
    return step_clock.episodes(TrainingRun(returns, steps, none, none, {}))


def test_rounds_without_an_episode_do_not_count():
    first, second = seeds()
    assert first.returns.tolist() == [10, 20, 30, 40]
    assert first.ends.tolist() == [10, 30, 60, 100]
    assert (second.returns.tolist(), second.ends.tolist()) == ([5, 7], [6, 13])


def test_a_curve_averages_the_last_finished_episodes():
    curves = step_clock.by_steps(seeds(), np.array([5, 10, 59, 60, 1000]), window=2)
    np.testing.assert_array_equal(curves[:, 0], [NAN, 10, 15, 25, 35])
    np.testing.assert_array_equal(curves[:, 1], [NAN, 5, 6, 6, 6])


@pytest.mark.parametrize(
    ("target", "window", "budget", "expected"),
    [(20, 1, 100, [30, NAN]), (25, 2, 100, [60, NAN]), (25, 2, 59, [NAN, NAN]),
     (5, 1, 100, [10, 6]), (5, 2, 100, [30, 13]), (1, 5, 100, [NAN, NAN])],
)  # fmt: skip
def test_steps_to_a_target_count_up_to_the_episode_that_reaches_it(
    target, window, budget, expected
):
    found = step_clock.steps_to(seeds(), target, window, budget)
    np.testing.assert_array_equal(found, expected)


def test_a_seed_without_an_episode_has_no_curve_and_no_time():
    none = seeds(np.full((3, 1), NAN), np.ones((3, 1)))
    assert np.isnan(step_clock.by_steps(none, np.array([1, 9]), 2)).all()
    assert np.isnan(step_clock.steps_to(none, 1, 1, 9)).all()
