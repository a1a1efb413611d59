"""Tabular Q-learning, over many runs.

    Q(s, a) ← (1 - α_k) Q(s, a) + α_k (r + γ max_a' f(Q(s', a'), N(s', a'))),

with the decaying rate α_k = α_0 / (1 + k·decay). f(q, n) is q, plus a bonus if the agent is
curious: see `exploration`. Source: C. Watkins and P. Dayan, Q-learning, 1992; the chapter's power
scheduling counts all steps k, not visits.

Axes: R runs, S states, A actions, N transitions, K records.
"""

from collections.abc import Sequence
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
from reprise.tabular.exploration import RANDOM, Behaviour, appraise_curiously, choose_action
from reprise.tabular.mdp import MDP
from reprise.tabular.sampling import Sampler, draw, sampler
from reprise.tabular.undiscounted import absorbing_states, first_state


class Learning(Frozen):
    """Q-learning hyperparameters, except the behaviour."""

    learning_rate: PositiveFloat
    learning_rate_decay: NonNegativeFloat
    discount: Discount
    iterations: PositiveInt


class Hyperparameters(Learning, Recorded):
    """Hyperparameters of runs that record one Q-value."""


class Episodes(NamedTuple):
    """A model as an agent meets it: transitions, and episodes that end and begin anew."""

    source: Sampler
    resumed: np.ndarray  # int64 [N], the state after each transition; -1 if it is drawn
    discounts: np.ndarray  # float64 [N], γ; 0 where an episode ends: nothing comes after
    actions: np.ndarray  # int64 [S, A], the possible ones first
    action_counts: np.ndarray  # int64 [S], how many are possible
    starts: np.ndarray  # int64 [B], the states in which an episode may begin
    cumulative: np.ndarray  # float64 [B], of their probabilities


class Recording(NamedTuple):
    """One Q-value, written down again and again."""

    state: int
    action: int
    every: int  # iterations from record to record
    curve: np.ndarray  # float64 [K], changed


class QLearning(NamedTuple):
    """The results of all runs."""

    q_values: np.ndarray  # float64 [R, S, A], -inf for impossible actions
    curves: np.ndarray  # float64 [R, K], one Q-value after each record_every-th iteration


UNRECORDED = Recording(0, 0, 2**62, np.empty(0))


