"""A model to solve or to learn, with its discount and the beginning of its episodes.

Axes: S states.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from reprise.tabular.mdp import MDP
from reprise.tabular.names import ModelError
from reprise.tabular.tables import read_environment


class Problem(NamedTuple):
    """A model, its name, its discount, and where its episodes begin."""

    name: str
    mdp: MDP
    discount: float
    start: np.ndarray  # probability of each state to be the first of an episode, float64 [S]

    def start_value(self, values: np.ndarray) -> float:
        """Return the expected discounted return of an episode, from the states' values, [S]."""
        return float((self.start * values).sum())


def from_state(name: str, mdp: MDP, discount: float, start_state: str) -> Problem:
    """Return the problem with episodes that all begin in one state."""
    start = np.zeros(mdp.number_of_states)
    start[mdp.state(start_state)] = 1.0
    return Problem(name, mdp, discount, start)


@cache
def toy_text(environment_id: str, discount: float) -> Problem:
    """Return one of Gymnasium's toy-text environments, which begins where `env.reset` does.

    Each process reads it once: to check Gymnasium's tables takes longer than many a run.

    Args:
        environment_id: such as "FrozenLake-v1", which is also the problem's name.
        discount: γ.

    Raises:
        ModelError: as `read_environment`, and if the environment has no start distribution.
    """
    mdp, start = read_environment(environment_id)
    if start is None:
        raise ModelError(
            f"environment {environment_id!r} has no initial_state_distrib; allowed: toy-text "
            "environments that have one, such as FrozenLake-v1"
        )
    return Problem(environment_id, mdp, discount, start)
