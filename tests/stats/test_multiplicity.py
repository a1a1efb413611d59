"""Holm's procedure on intervals agrees with Holm's procedure on p-values."""

import numpy as np
import pytest
from scipy import stats

from reprise.stats.improvement import side
from reprise.stats.intervals import mean_interval
from reprise.stats.multiplicity import step_down


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """Return Holm's adjusted p-values: max over j <= i of (m - j + 1) p_(j)."""
    adjusted, highest = {}, 0.0
    for done, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, (len(p_values) - done) * p)
        adjusted[name] = highest
    return adjusted


@pytest.mark.parametrize("repetition", range(10))
def test_stepping_down_settles_the_claims_that_holm_rejects(repetition: int):
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
