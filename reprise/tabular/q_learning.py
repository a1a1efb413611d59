"""Tabular Q-learning, over many runs.

    Q(s, a) ← (1 - α_k) Q(s, a) + α_k (r + γ max_a' f(Q(s', a'), N(s', a'))),    α_k = α_0 / (1 +
    k·decay)

The loop is one; a behaviour is two small compiled functions that it calls: the probability ε_k of
acting at random, and f. Otherwise the agent takes argmax_a f(Q(s, a), N(s, a)), actions that tie
with equal probability: with the first of them instead, an agent that begins with Q = 0 where there
are no rewards would try nothing else. Source: C. Watkins and P. Dayan, Q-learning, 1992; the
chapter's power scheduling counts all steps k, not visits.

Axes: R runs, S states, A actions, T iterations, K records.
"""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from reprise.hyperparameters import (
    Discount,
    Frozen,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Recorded,
)
from reprise.tabular.model import MDP
from reprise.tabular.sampling import Sampler, draw, sampler
from reprise.tabular.undiscounted import absorbing_states, first_state

BLOCK = 16_384  # iterations whose uniform numbers are drawn at once: they stay in the cache


class Learning(Frozen):
    """What a Q-learning run depends on, but for the model and the behaviour."""

    learning_rate: PositiveFloat
    learning_rate_decay: NonNegativeFloat
    discount: Discount
    iterations: PositiveInt


class Hyperparameters(Learning, Recorded):
    """Those of runs of which one Q-value is recorded."""


class Behaviour(NamedTuple):
    """How the agent acts while it learns, as functions that Numba compiles into the loop."""

    epsilon: Callable[..., float]
    """epsilon(iteration, parameters [P]) -> the probability of acting at random."""
    appraise: Callable[..., float]
    """appraise(q, visits, parameters [P]) -> f(q, n), the value of an action."""
    parameters: tuple[float, ...]


class Episodes(NamedTuple):
    """A model as an agent lives through it: transitions, and episodes that end and begin anew."""

    source: Sampler
    resumed: np.ndarray  # int64 [N], the state in which the agent goes on; -1 if it is drawn
    discounts: np.ndarray  # float64 [N], γ; 0 where an episode ends: nothing comes after
    starts: np.ndarray  # int64 [B], the states in which an episode may begin
    cumulative: np.ndarray  # float64 [B], of their probabilities


class Recording(NamedTuple):
    """One Q-value, written down after each so many iterations."""

    pair: np.ndarray  # int64 [2], a state and an action
    every: int
    curve: np.ndarray  # float64 [K], changed


class QLearning(NamedTuple):
    """What the runs learnt."""

    q_values: np.ndarray  # float64 [R, S, A], -inf for impossible actions
    curves: np.ndarray  # float64 [R, K], one Q-value after each record_every-th iteration


@njit
def always(iteration: int, parameters: np.ndarray) -> float:
    """ε = 1."""
    return 1.0


@njit
def appraise_by_q(q: float, visits: int, parameters: np.ndarray) -> float:
    """f(q, n) = q."""
    return q


