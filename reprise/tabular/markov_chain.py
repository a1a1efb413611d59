"""A finite Markov chain: simulated, and in closed form.

    P = [[Q, R], [0, I]]          transition probabilities, with the transient states first
    N = (I - Q)⁻¹                 the fundamental matrix: the expected visits to transient states

Axes: S states, of which T are transient and A absorbing.

Source: J. G. Kemeny and J. L. Snell, Finite Markov Chains, 1960, chapter 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from reprise.hyperparameters import Frozen, Name, Probability, Some
from reprise.tabular.loaders import read_model
from reprise.tabular.mdp import check_sums, numbers
from reprise.tabular.names import ModelError, checked_names, find, first_state

MOST_STEPS = 1e9  # of all paths together, which take some seconds


@dataclass(frozen=True, eq=False)
class MarkovChain:
    """A finite Markov chain; made by `from_matrix` or `from_yaml`."""

    probabilities: np.ndarray  # P, float64 [S, S]; row s holds the probabilities after state s
    state_names: Sequence[str]  # [S]

    @property
    def absorbing(self) -> np.ndarray:
        """The states that the chain never leaves, bool [S]."""
        others = ~np.eye(len(self.probabilities), dtype=bool)
        return np.logical_not((others & (self.probabilities > 0)).any(axis=1))

    def names(self, states: np.ndarray) -> list[str]:
        """Return the names of states, an index or a mask."""
        return [self.state_names[int(state)] for state in np.arange(len(self.state_names))[states]]


class File(Frozen):
    """A file of a Markov chain."""

    states: Some[Name]
    transitions: dict[Name, dict[Name, Probability]]


class Absorption(NamedTuple):
    """Closed forms of an absorbing chain, by first state."""

    transient: np.ndarray  # the states that the chain leaves for good at some time, int64 [T]
    absorbing: np.ndarray  # int64 [A]
    visits: np.ndarray  # N, the expected visits, including the first state's own, [T, T]
    steps: np.ndarray  # t = N·1, the expected steps to absorption, [T]
    variance: np.ndarray  # of the steps, (2N - I) t - t², [T]
    ends: np.ndarray  # B = N R, the probability to end in each absorbing state, [T, A]


class Paths(NamedTuple):
    """Simulated paths, P of them."""

    steps: np.ndarray  # steps to absorption, int64 [P]
    visits: np.ndarray  # visits to each state before absorption, the start included, int64 [P, S]
    ends: np.ndarray  # the absorbing states, int64 [P]
    shown: list[np.ndarray]  # all states of the first paths, from start to end


def simulate(
    chain: MarkovChain, start_state: str, generators: Sequence[np.random.Generator], shown: int
) -> Paths:
    """Walk from a state until absorption, once for each generator.

    No path depends on another. The first `shown` paths keep all their states.
    """
    absorbing = chain.absorbing
    start = first_state(start_state, chain.state_names, absorbing)
    solved = absorption(chain)
    expected = solved.steps[solved.transient == start].item()
    if not expected * len(generators) <= MOST_STEPS:
        raise ModelError(
            f"start state {start_state!r}: {len(generators):,} paths of {expected:.3g} steps on "
            f"average; allowed: up to {MOST_STEPS:.3g} steps in all"
        )
    cumulative = np.cumsum(chain.probabilities, axis=1)
    last = len(cumulative) - 1 - np.argmax(chain.probabilities[:, ::-1] > 0, axis=1)
    cumulative[np.arange(len(cumulative)) >= last[:, np.newaxis]] = 1.0  # in spite of rounding
    visits = np.zeros((len(generators), len(cumulative)), np.int64)
    paths = [
        _walk(generator, cumulative, absorbing, start, visits[n], n < shown)
        for n, generator in enumerate(generators)
    ]
    ends = np.array([path[-1] for path in paths], np.int64)
    return Paths(visits.sum(axis=1), visits, ends, paths[:shown])


@njit
def _walk(generator, cumulative, absorbing, state, visits, shown) -> np.ndarray:
    # Counts visits [S]. Returns all states of the path if it is shown, else the last one.
    path = [state]
    while not absorbing[state]:
        visits[state] += 1
        # the successor s' with cumulative(s' - 1) ≤ uniform < cumulative(s')
        state = int(np.searchsorted(cumulative[state], generator.random(), side="right"))
        if not shown:
            path.pop()
        path.append(state)
    return np.array(path)


def absorption(chain: MarkovChain) -> Absorption:
    """Solve for visits, steps, variance of steps, and ends.

    >>> chain = from_matrix([[0.5, 0.5], [0.0, 1.0]])
    >>> absorption(chain).steps.tolist()
    [2.0]
    """
    absorbing = reached = chain.absorbing
    leads = chain.probabilities > 0
    while not np.array_equal(more := reached | (leads & reached).any(axis=1), reached):
        reached = more
    if lost := chain.names(~reached):
        states = f"state{'s' if len(lost) > 1 else ''} {', '.join(map(repr, lost))}"
        raise ModelError(
            f"no absorbing state is reached from {states}; allowed: chains in which every state "
            "leads to a state that the chain never leaves"
        )
    transient, ending = np.flatnonzero(~absorbing), np.flatnonzero(absorbing)
    # I - Q, with 1 - Q(s, s) as a sum: it stays exact where the chain hardly ever leaves a state.
    leaving = chain.probabilities.copy()
    np.fill_diagonal(leaving, 0.0)
    system = np.diag(leaving[transient].sum(axis=1)) - leaving[np.ix_(transient, transient)]
    visits = np.linalg.inv(system)
    steps = visits.sum(axis=1)
    variance = 2 * visits @ steps - steps - steps * steps
    ends = visits @ chain.probabilities[np.ix_(transient, ending)]
    return Absorption(transient, ending, visits, steps, variance, ends)


def length_distribution(chain: MarkovChain, horizon: int) -> np.ndarray:
    """Compute the probability of absorption in step n, Qⁿ⁻¹R1.

    >>> chain = from_matrix([[0.5, 0.5], [0.0, 1.0]])
    >>> length_distribution(chain, horizon=3).ravel().tolist()
    [0.5, 0.25, 0.125]

    The result is [horizon, T], by n - 1 and first state.
    """
    absorbing = chain.absorbing
    q = chain.probabilities[np.ix_(~absorbing, ~absorbing)]
    now = chain.probabilities[np.ix_(~absorbing, absorbing)].sum(axis=1)
    lengths = np.empty((horizon, len(q)))
    for n in range(horizon):
        lengths[n] = now
        now = q @ now
    return lengths


def from_matrix(probabilities: ArrayLike, state_names: Sequence[str] | None = None) -> MarkovChain:
    """Build a chain from its transition probabilities, [S, S]."""
    matrix = numbers("probabilities", probabilities)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ModelError(f"probabilities have shape {matrix.shape}; allowed: [S, S]")
    names = checked_names(state_names, len(matrix), "state")
    for s, successor in np.argwhere(~((matrix >= 0) & (matrix <= 1)))[:1].tolist():  # NaN too
        place = f"state {names[s]!r}, successor {names[successor]!r}"
        raise ModelError(f"{place}: probability is {matrix[s, successor]}; allowed: from 0 to 1")
    check_sums(matrix.sum(axis=1), lambda state: f"state {names[state]!r}")
    return MarkovChain(matrix, names)


def from_yaml(path: str | PathLike[str]) -> MarkovChain:
    """Read a chain from a file such as data/inputs/markov_chain.yaml.

    The file has the list `states` and the nested mapping `transitions`: state, successor and
    probability. A successor that a state does not name has the probability 0.
    """

    def build(file: File) -> MarkovChain:
        matrix = np.zeros((len(file.states), len(file.states)))
        for state, row in file.transitions.items():
            for successor, probability in row.items():
                at = (find(name, file.states, "state") for name in (state, successor))
                matrix[tuple(at)] = probability
        return from_matrix(matrix, file.states)

    return read_model(path, File, build)
