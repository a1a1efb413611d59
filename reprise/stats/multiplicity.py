"""Holm's procedure, which keeps all answers of a family sure.

Of twenty claims judged at 95% each, one is judged wrongly by chance. Holm's procedure keeps the
chance of any wrong judgement in a family below 5%, however its questions depend on each other.
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

    A question takes a confidence, 1 - alpha. All m are asked at 1 - alpha / m. Those that this
    settles are done. The k others are asked again at 1 - alpha / k, until a round settles none. An
    interval excludes a value exactly if that value's p-value is below alpha, so this is Holm's
    procedure (1979, section 3). All answers of the family hold together at `confidence`.

    A settled answer that is not `sure` still counts in k, since another answer would have been
    possible: one of its hypotheses may be true and was not rejected.
    """
    answers: dict[str, Answer] = {}
    before, left = 0, list(questions)
    while left and len(left) != before:
        level = 1 - (1 - confidence) / len(left)
        asked = [name for name in left if name not in answers or not settled(answers[name])]
        answers |= {name: questions[name](level) for name in asked}
        before, left = len(left), [name for name in left if not (sure or settled)(answers[name])]
    return {name: answers[name] for name in questions}
