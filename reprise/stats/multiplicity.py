"""Holm's procedure for a family of questions.

Of twenty claims judged at 95% each, one is wrong by chance. Holm's procedure keeps the probability
of any wrong answer in a family below 5%, however its questions depend on each other.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

Answer = TypeVar("Answer")


def step_down(
    questions: Mapping[str, Callable[[float], Answer]],
    settled: Callable[[Answer], bool],
    confidence: float,
    sure: Callable[[Answer], bool] | None = None,
) -> dict[str, Answer]:
    """Answer the questions of a family by Holm's procedure.

    A question takes a confidence, 1 - alpha. The first round asks all m questions at 1 - alpha / m.
    Settled questions are done. The next round asks the k others at 1 - alpha / k, and so on until a
    round settles none. An interval excludes a value exactly if the p-value of that value is below
    alpha, so this is Holm's procedure (1979, section 3). All answers hold together at `confidence`.

    A settled answer that is not `sure` still counts in k: one of its hypotheses was not rejected
    and may be true.
    """
    answers: dict[str, Answer] = {}
    before, left = 0, list(questions)
    while left and len(left) != before:
        level = 1 - (1 - confidence) / len(left)
        asked = [name for name in left if name not in answers or not settled(answers[name])]
        answers |= {name: questions[name](level) for name in asked}
        before, left = len(left), [name for name in left if not (sure or settled)(answers[name])]
    return {name: answers[name] for name in questions}
