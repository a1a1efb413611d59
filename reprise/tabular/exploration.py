"""Ways to explore while a table of Q-values is learned.

ε-greedy: the agent takes a random action with probability ε_k, else argmax_a Q(s, a). ε_k falls
linearly.

Exploration function: f(q, n) = q + κ / (1 + n), for a Q-value q and n tries of its action. The
agent takes argmax_a f(Q(s, a), N(s, a)). The target is r + γ max_a' f(Q(s', a'), N(s', a')).

Actions that tie are equally probable. If always the first one were taken, an agent without rewards
so far (Q = 0) would never try the others.

Source: the chapter, which writes k for κ; S. Russell and P. Norvig, Artificial Intelligence, 2010,
    section 21.3, for acting by f.
"""

from typing import NamedTuple

import numpy as np
from numba import njit


class Behaviour(NamedTuple):
    """The way in which an agent explores while it learns."""

    epsilon_start: float
    epsilon_end: float
    epsilon_decay: float  # iterations over which ε falls
    bonus: float  # κ; 0 for no exploration bonus


def epsilon_greedy(start: float, end: float, decay: float) -> Behaviour:
    """Return ε-greedy behaviour; ε falls over `decay` iterations."""
    return Behaviour(float(start), float(end), float(decay), 0.0)


def with_bonus(bonus: float) -> Behaviour:
    """Return the behaviour of the exploration function."""
    return Behaviour(0.0, 0.0, 1.0, float(bonus))


RANDOM = epsilon_greedy(1, 1, 1)


@njit
def falling(k: int, behaviour: Behaviour) -> float:
    """Compute ε_k, which falls linearly and then stays."""
    start, end = behaviour.epsilon_start, behaviour.epsilon_end
    return start + (end - start) * min(1.0, k / behaviour.epsilon_decay)


@njit
def exploration_function(q: float, visits: int, bonus: float) -> float:
    """f(q, n) = q + κ / (1 + n)."""
    return q + bonus / (1 + visits) if bonus else q


@njit(inline="always")  # a call would take as long as a whole step
def act_greedily(actions, q, visits, bonus: float, share: float) -> int:
    """Choose argmax_a f(Q(s, a), N(s, a)).

    `actions` are the possible ones. q and visits are those of the state, [A]. The random `share`,
    from 0 to 1, decides ties.
    """
    best, ties, chosen = -np.inf, 0, 0
    for action in actions:
        value = exploration_function(q[action], visits[action], bonus)
        if value > best:
            best, ties, chosen = value, 1, action
        elif value == best:
            ties += 1
    if ties > 1:
        skipped = int(share * ties)
        for action in actions:
            if exploration_function(q[action], visits[action], bonus) == best:
                chosen = action
                skipped -= 1
                if skipped < 0:
                    break
    return chosen
