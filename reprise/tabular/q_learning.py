"""Tabular Q-learning, with many seeds.

    Q(s, a) ← (1 - α_k) Q(s, a) + α_k (r + γ max_a' f(Q(s', a'), N(s', a')))
    α_k = α_0 / (1 + k·decay)          the learning rate in step k

Here f(q, n) = q. Only with an exploration bonus f is larger for actions with few tries N (see
`exploration`).

Axes: N seeds, S states, A actions, M transitions, K records.

Source: C. Watkins and P. Dayan, Q-learning, 1992; the chapter for the decay of the rate.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from reprise import hyperparameters as kinds
from reprise.tabular.exploration import (
    RANDOM,
    Behaviour,
    act_greedily,
    exploration_function,
    falling,
)
from reprise.tabular.mdp import MDP, Sampler, draw, sampler

NO_RECORDS = np.empty(0)


class Learning(kinds.Frozen):
    """Q-learning hyperparameters, except the behaviour."""

    learning_rate: kinds.PositiveFloat
    learning_rate_decay: kinds.NonNegativeFloat
    discount: kinds.Discount
    iterations: kinds.PositiveInt


class Hyperparameters(Learning, kinds.Recorded):
    """Q-learning hyperparameters, with records of a Q-value."""


class Episodes(NamedTuple):
    """A model as an agent meets it, episode after episode."""

    source: Sampler
    resumed: np.ndarray  # int64 [M], where to go on after a transition; -1 for a random start
    discounts: np.ndarray  # float64 [M], γ, or 0 if the transition ends the episode
    actions: np.ndarray  # int64 [S, A], possible actions first
    action_counts: np.ndarray  # int64 [S], number of possible actions
    starts: np.ndarray  # int64 [B], the states in which an episode may begin
    cumulative: np.ndarray  # float64 [B], the sums of their probabilities


def q_learning(
    mdp: MDP,
    hyperparameters: Hyperparameters,
    generators: Sequence[np.random.Generator],
    start_state: str,
    recorded: tuple[str, str],
) -> tuple[np.ndarray, np.ndarray]:
    """Learn Q-values from random actions, one seed per generator.

    A seed's agent begins at the start state with Q = 0. It returns there when it has reached an
    absorbing state, and keeps its Q-values. Returns the Q-values, [N, S, A], -inf for impossible
    actions, and those of the recorded pair after every `record_every` iterations, [N, K].

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> h = Hyperparameters(
    ...     learning_rate=0.05, learning_rate_decay=0.005, discount=0.9, iterations=10_000,
    ...     record_every=100,
    ... )
    >>> generators = [np.random.default_rng(seed) for seed in range(3)]
    >>> q, _ = q_learning(mdp, h, generators, "s0", recorded=("s0", "a0"))
    >>> q.argmax(axis=2).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 1]]
    """
    h, start = hyperparameters, np.zeros(mdp.number_of_states)
    start[mdp.first_state(start_state)] = 1.0
    pair, model = mdp.pair(*recorded), episodes(mdp, start, h.discount)
    curves = np.empty((len(generators), h.iterations // h.record_every))
    q = np.empty((len(generators), *mdp.possible.shape))
    for number, generator in enumerate(generators):
        learner = Learner(mdp, model, h, RANDOM, generator)
        learner.learn(h.iterations, pair, h.record_every, curves[number])
        q[number] = learner.q
    return q, curves


def episodes(mdp: MDP, start: np.ndarray, discount: float) -> Episodes:
    """Prepare a model for learning, with the start's probabilities [S]."""
    source, starts = sampler(mdp), np.flatnonzero(start)
    ended = mdp.absorbing[source.successors]
    return Episodes(
        source,
        np.where(ended, starts[0] if len(starts) == 1 else -1, source.successors),
        np.where(ended, 0.0, discount),
        np.argsort(~mdp.possible, axis=1, kind="stable"),
        mdp.possible.sum(axis=1),
        starts,
        np.cumsum(start[starts]),
    )


