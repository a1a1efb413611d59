"""Paths of an absorbing Markov chain, simulated until they are absorbed.

Axes: S states, T of them transient, P paths.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from reprise.tabular.markov_chain import MarkovChain, absorption, check_start
from reprise.tabular.names import ModelError

CHUNK = 128  # steps for which uniform numbers are drawn at once
MOST_STEPS = 1e9  # of all paths together: some seconds


class Paths(NamedTuple):
    """What the paths did."""

    steps: np.ndarray  # to absorption, int64 [P]
    visits: np.ndarray  # to each state before absorption, that of the beginning counted, [P, S]
    ends: np.ndarray  # the absorbing states, int64 [P]
    shown: list[np.ndarray]  # all states of the first paths, from the start to the end


def simulate(
    chain: MarkovChain,
    start_state: str,
    generators: Sequence[np.random.Generator],
    shown: int,
) -> Paths:
    """Walk from the start state until absorption, once for each generator.

    A path draws one number a step from its own generator: it depends on no other path.

    Args:
        chain: an absorbing chain.
        start_state: a transient state's name.
        generators: one for each path.
        shown: of how many paths, from the first on, all states are kept.

    Raises:
        ModelError: as `absorption` and `check_start`, and if the paths would take too many steps.
    """
    start, solved = check_start(chain, start_state), absorption(chain)
    expected = solved.steps[solved.transient == start].item()
    if not expected * len(generators) <= MOST_STEPS:
        raise ModelError(
            f"start state {start_state!r}: {len(generators):,} paths of {expected:.3g} steps on "
            f"average; allowed: up to {MOST_STEPS:.3g} steps in all"
        )
    absorbing, cumulative = chain.absorbing, cumulative_rows(chain)
    paths = Paths(
        np.zeros(len(generators), np.int64),
        np.zeros((len(generators), len(chain.state_names)), np.int64),
        np.empty(len(generators), np.int64),
        [],
    )
    uniforms, states = np.empty(CHUNK), np.empty(CHUNK, np.int64)
    for path, generator in enumerate(generators):
        state, kept = start, [np.array([start])]
        while not absorbing[state]:
            generator.random(out=uniforms)
            steps = walk(cumulative, absorbing, uniforms, state, states, paths.visits[path])
            paths.steps[path] += steps
            state = states[steps - 1]
            if path < shown:
                kept.append(states[:steps].copy())
        paths.ends[path] = state
        if path < shown:
            paths.shown.append(np.concatenate(kept))
    return paths


def cumulative_rows(chain: MarkovChain) -> np.ndarray:
    """Return each row's sums, [S, S]; from the last possible successor on they are 1 exactly."""
    sums = np.cumsum(chain.probabilities, axis=1)
    last = sums.shape[1] - 1 - np.argmax(chain.probabilities[:, ::-1] > 0, axis=1)
    return np.where(np.arange(sums.shape[1]) >= last[:, np.newaxis], 1.0, sums)


@njit
def walk(
    cumulative: np.ndarray,  # [S, S]
    absorbing: np.ndarray,  # bool [S]
    uniforms: np.ndarray,  # one for each step that may be needed
    state: int,
    states: np.ndarray,  # the states after each step, changed; as many as uniforms
    visits: np.ndarray,  # [S], changed
) -> int:
    """Walk until absorption or the last uniform number, and return the steps made."""
    steps = 0
    while steps < len(uniforms) and not absorbing[state]:
        visits[state] += 1
        successor = 0
        while uniforms[steps] >= cumulative[state, successor]:
            successor += 1
        state = successor
        states[steps] = state
        steps += 1
    return steps
