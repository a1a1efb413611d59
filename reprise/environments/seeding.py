"""Check that a seed determines an episode, whichever others are played at the same time.

Only then is a seed's result its own. A few short episodes are played, each three times: in an
environment as made, in the same one again, and in another while a third is stepped in turn with it,
as the seeds of a training are.
"""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium
import numpy as np

from reprise.environments.answers import spaces
from reprise.environments.episodes import EpisodeError, Episodes
from reprise.environments.specification import Specification, made, once
from reprise.errors import UserError

SEEDS = (0, 1, 2)
STEPS = 10

_checked: dict[str, tuple] = {}


def check(specification: Specification) -> None:
    """Play the episodes and compare them, once for each environment.

    An environment that cannot be played passes: the next player names the episode and the step.

    Raises:
        UserError: the environment cannot be made, does not fit, or ignores its seed.
    """
    once(_checked, specification, lambda: _compare(specification))


def _compare(specification: Specification) -> None:
    with made(specification, 3) as (first, second, neighbour):
        number = spaces(first, specification.id).actions
        actions = np.random.default_rng(0).integers(number, size=STEPS)
        for seed in SEEDS:
            try:
                alone, again, neighboured = (
                    _episode(environments, specification.id, seed, actions)
                    for environments in ([first], [first], [second, neighbour])
                )
            except EpisodeError:
                return
            for other, how in ((again, "twice"), (neighboured, "next to another environment")):
                for step, (one, two) in enumerate(zip(alone, other, strict=False), -1):
                    if not np.array_equal(one, two):
                        when = f"step {step}" if step >= 0 else "reset"
                        raise UserError(
                            f"{specification.id} ignores its seed: reset(seed={seed}) {how} gives "
                            f"two episodes, which differ at {when}; allowed: randomness from "
                            "self.np_random after super().reset(seed=seed), and no other memory"
                        )


def _episode(
    environments: Sequence[gymnasium.Env], environment_id: str, seed: int, actions: np.ndarray
) -> list[np.ndarray]:
    """Return the first environment's observation, reward and ends, at reset and at each step."""
    episodes = Episodes(environments, environment_id, str)
    episodes.begin(range(len(environments)), [seed, seed + len(SEEDS)][: len(environments)])
    found = [episodes.observed[0].copy()]
    for action in actions:
        reward = episodes.step(np.full(len(environments), action))[0]
        ends = episodes.terminated[0], episodes.truncated[0]
        if any(ends):  # a final observation may hold what MaxAndSkipObservation saw before
            return [*found, np.array([reward, *ends])]
        found.append(np.array([*episodes.observed[0], reward]))
    return found
