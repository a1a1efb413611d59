"""Holm's procedure on intervals agrees with Holm's procedure on p-values."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from reprise.claims import judge
from reprise.claims.model import CONFIRMED, REFUTED, UNRESOLVED, Region
from reprise.stats.improvement import side
from reprise.stats.intervals import Interval, mean_interval
from reprise.stats.multiplicity import step_down


def answered(samples: np.ndarray) -> list[Interval]:
    questions = {str(i): lambda level, x=x: mean_interval(x, level) for i, x in enumerate(samples)}
    answers = step_down(questions, lambda interval: side(interval, 0.0) != 0, 0.95)
    assert list(answers) == list(questions)
    return list(answers.values())


@pytest.mark.parametrize("repetition", range(10))
def test_stepping_down_settles_the_claims_that_holm_rejects(repetition: int):
    samples = np.random.default_rng(repetition).normal(np.linspace(0, 0.9, 7), 1, (20, 7)).T
    tests: Any = stats.ttest_1samp(samples, 0, axis=1)
    order = np.argsort(tests.pvalue)
    adjusted = np.maximum.accumulate(tests.pvalue[order] * np.arange(7, 0, -1))
    settled = [bool(side(interval, 0.0)) for interval in answered(samples)]
    assert np.array(settled)[order].tolist() == (adjusted < 0.05).tolist()


@pytest.mark.parametrize("settled", [0, 4])
@pytest.mark.parametrize(
    ("region", "matters"),
    [({"above": 0}, None), ({"within": (-1, 1)}, None), ({"above": 0}, 1.0)],
    ids=["above", "within", "above what matters"],
)
@pytest.mark.parametrize("together", [False, True])
def test_a_family_of_three_way_verdicts_seldom_has_a_wrong_one(settled, region, matters, together):
    """Truths lie on a margin, where either verdict is wrong; the settled ones far from it.

    The first half is false there, so that a confirmed claim is wrong. The others are true, or just
    large enough to matter, so that a refuted claim is wrong.
    """
    claimed, random, wrong = Region(**region), np.random.default_rng(settled), 0
    margin = claimed.margins[0]
    for _ in range(800):
        noise = random.normal(size=(8, 20))
        samples = margin + (noise[:1] * np.repeat([1, -1], 4)[:, None] if together else noise)
        samples[:settled] += 30
        half = settled + (8 - settled) // 2
        samples[half:] += 0 if matters is None else matters - margin
        questions = {
            str(i): lambda level, x=x: judge.ruled(mean_interval(x, level), claimed, matters)
            for i, x in enumerate(samples)
        }
        decided, sure = lambda a: a.verdict != UNRESOLVED, lambda a: a.sure
        found = step_down(questions, decided, 0.95, sure)
        verdicts = [answer.verdict for answer in found.values()]
        wrong += CONFIRMED in verdicts[settled:half] or REFUTED in verdicts[half:]
    assert wrong / 800 <= 0.05
