"""Tabular Q-learning, over many runs.

    Q(s, a) ← (1 - α_k) Q(s, a) + α_k (r + γ max_a' f(Q(s', a'), N(s', a'))),    α_k = α_0 / (1 +
    k·decay)

The loop is one; a behaviour is two small compiled functions that it calls: how an action is chosen,
and what f is. Source: C. Watkins and P. Dayan, Q-learning, 1992; the chapter's power scheduling
counts all steps k, not visits.

Axes: R runs, S states, A actions, T iterations, K records.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numba import njit
from pydantic import model_validator

from reprise.hyperparameters import Discount, Frozen, NonNegativeFloat, PositiveFloat, PositiveInt
from reprise.mdp.model import MDP
from reprise.mdp.sampling import Sampler, draw, sampler
from reprise.mdp.undiscounted import absorbing_states

BLOCK = 16_384  # iterations whose uniform numbers are drawn at once: they stay in the cache


class Hyperparameters(Frozen):
    """What a Q-learning run depends on, but for the model and the behaviour."""

    learning_rate: PositiveFloat
    learning_rate_decay: NonNegativeFloat
    discount: Discount
    iterations: PositiveInt
    record_every: PositiveInt

    @model_validator(mode="after")
    def _records_something(self) -> Self:
        if self.record_every > self.iterations:
            raise ValueError(
                f"record_every is {self.record_every}; allowed: up to iterations, {self.iterations}"
            )
        return self


class Behaviour(NamedTuple):
    """How the agent acts while it learns, as functions that Numba compiles into the loop."""

    choose: Callable[..., int]
    """choose(uniform, iteration, q [A], visits [A], actions [≤ A], parameters [P]) -> an action."""
    appraise: Callable[..., float]
    """appraise(q, visits, parameters [P]) -> f(q, n), the value of an action in the target."""
    parameters: tuple[float, ...]


class QLearning(NamedTuple):
    """What the runs learnt."""

    q_values: np.ndarray  # float64 [R, S, A], -inf for impossible actions
    curves: np.ndarray  # float64 [R, K], one Q-value after each record_every-th iteration


@njit
def choose_uniformly(
    uniform: float,
    iteration: int,
    q: np.ndarray,
    visits: np.ndarray,
    actions: np.ndarray,
    parameters: np.ndarray,
) -> int:
    """Choose each possible action with the same probability."""
    return actions[int(uniform * len(actions))]


@njit
def appraise_by_q(q: float, visits: int, parameters: np.ndarray) -> float:
    """f(q, n) = q."""
    return q


RANDOM = Behaviour(choose_uniformly, appraise_by_q, ())


def q_learning(
    mdp: MDP,
    hyperparameters: Hyperparameters,
    behaviour: Behaviour,
    generators: Sequence[np.random.Generator],
    start_state: str,
    recorded: tuple[str, str],
) -> QLearning:
    """Learn the Q-values of a model from sampled transitions, in one run for each generator.

    A run begins at the start state, from Q = 0, and begins there again (with its Q-values) when it
    has reached an absorbing state. It draws two numbers an iteration from its own generator: what
    it learns depends on no other run.

    Args:
        mdp: the model from which transitions are sampled.
        hyperparameters: of every run.
        behaviour: how the agent acts, such as `RANDOM`.
        generators: one for each run.
        start_state: a state's name.
        recorded: the names of the state and the possible action whose Q-value is recorded.

    Raises:
        ModelError: if a name is unknown, or the recorded action impossible.
    """
    source = sampler(mdp)
    start = mdp.state(start_state)
    recorded_pair = np.array(mdp.pair(*recorded))
    resumed = np.where(absorbing_states(mdp)[source.successors], start, source.successors)
    parameters = np.array(behaviour.parameters, np.float64)
    rates = (
        hyperparameters.learning_rate,
        hyperparameters.learning_rate_decay,
        hyperparameters.discount,
    )
    iterations, record_every = hyperparameters.iterations, hyperparameters.record_every
    q = np.empty((len(generators), *mdp.possible.shape))
    q[:] = np.where(mdp.possible, 0.0, -np.inf)
    curves = np.empty((len(generators), iterations // record_every))
    buffer = np.empty((BLOCK, 2))
    for run, generator in enumerate(generators):
        visits = np.zeros(mdp.possible.shape, np.int64)
        state = start
        for first in range(0, iterations, BLOCK):
            uniforms = buffer[: iterations - first]
            generator.random(out=uniforms)
            state = learn(
                behaviour.choose,
                behaviour.appraise,
                parameters,
                source,
                resumed,
                rates,
                uniforms,
                first,
                state,
                recorded_pair,
                record_every,
                q[run],
                visits,
                curves[run],
            )
    return QLearning(q, curves)


@njit
def learn(
    choose: Callable[..., int],
    appraise: Callable[..., float],
    parameters: np.ndarray,  # [P]
    source: Sampler,
    resumed: np.ndarray,  # [N], where the agent goes on: the successor, or the start
    rates: tuple[float, float, float],  # α_0, decay, γ
    uniforms: np.ndarray,  # [T, 2], for the action and for the transition
    first_iteration: int,
    state: int,
    recorded_pair: np.ndarray,  # [2]
    record_every: int,
    q: np.ndarray,  # [S, A], changed
    visits: np.ndarray,  # [S, A], changed
    curve: np.ndarray,  # [K], changed
) -> int:
    """Learn through T iterations, and return the state in which they end."""
    learning_rate, decay, discount = rates
    number_of_actions = q.shape[1]
    recorded_state, recorded_action = recorded_pair
    record, countdown = (
        first_iteration // record_every,
        record_every - first_iteration % record_every,
    )
    for t in range(len(uniforms)):
        iteration = first_iteration + t
        actions = source.actions[state, : source.action_counts[state]]
        action = choose(uniforms[t, 0], iteration, q[state], visits[state], actions, parameters)
        visits[state, action] += 1
        n = draw(source, state * number_of_actions + action, uniforms[t, 1])
        successor = source.successors[n]

        future = -np.inf
        for next_action in range(number_of_actions):
            future = max(
                future,
                appraise(q[successor, next_action], visits[successor, next_action], parameters),
            )
        alpha = learning_rate / (1 + iteration * decay)
        target = source.rewards[n] + discount * future
        q[state, action] = (1 - alpha) * q[state, action] + alpha * target

        countdown -= 1
        if countdown == 0:
            curve[record] = q[recorded_state, recorded_action]
            record, countdown = record + 1, record_every
        state = resumed[n]
    return state


def settling_iterations(
    curves: np.ndarray, target: float, relative_tolerance: float, record_every: int
) -> np.ndarray:
    """Return the first recorded iteration from which a curve stays near its target, for each run.

    Args:
        curves: [R, K].
        target: what they should come to.
        relative_tolerance: how near: |curve - target| ≤ relative_tolerance·|target|.
        record_every: iterations between two records.

    Returns:
        The number of iterations made, float64 [R]; NaN if the curve's end is not near.
    """
    away = np.abs(curves - target) > relative_tolerance * abs(target)
    trailing = np.argmax(away[:, ::-1], axis=1)  # records since the curve was last away
    settled = curves.shape[1] - trailing
    settled[~away.any(axis=1)] = 0
    return np.where(away[:, -1], np.nan, (settled + 1.0) * record_every)


def optimal_runs(q: np.ndarray, optimal_q: np.ndarray, tolerance: float) -> np.ndarray:
    """Return which runs have a greedy policy that is optimal in every state; the mean is the share.

    Args:
        q: learnt Q-values, [R, S, A].
        optimal_q: Q*, [S, A].
        tolerance: actions whose Q* differ by no more are equally good.

    Returns:
        bool [R].
    """
    greedy = np.argmax(q, axis=2)  # [R, S]
    loss = optimal_q.max(axis=1) - optimal_q[np.arange(optimal_q.shape[0]), greedy]
    return (loss <= tolerance).all(axis=1)