class Learner:
    """The Q-values of one seed, and its visits so far."""

    def __init__(
        self, mdp: MDP, model: Episodes, h: Learning, behaviour: Behaviour, generator
    ) -> None:
        self.q = np.where(mdp.possible, 0.0, -np.inf)  # [S, A], -inf for impossible actions
        self.visits = np.zeros(mdp.possible.shape, np.int64)  # [S, A]
        self.iterations = 0  # so far
        rates = h.learning_rate, h.learning_rate_decay
        self._given = generator, model, behaviour, rates, self.q, self.visits
        several = len(model.starts) > 1
        self._state = begin(model, generator.random()) if several else model.starts[0]

    def learn(self, until: int, pair=(0, 0), every: int = 1, curve=NO_RECORDS) -> None:
        """Learn until an iteration; record a pair's Q-value in `curve`."""
        spans = self.iterations, until, every
        self._state = learn(*self._given, self._state, spans, pair, curve)
        self.iterations = until


@njit(error_model="numpy")  # without checks for divisions by 0
def learn(
    generator: np.random.Generator,
    model: Episodes,
    behaviour: Behaviour,
    rates: tuple[float, float],  # α_0, decay
    q: np.ndarray,  # [S, A], changed
    visits: np.ndarray,  # int64 [S, A], changed
    state: int,
    spans: tuple[int, int, int],  # first iteration, end, and iterations between records
    recorded: tuple[int, int],
    curve: np.ndarray,  # [K], changed
) -> int:
    """Learn by Q-learning, and return the next state."""
    source, resumed, discounts, actions, action_counts, _, _ = model
    number_of_actions, bonus = q.shape[1], behaviour.bonus
    first, end, every = spans
    record = first // every
    for k in range(first, end):
        # Act: at random with probability ε_k, else by the Q-values. One random number decides. Its
        # `share` of [0, ε_k) or of [ε_k, 1) is uniform again, and chooses among the actions.
        epsilon, count, uniform = falling(k, behaviour), action_counts[state], generator.random()
        if uniform < epsilon:
            share = uniform / epsilon if epsilon < 1 else uniform  # divisions are slow
            action = actions[state, int(share * count)]
        else:
            share = (uniform - epsilon) / (1 - epsilon)
            possible = actions[state, :count]
            action = act_greedily(possible, q[state], visits[state], bonus, share)
        visits[state, action] += 1

        # Observe the reward and the next state.
        row, uniform = state * number_of_actions + action, generator.random()
        n = draw(source, row, uniform)
        reward, next_state = source.rewards[n], source.successors[n]

        # TD target: r + γ max_a' f(Q(s', a'), N(s', a')).
        best = -np.inf
        for a in range(number_of_actions):
            best = max(best, exploration_function(q[next_state, a], visits[next_state, a], bonus))
        target = reward + discounts[n] * best

        # Update Q(s, a) at the decaying rate α_k.
        alpha = rates[0] / (1 + k * rates[1])
        q[state, action] = (1 - alpha) * q[state, action] + alpha * target

        if k + 1 == (record + 1) * every:
            if record < len(curve):
                curve[record] = q[recorded]
            record += 1
        state = resumed[n]
        if state < 0:  # a random start, drawn by the share of the number that drew the transition
            low = source.cumulative[n - 1] if n > source.row_starts[row] else 0.0
            state = begin(model, (uniform - low) / (source.cumulative[n] - low))
    return state


@njit
def begin(model: Episodes, uniform: float) -> int:
    """Draw the state in which an episode begins."""
    place = np.searchsorted(model.cumulative, uniform, side="right")
    return model.starts[min(place, len(model.starts) - 1)]


def optimal_seeds(q: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Check which seeds choose only best actions, bool [N]."""
    greedy = np.argmax(q, axis=2)  # [N, S]
    return np.asarray(best[np.arange(len(best)), greedy].all(axis=1))