RANDOM = Behaviour(always, appraise_by_q, ())
UNRECORDED = Recording(np.zeros(2, np.int64), 2**62, np.empty(0))


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

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> h = Hyperparameters(
    ...     learning_rate=0.05, learning_rate_decay=0.005, discount=0.9, iterations=10_000,
    ...     record_every=100,
    ... )
    >>> generators = [np.random.default_rng(run) for run in range(3)]
    >>> learnt = q_learning(mdp, h, RANDOM, generators, "s0", recorded=("s0", "a0"))
    >>> learnt.q_values.shape, learnt.curves.shape
    ((3, 3, 3), (3, 100))
    >>> learnt.q_values.argmax(axis=2).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 1]]

    Args:
        mdp: the model from which transitions are sampled.
        hyperparameters: of every run.
        behaviour: how the agent acts, such as `RANDOM`.
        generators: one for each run.
        start_state: a state's name.
        recorded: the names of the state and the possible action whose Q-value is recorded.

    Raises:
        ModelError: if a name is unknown, the start absorbing, or the recorded action impossible.
    """
    start = np.zeros(mdp.number_of_states)
    start[first_state(mdp, start_state)] = 1.0
    recorded_pair = np.array(mdp.pair(*recorded))
    every = hyperparameters.record_every
    curves = np.empty((len(generators), hyperparameters.iterations // every))
    q = np.empty((len(generators), *mdp.possible.shape))
    model = episodes(mdp, start, hyperparameters.discount)
    for run, generator in enumerate(generators):
        learner = Learner(mdp, model, hyperparameters, behaviour, generator)
        learner.learn(hyperparameters.iterations, Recording(recorded_pair, every, curves[run]))
        q[run] = learner.q
    return QLearning(q, curves)


def episodes(mdp: MDP, start: np.ndarray, discount: float) -> Episodes:
    """Prepare a model for learning.

    Args:
        mdp: the model.
        start: probability of each state to be the first of an episode, [S].
        discount: γ.
    """
    source = sampler(mdp)
    starts = np.flatnonzero(start)
    cumulative = np.cumsum(start[starts])
    over = absorbing_states(mdp)[source.successors]
    first = starts[0] if len(starts) == 1 else -1
    return Episodes(
        source,
        np.where(over, first, source.successors),
        np.where(over, 0.0, discount),
        starts,
        cumulative,
    )


class Learner:
    """A run under way: what it has learnt, and how often it tried what."""

    def __init__(
        self,
        mdp: MDP,
        model: Episodes,
        hyperparameters: Learning,
        behaviour: Behaviour,
        generator: np.random.Generator,
    ) -> None:
        """Begin in a start state, from Q = 0; only if there are several, a number is drawn."""
        self.q = np.where(mdp.possible, 0.0, -np.inf)  # [S, A], -inf for impossible actions
        self.visits = np.zeros(mdp.possible.shape, np.int64)  # [S, A]
        self.iterations = 0  # made so far
        self._model, self._generator = model, generator
        self._loop = loop(behaviour.epsilon, behaviour.appraise)
        self._parameters = np.array(behaviour.parameters, np.float64)
        self._rates = hyperparameters.learning_rate, hyperparameters.learning_rate_decay
        self._uniforms = np.empty((BLOCK, 2))
        several = len(model.starts) > 1
        self._state = begin(model, generator.random()) if several else int(model.starts[0])

    def learn(self, until: int, recording: Recording = UNRECORDED) -> None:
        """Learn until so many iterations are made in all."""
        while self.iterations < until:
            uniforms = self._uniforms[: until - self.iterations]
            self._generator.random(out=uniforms)
            self._state = self._loop(
                self._parameters,
                self._model,
                self._rates,
                uniforms,
                self.iterations,
                self._state,
                recording,
                self.q,
                self.visits,
            )
            self.iterations += len(uniforms)


@functools.cache
def loop(epsilon: Callable[..., float], appraise: Callable[..., float]) -> Callable[..., int]:
    """Return `learn` for a behaviour; to hand functions over at each call takes Numba longer."""

    @njit
    def bound(parameters, model, rates, uniforms, first_iteration, state, recording, q, visits):
        return learn(
            epsilon, appraise, parameters, model, rates, uniforms, first_iteration, state,
            recording, q, visits,
        )  # fmt: skip

    return bound


@njit
def learn(
    epsilon: Callable[..., float],
    appraise: Callable[..., float],
    parameters: np.ndarray,  # [P]
    model: Episodes,
    rates: tuple[float, float],  # α_0, decay
    uniforms: np.ndarray,  # [T, 2], for the action and for the transition
    first_iteration: int,
    state: int,
    recording: Recording,
    q: np.ndarray,  # [S, A], changed
    visits: np.ndarray,  # [S, A], changed
) -> int:
    """Learn through T iterations, and return the state in which they end."""
    source, resumed, discounts = model.source, model.resumed, model.discounts
    learning_rate, decay = rates
    number_of_actions = np.uint64(q.shape[1])  # unsigned indices spare questions, as in mdp.kernels
    recorded_state, recorded_action = recording.pair
    every, curve = recording.every, recording.curve
    record, countdown = first_iteration // every, every - first_iteration % every
    for t in range(len(uniforms)):
        iteration = first_iteration + t
        randomness, uniform = epsilon(iteration, parameters), uniforms[t, 0]
        count = source.action_counts[state]
        if randomness >= 1.0 or uniform < randomness:
            action = np.uint64(source.actions[state, int(uniform / randomness * count)])
        else:
            highest, ties, action = -np.inf, 0, np.uint64(0)
            for i in range(np.uint64(count)):
                candidate = np.uint64(source.actions[state, i])
                value = appraise(q[state, candidate], visits[state, candidate], parameters)
                ties = 1 if value > highest else ties + (value == highest)
                action = candidate if value > highest else action
                highest = max(highest, value)
            if ties > 1:
                skipped = int((uniform - randomness) / (1.0 - randomness) * ties)
                for i in range(np.uint64(count)):
                    candidate = np.uint64(source.actions[state, i])
                    value = appraise(q[state, candidate], visits[state, candidate], parameters)
                    if value == highest:
                        action = candidate
                        skipped -= 1
                        if skipped < 0:
                            break
        visits[state, action] += 1
        row = np.uint64(state) * number_of_actions + action
        n = np.uint64(draw(source, row, uniforms[t, 1]))
        successor = np.uint64(source.successors[n])

        future = -np.inf
        for next_action in range(number_of_actions):
            future = max(
                future,
                appraise(q[successor, next_action], visits[successor, next_action], parameters),
            )
        alpha = learning_rate / (1 + iteration * decay)
        target = source.rewards[n] + discounts[n] * future
        q[state, action] = (1 - alpha) * q[state, action] + alpha * target

        countdown -= 1
        if countdown == 0:
            curve[record] = q[recorded_state, recorded_action]
            record, countdown = record + 1, every
        state = resumed[n]
        if state < 0:
            state = begin(model, remainder(source, row, n, uniforms[t, 1]))
    return state


@njit
def begin(model: Episodes, uniform: float) -> int:
    """Draw the state in which an episode begins, by bisection."""
    low, high = 0, len(model.starts) - 1
    while low < high:
        middle = (low + high) // 2
        if uniform < model.cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return model.starts[low]


@njit
def remainder(source: Sampler, row: int | np.integer, n: int | np.integer, uniform: float) -> float:
    """Return what is left of the number that drew a row's transition n, uniform in [0, 1) again."""
    low = source.cumulative[n - 1] if n > source.row_starts[row] else 0.0
    return (uniform - low) / (source.cumulative[n] - low)


def settling_iterations(
    curves: np.ndarray, target: float, relative_tolerance: float, record_every: int
) -> np.ndarray:
    """Return the first recorded iteration from which a curve stays near its target, for each run.

    >>> settling_iterations(np.array([[5.0, 9.0, 10.0, 10.2]]), 10.0, 0.05, 100).tolist()
    [300.0]

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


def optimal_runs(q: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Return which runs have a greedy policy that is optimal in every state; the mean is the share.

    Args:
        q: learnt Q-values, [R, S, A].
        best: where an action is optimal, as of `mdp.bellman.best_actions`, bool [S, A].

    Returns:
        bool [R].
    """
    greedy = np.argmax(q, axis=2)  # [R, S]
    return np.asarray(best[np.arange(len(best)), greedy].all(axis=1))
