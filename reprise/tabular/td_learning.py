"""Values of a random policy: exact, and learned by TD(0).

    V(s) ← (1 - α) V(s) + α (r + γ V(s'))
    α = α_0 / (1 + c·decay)

The count c is the number of all earlier steps, as in the chapter's power scheduling, or of earlier
visits to s. With visits and α_0 = decay = 1, V(s) is the mean of all targets so far. The values do
not change the agent's actions, so all schedules of a seed learn from the same transitions.

Axes: N seeds, C schedules, S states, A actions, M transitions, K records. A policy is π(a | s),
[S, A].

Source: R. S. Sutton, Learning to predict by the methods of temporal differences, 1988.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from pydantic import Field

from reprise.hyperparameters import Discount, Frozen, NonNegativeFloat, Recorded
from reprise.tabular.dynamic_programming import policy_evaluation
from reprise.tabular.mdp import MDP, Sampler, draw, from_transitions, numbers, sampler
from reprise.tabular.names import ModelError


def uniform_policy(mdp: MDP) -> np.ndarray:
    """Return the policy that takes all possible actions equally often."""
    return mdp.possible / mdp.possible.sum(axis=1, keepdims=True)


def following(mdp: MDP, policy: ArrayLike) -> MDP:
    """Return the model of an agent that follows a policy.

    T(s, s') = Σ_a π(a | s) T(s, a, s'), with one action, "follow". Transitions with different
    rewards stay separate.
    """
    weights = numbers("policy", policy)
    if weights.shape != mdp.possible.shape:
        raise ModelError(f"policy has shape {weights.shape}; allowed: {mdp.possible.shape}")
    weights, rows = weights.ravel(), mdp.rows
    return from_transitions(
        rows // mdp.number_of_actions,
        np.zeros(len(rows), np.int64),
        mdp.transitions.indices,
        mdp.transitions.data * weights[rows],
        mdp.rewards,
        shape=(mdp.number_of_states, 1),
        state_names=mdp.state_names,
        action_names=["follow"],
    )


def evaluate(mdp: MDP, policy: ArrayLike, discount: float) -> np.ndarray:
    """Solve for the values of a policy exactly, [S].

    V(s) = Σ_a π(a | s) Σ_s' T(s, a, s') [R(s, a, s') + γ V(s')]
    """
    follow = np.zeros(mdp.number_of_states, np.int64)
    return policy_evaluation(following(mdp, policy), follow, discount)


class Schedule(Frozen):
    """A schedule of the learning rate, constant without decay."""

    learning_rate: Annotated[float, Field(gt=0, le=1)]  # values may diverge above 1
    learning_rate_decay: NonNegativeFloat
    count: Literal["steps", "visits"]


class Hyperparameters(Recorded):
    """TD(0) hyperparameters, except the schedules."""

    discount: Discount


def td_learning(
    mdp: MDP,
    policy: ArrayLike,
    hyperparameters: Hyperparameters,
    schedules: Sequence[Schedule],
    generators: Sequence[np.random.Generator],
    start_state: str,
) -> np.ndarray:
    """Learn values by every schedule, [N, C, K, S].

    Each generator is a seed. Its agent begins at the start state with V = 0. It returns there when
    it has reached an absorbing state, and keeps its values.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> always = np.eye(3)[[0, 0, 1]]  # a0, a0, a1
    >>> mean = Schedule(learning_rate=1.0, learning_rate_decay=1.0, count="visits")
    >>> h = Hyperparameters(discount=0.9, iterations=1000, record_every=500)
    >>> td_learning(mdp, always, h, [mean], [np.random.default_rng(0)], "s0").shape
    (1, 1, 2, 3)
    """
    chain = following(mdp, policy)
    start, source = chain.first_state(start_state), sampler(chain)
    resumed = np.where(chain.absorbing[source.successors], start, source.successors)
    rates = np.array([[s.learning_rate, s.learning_rate_decay] for s in schedules])
    by_visits = np.array([s.count == "visits" for s in schedules])
    h, size = hyperparameters, mdp.number_of_states
    records = np.empty((len(generators), len(schedules), h.iterations // h.record_every, size))
    for generator, record in zip(generators, records, strict=True):
        counts = h.iterations, h.record_every
        learn(generator, source, resumed, start, rates, by_visits, h.discount, counts, record)
    return records


@njit
def learn(
    generator: np.random.Generator,
    source: Sampler,  # of the model that `following` returns
    resumed: np.ndarray,  # [M], where to go on after each transition: its successor, or the start
    state: int,
    rates: np.ndarray,  # [C, 2], α_0 and decay
    by_visits: np.ndarray,  # bool [C]
    discount: float,
    counts: tuple[int, int],  # iterations, and iterations between records
    records: np.ndarray,  # [C, K, S], changed
) -> None:
    """Learn values by each schedule, from V = 0."""
    iterations, record_every = counts
    schedules, size = len(rates), records.shape[2]
    values, visits = np.zeros((size, schedules)), np.zeros(size, np.int64)
    record = 0
    for iteration in range(iterations):
        n = draw(source, state, generator.random())
        next_state, reward = source.successors[n], source.rewards[n]
        for c in range(schedules):
            count = visits[state] if by_visits[c] else iteration
            alpha = rates[c, 0] / (1 + count * rates[c, 1])
            target = reward + discount * values[next_state, c]
            values[state, c] = (1 - alpha) * values[state, c] + alpha * target
        visits[state] += 1
        if iteration + 1 == (record + 1) * record_every:
            records[:, record] = values.T
            record += 1
        state = resumed[n]


def errors(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Compute the root mean square of V - truth."""
    differences = values - truth
    return np.sqrt((differences * differences).mean(axis=-1))


def bias_and_spread(values: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split the error of values into bias and spread.

    Values are [N, ..., S]. The bias is the error of V's mean over the seeds. The spread is
    the root mean square, over states, of V's standard deviation over the seeds. So bias² + spread²
    is the mean of error².
    """
    return errors(values.mean(axis=0), truth), np.sqrt(values.var(axis=0).mean(axis=-1))
