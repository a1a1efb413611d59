"""Tabular Q-learning, over many runs.

    Q(s, a) ← (1 - α_k) Q(s, a) + α_k (r + γ max_a' f(Q(s', a'), N(s', a'))),

with the decaying rate α_k = α_0 / (1 + k·decay), by all steps k; f(q, n) is q, plus a bonus if the
agent is curious (see `exploration`). Source: C. Watkins and P. Dayan, Q-learning, 1992; the rate is
the chapter's. Axes: R runs, S states, A actions, N transitions, K records.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from reprise import hyperparameters as kinds
from reprise.tabular.exploration import RANDOM, Behaviour, act_greedily, appraise_curiously, falling
from reprise.tabular.mdp import MDP, Sampler, draw, sampler

NOTHING = np.empty(0)  # records of a run without any


class Learning(kinds.Frozen):
    """Q-learning hyperparameters, except the behaviour."""

    learning_rate: kinds.PositiveFloat
    learning_rate_decay: kinds.NonNegativeFloat
    discount: kinds.Discount
    iterations: kinds.PositiveInt


class Hyperparameters(Learning, kinds.Recorded):
    """Hyperparameters of runs that record one Q-value."""


class Episodes(NamedTuple):
    """A model of episodes that end and begin anew."""

    source: Sampler
    resumed: np.ndarray  # int64 [N], the state after each transition; -1 if it is drawn
    discounts: np.ndarray  # float64 [N], γ; 0 where an episode ends: nothing comes after
    actions: np.ndarray  # int64 [S, A], the possible ones first
    action_counts: np.ndarray  # int64 [S], how many are possible
    starts: np.ndarray  # int64 [B], the states in which an episode may begin
    cumulative: np.ndarray  # float64 [B], of their probabilities


def q_learning(
    mdp: MDP,
    hyperparameters: Hyperparameters,
    generators: Sequence[np.random.Generator],
    start_state: str,
    recorded: tuple[str, str],
    behaviour: Behaviour = RANDOM,
) -> tuple[np.ndarray, np.ndarray]:
    """Learn from sampled transitions, in one run for each generator.

    A run begins at the start state, from Q = 0, and begins there again (with its Q-values) when it
    has reached an absorbing state; it depends on no other run. Return the Q-values, [R, S, A], -inf
    if impossible, and the recorded pair's after each record_every-th iteration, [R, K].

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> h = Hyperparameters(
    ...     learning_rate=0.05, learning_rate_decay=0.005, discount=0.9, iterations=10_000,
    ...     record_every=100,
    ... )
    >>> generators = [np.random.default_rng(run) for run in range(3)]
    >>> q, _ = q_learning(mdp, h, generators, "s0", recorded=("s0", "a0"))
    >>> q.argmax(axis=2).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 1]]
    """
    h, start = hyperparameters, np.zeros(mdp.number_of_states)
    start[mdp.first_state(start_state)] = 1.0
    pair, model = mdp.pair(*recorded), episodes(mdp, start, h.discount)
    curves = np.empty((len(generators), h.iterations // h.record_every))
    q = np.empty((len(generators), *mdp.possible.shape))
    for run, generator in enumerate(generators):
        learner = Learner(mdp, model, h, behaviour, generator)
        learner.learn(h.iterations, pair, h.record_every, curves[run])
        q[run] = learner.q
    return q, curves


def episodes(mdp: MDP, start: np.ndarray, discount: float) -> Episodes:
    """Prepare a model for learning; start is a distribution, [S]."""
    source, starts = sampler(mdp), np.flatnonzero(start)
    over = mdp.absorbing[source.successors]
    return Episodes(
        source,
        np.where(over, starts[0] if len(starts) == 1 else -1, source.successors),
        np.where(over, 0.0, discount),
        np.argsort(~mdp.possible, axis=1, kind="stable"),
        mdp.possible.sum(axis=1),
        starts,
        np.cumsum(start[starts]),
    )


class Learner:
    """A run under way: Q-values, and visits."""

    def __init__(
        self, mdp: MDP, model: Episodes, h: Learning, behaviour: Behaviour, generator
    ) -> None:
        self.q = np.where(mdp.possible, 0.0, -np.inf)  # [S, A], -inf for impossible actions
        self.visits = np.zeros(mdp.possible.shape, np.int64)  # [S, A]
        self.iterations = 0  # made so far
        rates = h.learning_rate, h.learning_rate_decay
        self._given = generator, model, behaviour, rates, self.q, self.visits
        several = len(model.starts) > 1  # only then the start is drawn
        self._state = begin(model, generator.random()) if several else model.starts[0]

    def learn(self, until: int, pair=(0, 0), every: int = 1, curve=NOTHING) -> None:
        """Learn until an iteration; record a pair's Q-values, [K]."""
        spans = self.iterations, until, every
        self._state = learn(*self._given, self._state, spans, pair, curve)
        self.iterations = until


@njit(error_model="numpy")  # no checks for divisions by 0
def learn(
    generator: np.random.Generator,
    model: Episodes,
    behaviour: Behaviour,
    rates: tuple[float, float],  # α_0, decay
    q: np.ndarray,  # [S, A], changed
    visits: np.ndarray,  # int64 [S, A], changed
    state: int,
    spans: tuple[int, int, int],  # the first iteration, the end, and those from record to record
    recorded: tuple[int, int],
    curve: np.ndarray,  # [K], changed
) -> int:
    """Learn in some iterations, and return the next state."""
    source, resumed, discounts, actions, action_counts, _, _ = model
    number_of_actions, curiosity = q.shape[1], behaviour.curiosity
    first, end, every = spans
    record = first // every
    for k in range(first, end):
        # Act: at random with probability ε_k, else by the Q-values.
        epsilon, count, uniform = falling(k, behaviour), action_counts[state], generator.random()
        if uniform < epsilon:
            share = uniform / epsilon if epsilon < 1 else uniform  # divisions are slow
            action = actions[state, int(share * count)]
        else:
            share = (uniform - epsilon) / (1 - epsilon)
            possible = actions[state, :count]
            action = act_greedily(possible, q[state], visits[state], curiosity, share)
        visits[state, action] += 1

        # See the reward and the next state.
        row, uniform = state * number_of_actions + action, generator.random()
        n = draw(source, row, uniform)
        reward, next_state = source.rewards[n], source.successors[n]

        # TD target: r + γ max_a' f(Q(s', a'), N(s', a')).
        best = -np.inf
        for a in range(number_of_actions):
            best = max(best, appraise_curiously(q[next_state, a], visits[next_state, a], curiosity))
        target = reward + discounts[n] * best

        # Update, at a decaying rate.
        alpha = rates[0] / (1 + k * rates[1])
        q[state, action] = (1 - alpha) * q[state, action] + alpha * target

        if k + 1 == (record + 1) * every:
            if record < len(curve):
                curve[record] = q[recorded]
            record += 1
        state = resumed[n]
        if state < 0:  # the rest of the number that drew the end is uniform in [0, 1) again
            low = source.cumulative[n - 1] if n > source.row_starts[row] else 0.0
            state = begin(model, (uniform - low) / (source.cumulative[n] - low))
    return state


@njit
def begin(model: Episodes, uniform: float) -> int:
    """Draw the state in which an episode begins."""
    place = np.searchsorted(model.cumulative, uniform, side="right")
    return model.starts[min(place, len(model.starts) - 1)]


def optimal_runs(q: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Return which runs act by best actions only, [R]."""
    greedy = np.argmax(q, axis=2)  # [R, S]
    return np.asarray(best[np.arange(len(best)), greedy].all(axis=1))
