"""Models as textbooks print them.

S&B: R. S. Sutton and A. G. Barto, Reinforcement Learning, 2nd edition, 2018.
"""

from collections.abc import Callable, Hashable, Iterable
from functools import partial

import numpy as np

from reprise.tabular.mdp import MDP, from_arrays, from_transitions

Outcomes = Iterable[tuple[float, Hashable, float]]  # probability, next state, reward
END = "end"
MOVES = ((-1, 0), (1, 0), (0, 1), (0, -1))


def built(states, actions, outcomes: Callable[..., Outcomes], ends=True) -> tuple[MDP, dict]:
    """Build a model from `outcomes(state, action)`; also its states' places.

    An action without outcomes is impossible; the state `END` is absorbing, where there is one.
    """
    places = {state: place for place, state in enumerate([*states, *([END] if ends else [])])}
    columns = [
        (place, a, places[successor], p, reward)
        for state, place in places.items()
        for a, action in enumerate(actions)
        for p, successor, reward in (outcomes(state, action) if state != END else [(1, END, 0)])
    ]
    return from_transitions(*zip(*columns, strict=True), shape=(len(places), len(actions))), places


def random_model(seed: int, states: int | None = None, actions: int | None = None):
    """A random model, its probabilities and rewards, [S, A, S]."""
    generator = np.random.default_rng(seed)
    states = states or int(generator.integers(1, 9))
    actions = actions or int(generator.integers(1, 5))
    possible = generator.random((states, actions)) < 0.7
    possible[np.arange(states), generator.integers(actions, size=states)] = True
    probabilities = generator.dirichlet(np.ones(states), size=(states, actions))
    probabilities *= possible[:, :, np.newaxis]
    rewards = generator.normal(scale=10, size=(states, actions, states))
    return from_arrays(probabilities, rewards), probabilities, rewards


def inside(row: int, column: int, shape: tuple[int, int]) -> tuple[int, int]:
    """The nearest cell of the grid."""
    return min(max(row, 0), shape[0] - 1), min(max(column, 0), shape[1] - 1)


def walk(shape: tuple[int, int], ends, cliff=()) -> tuple[MDP, dict]:
    """A grid; steps cost 1, the cliff 100."""

    def outcomes(cell, move):
        moved = inside(cell[0] + move[0], cell[1] + move[1], shape)
        if moved in cliff:
            return [(1.0, (shape[0] - 1, 0), -100.0)]
        return [(1.0, END if moved in ends else moved, -1.0)]

    return built([c for c in np.ndindex(*shape) if c not in {*ends, *cliff}], MOVES, outcomes)


# S&B, examples 4.1 and 6.6: a grid that ends in corners, a cliff on the way.
corners = partial(walk, (4, 4), [(0, 0), (3, 3)])
cliff = partial(walk, (4, 12), [(3, 11)], cliff=[(3, column) for column in range(1, 11)])


def shortcuts() -> tuple[MDP, dict]:
    """S&B, examples 3.5 and 3.8: two cells that pay."""

    def outcomes(cell, move):
        if cell in ((0, 1), (0, 3)):
            return [(1.0, (4, 1), 10.0) if cell == (0, 1) else (1.0, (2, 3), 5.0)]
        target = cell[0] + move[0], cell[1] + move[1]
        moved = inside(*target, (5, 5))
        return [(1.0, moved, 0.0 if moved == target else -1.0)]

    return built(np.ndindex(5, 5), MOVES, outcomes, ends=False)


def gambler(heads: float = 0.4) -> tuple[MDP, dict]:
    """S&B, example 4.3: stakes up to 100."""

    def outcomes(capital, stake):
        if stake > min(capital, 100 - capital):
            return []
        won, lost = capital + stake, capital - stake
        win = (heads, END, 1.0) if won == 100 else (heads, won, 0.0)
        return [win, (1 - heads, lost or END, 0.0)]

    return built(range(1, 100), range(1, 51), outcomes)
