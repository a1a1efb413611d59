"""TD(0): the value of a policy, learnt from the transitions that it meets.

    V(s) ← (1 - α) V(s) + α (r + γ V(s')),    α = α_0 / (1 + c·decay)

The count c is that of all earlier steps, as in the chapter's power scheduling, or of the earlier
visits to s: with α_0 = decay = 1, V(s) is then the mean of all targets so far. What is met does not
depend on what is learnt, so all schedules of a run learn from the same transitions.

Source: R. S. Sutton, Learning to predict by the methods of temporal differences, 1988.

Axes: R runs, C schedules, S states, T iterations, K records.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from pydantic import Field

from reprise.hyperparameters import Discount, Frozen, NonNegativeFloat, Recorded
from reprise.tabular.model import MDP
from reprise.tabular.sampling import Sampler, draw, sampler
from reprise.tabular.stochastic_policy import following
from reprise.tabular.undiscounted import absorbing_states, first_state

BLOCK = 16_384  # iterations whose uniform numbers are drawn at once: they stay in the cache


class Schedule(Frozen):
    """The learning rate, by count: constant if its decay is 0."""

    learning_rate: Annotated[float, Field(gt=0, le=1)]  # above 1, values need not stay finite
    learning_rate_decay: NonNegativeFloat
    count: Literal["steps", "visits"]


class Hyperparameters(Recorded):
    """What a run depends on, but for the model, the policy and the schedules."""

    discount: Discount


def td_learning(
    mdp: MDP,
    policy: ArrayLike,
    hyperparameters: Hyperparameters,
    schedules: Sequence[Schedule],
    generators: Sequence[np.random.Generator],
    start_state: str,
) -> np.ndarray:
    """Learn the values of a policy by every schedule, in one run for each generator.

    A run begins at the start state, from V = 0, and begins there again (with its values) when it
    has reached an absorbing state. It draws one number an iteration from its own generator: what it
    learns depends on no other run, and what a schedule learns on no other schedule.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> always = np.eye(3)[[0, 0, 1]]  # a0, a0, a1
    >>> mean = Schedule(learning_rate=1.0, learning_rate_decay=1.0, count="visits")
    >>> h = Hyperparameters(discount=0.9, iterations=1000, record_every=500)
    >>> td_learning(mdp, always, h, [mean], [np.random.default_rng(0)], "s0").shape
    (1, 1, 2, 3)

    Args:
        mdp: the model from which transitions are sampled.
        policy: π(a | s), [S, A], which is followed.
        hyperparameters: of every run.
        schedules: of the learning rate.
        generators: one for each run.
        start_state: a state's name.

    Returns:
        V after each record_every-th iteration, float64 [R, C, K, S].

    Raises:
        ModelError: if the start state is unknown or absorbing, or the policy none of this model.
    """
    followed = following(mdp, policy)
    start = first_state(followed, start_state)
    source = sampler(followed)
    resumed = np.where(absorbing_states(followed)[source.successors], start, source.successors)
    rates = np.array(
        [[s.learning_rate for s in schedules], [s.learning_rate_decay for s in schedules]]
    )
    by_visits = np.array([s.count == "visits" for s in schedules])
    iterations, record_every = hyperparameters.iterations, hyperparameters.record_every
    size = mdp.number_of_states
    records = np.empty((len(generators), len(schedules), iterations // record_every, size))
    buffer = np.empty(BLOCK)
    for run, generator in enumerate(generators):
        values, visits = np.zeros((size, len(schedules))), np.zeros(size, np.int64)
        state = start
        for first in range(0, iterations, BLOCK):
            uniforms = buffer[: iterations - first]
            generator.random(out=uniforms)
            state = learn(
                source,
                resumed,
                rates,
                by_visits,
                hyperparameters.discount,
                uniforms,
                first,
                state,
                record_every,
                values,
                visits,
                records[run],
            )
    return records


@njit
def learn(
    source: Sampler,  # of the model that the policy leaves
    resumed: np.ndarray,  # [N], where it goes on: the successor, or the start
    rates: np.ndarray,  # [2, C], α_0 and decay
    by_visits: np.ndarray,  # bool [C]
    discount: float,
    uniforms: np.ndarray,  # [T]
    first_iteration: int,
    state: int,
    record_every: int,
    values: np.ndarray,  # [S, C], changed
    visits: np.ndarray,  # [S], changed
    records: np.ndarray,  # [C, K, S], changed
) -> int:
    """Learn through T iterations, and return the state in which they end."""
    record = first_iteration // record_every
    countdown = record_every - first_iteration % record_every
    for t in range(len(uniforms)):
        n = draw(source, state, uniforms[t])
        successor, reward = source.successors[n], source.rewards[n]
        steps, earlier = float(first_iteration + t), float(visits[state])
        for c in range(len(by_visits)):
            count = earlier if by_visits[c] else steps
            alpha = rates[0, c] / (1 + count * rates[1, c])
            target = reward + discount * values[successor, c]
            values[state, c] = (1 - alpha) * values[state, c] + alpha * target
        visits[state] += 1

        countdown -= 1
        if countdown == 0:
            for s in range(len(visits)):
                for c in range(len(by_visits)):
                    records[c, record, s] = values[s, c]
            record, countdown = record + 1, record_every
        state = resumed[n]
    return state


def errors(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the root mean square of V - truth over the states, [...], of values [..., S]."""
    differences = values - truth
    return np.sqrt((differences * differences).mean(axis=-1))


def bias_and_spread(values: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Part the error in what all runs share and what parts them: bias² + spread² = mean of error².

    Args:
        values: V, [R, ..., S].
        truth: [S].

    Returns:
        The root mean square over the states of (mean of V over the runs - truth), and that of V's
        standard deviation over the runs, both [...].
    """
    return errors(values.mean(axis=0), truth), np.sqrt(values.var(axis=0).mean(axis=-1))
