"""Models as textbooks print them, built from a step function or a list of transitions.

S&B: R. S. Sutton and A. G. Barto, Reinforcement Learning, 2nd edition, 2018. AIMA: S. Russell and
P. Norvig, Artificial Intelligence: A Modern Approach, 3rd edition, 2010. Puterman: M. L. Puterman,
Markov Decision Processes, 1994.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from math import exp, factorial

import numpy as np

from reprise.tabular.mdp import MDP, from_arrays, from_transitions

Outcomes = Iterable[tuple[float, Hashable, float]]  # probability, next state, reward
END = "end"
UP, DOWN, RIGHT, LEFT = MOVES = ((-1, 0), (1, 0), (0, 1), (0, -1))


def built(
    states: Iterable[Hashable],
    actions: Sequence[Hashable],
    outcomes: Callable[..., Outcomes],
    ends: bool = True,
) -> tuple[MDP, dict]:
    """Build a model from `outcomes(state, action)`, and return it with the places of its states.

    An action without outcomes is impossible; the state `END` is absorbing, where there is one.
    """
    places = {state: place for place, state in enumerate([*states, *([END] if ends else [])])}
    columns = [
        (place, a, places[successor], probability, reward)
        for state, place in places.items()
        for a, action in enumerate(actions)
        for probability, successor, reward in (
            [(1.0, END, 0.0)] if state == END else outcomes(state, action)
        )
    ]
    return from_transitions(*zip(*columns, strict=True), shape=(len(places), len(actions))), places


def random_model(seed: int, states: int | None = None, actions: int | None = None):
    """Return a random model, some actions impossible; its probabilities, rewards, [S, A, S]."""
    generator = np.random.default_rng(seed)
    states = states or int(generator.integers(1, 9))
    actions = actions or int(generator.integers(1, 5))
    possible = generator.random((states, actions)) < 0.7
    possible[np.arange(states), generator.integers(actions, size=states)] = True
    probabilities = generator.dirichlet(np.ones(states), size=(states, actions))
    probabilities *= possible[:, :, np.newaxis]
    rewards = generator.normal(scale=10, size=(states, actions, states))
    return from_arrays(probabilities, rewards, possible), probabilities, rewards


def cells(rows: int, columns: int) -> list[tuple[int, int]]:
    """Return the cells of a grid, row by row."""
    return [(row, column) for row in range(rows) for column in range(columns)]


def inside(row: int, column: int, rows: int, columns: int) -> tuple[int, int]:
    """Return the cell of the grid that is nearest."""
    return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)


def corners() -> tuple[MDP, dict]:
    """S&B, example 4.1: a 4x4 grid, two of its corners are the end, every step costs 1."""

    def outcomes(cell, move):
        moved = inside(cell[0] + move[0], cell[1] + move[1], 4, 4)
        return [(1.0, END if moved in ((0, 0), (3, 3)) else moved, -1.0)]

    return built(cells(4, 4)[1:-1], MOVES, outcomes)


def shortcuts() -> tuple[MDP, dict]:
    """S&B, examples 3.5 and 3.8: a 5x5 grid; A pays 10 and leads to A', B pays 5 and to B'."""

    def outcomes(cell, move):
        if cell in ((0, 1), (0, 3)):
            return [(1.0, (4, 1), 10.0) if cell == (0, 1) else (1.0, (2, 3), 5.0)]
        target = cell[0] + move[0], cell[1] + move[1]
        moved = inside(*target, 5, 5)
        return [(1.0, moved, 0.0 if moved == target else -1.0)]

    return built(cells(5, 5), MOVES, outcomes, ends=False)


def gambler(heads: float = 0.4) -> tuple[MDP, dict]:
    """S&B, example 4.3: stakes on a coin until the capital is 0 or 100, which pays 1."""

    def outcomes(capital, stake):
        if stake > min(capital, 100 - capital):
            return []
        won, lost = capital + stake, capital - stake
        win = (heads, END, 1.0) if won == 100 else (heads, won, 0.0)
        return [win, (1 - heads, lost or END, 0.0)]

    return built(range(1, 100), range(1, 51), outcomes)


def car_rental() -> MDP:
    """S&B, example 4.2: cars at two places, up to 20 each; up to five are moved overnight.

    Requests and returns are Poisson, 3 and 3 at the first place, 4 and 2 at the second; a car that
    is rented pays 10, one that is moved costs 2.
    """
    cars = 21

    def place(requested, returned):
        """The probabilities [before, after] of a day, and the expected number of rentals."""
        asked, back = (
            np.array([exp(-mean) * mean**n / factorial(n) for n in range(60)])
            for mean in (requested, returned)
        )
        leads, rentals = np.zeros((cars, cars)), np.zeros(cars)
        for before in range(cars):
            for n, p in enumerate(asked / asked.sum()):
                rented = min(n, before)
                rentals[before] += p * rented
                for m, q in enumerate(back / back.sum()):
                    leads[before, min(before - rented + m, cars - 1)] += p * q
        return leads, rentals

    (first, rented_1), (second, rented_2) = place(3, 3), place(4, 2)
    moves = range(-5, 6)  # from the first to the second
    probabilities = np.zeros((cars * cars, len(moves), cars * cars))
    rewards = np.zeros(probabilities.shape[:2])
    possible = np.zeros(rewards.shape, bool)
    for (n, m), (a, moved) in (
        (pair, move) for pair in np.ndindex(cars, cars) for move in enumerate(moves)
    ):
        if -m <= moved <= n:
            x, y = min(n - moved, cars - 1), min(m + moved, cars - 1)
            state = n * cars + m
            probabilities[state, a] = np.outer(first[x], second[y]).ravel()
            rewards[state, a] = 10 * (rented_1[x] + rented_2[y]) - 2 * abs(moved)
            possible[state, a] = True
    return from_arrays(probabilities, rewards, possible)


def windy() -> tuple[MDP, dict]:
    """S&B, example 6.5: wind blows upward in the middle of a 7x10 grid; every step costs 1."""
    wind = (0, 0, 0, 1, 1, 1, 2, 2, 1, 0)

    def outcomes(cell, move):
        moved = inside(cell[0] + move[0] - wind[cell[1]], cell[1] + move[1], 7, 10)
        return [(1.0, END if moved == (3, 7) else moved, -1.0)]

    return built([cell for cell in cells(7, 10) if cell != (3, 7)], MOVES, outcomes)


def cliff() -> tuple[MDP, dict]:
    """S&B, example 6.6: a 4x12 grid; a step costs 1, one into the cliff 100 and back to start."""

    def outcomes(cell, move):
        moved = inside(cell[0] + move[0], cell[1] + move[1], 4, 12)
        if moved[0] == 3 and 0 < moved[1] < 11:
            return [(1.0, (3, 0), -100.0)]
        return [(1.0, END if moved == (3, 11) else moved, -1.0)]

    return built([*cells(3, 12), (3, 0)], MOVES, outcomes)


def random_walk(states: int) -> tuple[MDP, dict]:
    """S&B, example 7.1: a walk of 19 states to either side; -1 at the left end, 1 at the right."""

    def outcomes(state, _):
        left = (0.5, END, -1.0) if state == 1 else (0.5, state - 1, 0.0)
        right = (0.5, END, 1.0) if state == states else (0.5, state + 1, 0.0)
        return [left, right]

    return built(range(1, states + 1), ["walk"], outcomes)


def putermans() -> MDP:
    """Puterman, section 3.1: two states; in s1 either 5 and perhaps stay, or 10 and go; then -1."""
    probabilities = [[[0.5, 0.5], [0.0, 1.0]], [[0.0, 1.0], [0.0, 0.0]]]
    return from_arrays(
        probabilities, [[5.0, 10.0], [-1.0, 0.0]], np.array([[True, True], [True, False]])
    )


def four_by_three(step: float = -0.04) -> tuple[MDP, dict]:
    """AIMA, section 17.1: (column, row), a wall at (2, 2); moves slip sideways one time in five.

    The reward is of being in a state: 1 in (4, 3), -1 in (4, 2), the step's elsewhere; it is paid
    here on leaving.
    """
    states = [
        (column, row) for row in (1, 2, 3) for column in (1, 2, 3, 4) if (column, row) != (2, 2)
    ]
    moves = ((0, 1), (1, 0), (0, -1), (-1, 0))  # each next to those at right angles to it

    def outcomes(cell, a):
        if cell in ((4, 3), (4, 2)):
            return [(1.0, END, 1.0 if cell == (4, 3) else -1.0)]
        found = []
        for probability, turn in ((0.8, 0), (0.1, 1), (0.1, 3)):
            move = moves[(a + turn) % 4]
            moved = cell[0] + move[0], cell[1] + move[1]
            found.append((probability, moved if moved in states else cell, step))
        return found

    return built(states, range(4), outcomes)
