"""Many questions at once: how sure one must be of each, so that all answers hold together.

Of twenty claims judged at 95% each, one is judged wrongly by chance. Holm's procedure keeps the
chance that any of a family is judged wrongly below 5%, whatever their dependence.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

Answer = TypeVar("Answer")


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Returns Holm's adjusted p-values: max over j <= i of (m - j + 1) p_(j), at most 1.

    Args:
        p_values: Of the tests of one family, by name.

    Raises:
        ValueError: names the test whose p-value is none.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    for name, p in p_values.items():
        if not 0 <= p <= 1:
            raise ValueError(f"p-values must lie from 0 to 1; that of {name} is {p}")
    order = sorted(p_values, key=p_values.__getitem__)
    left = len(order) - np.arange(len(order))
    steps = np.maximum.accumulate(left * np.array([p_values[name] for name in order], float))
    found = dict(zip(order, np.minimum(steps, 1.0).tolist(), strict=True))
    return {name: found[name] for name in p_values}


def step_down(
    questions: Mapping[str, Callable[[float], Answer]],
    settled: Callable[[Answer], bool],
    confidence: float,
) -> dict[str, Answer]:
    """Answers the questions of a family by Holm's procedure, on intervals in place of p-values.

    All m are asked at confidence 1 - alpha / m. Those that this settles are done; the k that are
    left are asked again at 1 - alpha / k, until a round settles none. Since an interval leaves a
    value out if and only if the p-value of that value is below its alpha, this is Holm's procedure,
    and each answer comes with the interval that it rests on.

    Args:
        questions: By name; from a confidence to an answer, wider the higher the confidence.
        settled: Whether an answer is one.
        confidence: 1 - alpha, with which all answers of the family hold together.

    Source: Holm (1979), section 3.
    """
    answers: dict[str, Answer] = {}
    left = dict(questions)
    while left:
        level = 1 - (1 - confidence) / len(left)
        round_ = {name: ask(level) for name, ask in left.items()}
        answers |= round_
        done = {name for name, answer in round_.items() if settled(answer)}
        if not done:
            break
        left = {name: ask for name, ask in left.items() if name not in done}
    return {name: answers[name] for name in questions}
