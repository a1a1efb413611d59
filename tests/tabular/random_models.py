"""Random decision processes."""

import numpy as np

from reprise.tabular.mdp import from_arrays


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