def q_learning(
    mdp: MDP,
    hyperparameters: Hyperparameters,
    generators: Sequence[np.random.Generator],
    start_state: str,
    recorded: tuple[str, str],
    behaviour: Behaviour = RANDOM,
) -> QLearning:
    """Learn the Q-values of a model from sampled transitions, in one run for each generator.

    A run begins at the start state, from Q = 0, and begins there again (with its Q-values) when it
    has reached an absorbing state. Each run draws from its own generator: it depends on no other
    run.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> h = Hyperparameters(
    ...     learning_rate=0.05, learning_rate_decay=0.005, discount=0.9, iterations=10_000,
    ...     record_every=100,
    ... )
    >>> generators = [np.random.default_rng(run) for run in range(3)]
    >>> learnt = q_learning(mdp, h, generators, "s0", recorded=("s0", "a0"))
    >>> learnt.q_values.shape, learnt.curves.shape
    ((3, 3, 3), (3, 100))
    >>> learnt.q_values.argmax(axis=2).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 1]]

    Args:
        mdp: the model from which transitions are sampled.
        hyperparameters: of every run.
        generators: one for each run.
        start_state: a state's name.
        recorded: the names of the state and the action of the recorded Q-value.
        behaviour: how the agent acts; at random if it is not given.

    Raises:
        ModelError: if a name is unknown, the recorded action impossible, or the start absorbing.
    """
    start = np.zeros(mdp.number_of_states)
    start[first_state(mdp, start_state)] = 1.0
    state, action = mdp.pair(*recorded)
    model = episodes(mdp, start, hyperparameters.discount)
    every, iterations = hyperparameters.record_every, hyperparameters.iterations
    curves = np.empty((len(generators), iterations // every))
    q = np.empty((len(generators), *mdp.possible.shape))
    for run, generator in enumerate(generators):
        learner = Learner(mdp, model, hyperparameters, behaviour, generator)
        learner.learn(iterations, Recording(state, action, every, curves[run]))
        q[run] = learner.q
    return QLearning(q, curves)


def episodes(mdp: MDP, start: np.ndarray, discount: float) -> Episodes:
    """Prepare a model for learning.

    Args:
        mdp: the model.
        start: probability of each state to be the first of an episode, [S].
        discount: γ.
    """
    source, starts = sampler(mdp), np.flatnonzero(start)
    over = absorbing_states(mdp)[source.successors]
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
    """A run under way: its Q-values, and how often it tried each action."""

    def __init__(
        self,
        mdp: MDP,
        model: Episodes,
        hyperparameters: Learning,
        behaviour: Behaviour,
        generator: np.random.Generator,
    ) -> None:
        """Begin in a start state, from Q = 0; only if there are several, draw it."""
        self.q = np.where(mdp.possible, 0.0, -np.inf)  # [S, A], -inf for impossible actions
        self.visits = np.zeros(mdp.possible.shape, np.int64)  # [S, A]
        self.iterations = 0  # made so far
        self._given = generator, model, behaviour
        self._rates = hyperparameters.learning_rate, hyperparameters.learning_rate_decay
        several = len(model.starts) > 1
        self._state = begin(model, generator.random()) if several else model.starts[0]

    def learn(self, until: int, recording: Recording = UNRECORDED) -> None:
        """Learn until iteration number `until`."""
        steps = self.iterations, until
        self._state = learn(
            *self._given, self._rates, steps, self._state, recording, self.q, self.visits
        )
        self.iterations = until


@njit
def learn(
    generator: np.random.Generator,
    model: Episodes,
    behaviour: Behaviour,
    rates: tuple[float, float],  # α_0, decay
    steps: tuple[int, int],  # the first k, and the one after the last
    state: int,
    recording: Recording,
    q: np.ndarray,  # [S, A], changed
    visits: np.ndarray,  # [S, A], changed
) -> int:
    """Learn from one transition after the other, and return the last state."""
    source, resumed, discounts, actions, action_counts, _, _ = model
    learning_rate, decay = rates
    number_of_actions, curiosity = q.shape[1], behaviour.curiosity
    recorded_state, recorded_action, every, curve = recording
    record = steps[0] // every
    next_record = (record + 1) * every - 1
    for k in range(steps[0], steps[1]):
        # Step: act, and see the reward and the next state.
        count, uniform = action_counts[state], generator.random()
        action = choose_action(state, actions, count, q, visits, k, behaviour, uniform)
        visits[state, action] += 1
        row, uniform = state * number_of_actions + action, generator.random()
        n = draw(source, row, uniform)
        reward, next_state = source.rewards[n], source.successors[n]

        # TD target: r + γ max_a' f(Q(s', a'), N(s', a')).
        best = -np.inf
        for a in range(number_of_actions):
            value = appraise_curiously(q[next_state, a], visits[next_state, a], curiosity)
            best = max(best, value)
        target = reward + discounts[n] * best

        # Update, at a decaying rate.
        alpha = learning_rate / (1 + k * decay)
        q[state, action] = (1 - alpha) * q[state, action] + alpha * target

        if k == next_record:
            curve[record] = q[recorded_state, recorded_action]
            record, next_record = record + 1, next_record + every
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
    """Return which runs have a greedy policy that is optimal in every state, bool [R].

    Args:
        q: learnt Q-values, [R, S, A].
        best: where an action is optimal, as of `dynamic_programming.best_actions`, bool [S, A].
    """
    greedy = np.argmax(q, axis=2)  # [R, S]
    return np.asarray(best[np.arange(len(best)), greedy].all(axis=1))
