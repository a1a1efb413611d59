"""Holm's procedure, on p-values and on the intervals that stand for them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reprise.stats.improvement import side
from reprise.stats.intervals import Interval, mean_interval
from reprise.stats.multiplicity import holm, step_down


def test_holms_values_are_those_of_a_calculation_by_hand():
    # sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1: 0.04, 0.06, 0.06, 0.06 as none may fall
    assert holm({"a": 0.04, "b": 0.01, "c": 0.03, "d": 0.02}) == pytest.approx(
        {"a": 0.06, "b": 0.04, "c": 0.06, "d": 0.06}
    )
    assert holm({"a": 0.7, "b": 0.6}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_a_p_value_is_a_probability():
    with pytest.raises(ValueError, match=r"that of b is 1\.2"):
        holm({"a": 0.1, "b": 1.2})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_between_no_correction_and_bonferronis(values: list[float]):
    found = holm({str(i): p for i, p in enumerate(values)})
    for i, p in enumerate(values):
        assert p <= found[str(i)] <= min(1.0, len(values) * p) + 1e-12


@pytest.mark.parametrize("repetition", range(40))
def test_stepping_down_on_intervals_settles_what_holm_rejects_on_p_values(repetition: int):
    generator = np.random.default_rng(repetition)
    samples = {
        f"claim {i}": generator.normal(mean, 1, 20) for i, mean in enumerate(np.linspace(0, 0.9, 7))
    }
    answers = step_down(
        {name: lambda level, x=x: mean_interval(x, level) for name, x in samples.items()},
        lambda interval: side(interval, 0.0) != 0,
        0.95,
    )
    p_values = holm(
        {name: float(np.asarray(stats.ttest_1samp(x, 0))[1]) for name, x in samples.items()}
    )
    settled = {name for name, interval in answers.items() if side(interval, 0.0)}
    assert settled == {name for name, p in p_values.items() if p < 0.05}
    assert list(answers) == list(samples)


def test_without_a_difference_a_family_is_seldom_judged_wrongly():
    generator = np.random.default_rng(0)
    wrong = 0
    for _ in range(1000):
        samples = generator.normal(size=(10, 20))
        answers = step_down(
            {str(i): lambda level, x=x: mean_interval(x, level) for i, x in enumerate(samples)},
            lambda interval: side(interval, 0.0) != 0,
            0.95,
        )
        wrong += any(side(interval, 0.0) for interval in answers.values())
    assert wrong / 1000 == pytest.approx(0.05, abs=0.02)  # 40% at 95% each


def test_what_is_settled_in_a_round_leaves_the_rest_a_narrower_interval():
    asked: list[float] = []

    def question(low: float):
        def ask(level: float) -> Interval:
            asked.append(round(level, 6))
            return Interval(1.0, low if level > 0.97 else abs(low), 2.0, 9, False)

        return ask

    answers = step_down({"a": question(0.5), "b": question(-0.5)}, lambda i: i.low > 0, 0.95)
    assert asked == [0.975, 0.975, 0.95]
    assert [answer.low for answer in answers.values()] == [0.5, 0.5]


def test_a_family_without_a_question_has_no_answer():
    assert step_down({}, bool, 0.95) == {}
