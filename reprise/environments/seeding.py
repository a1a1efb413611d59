"""Check that a seed determines an episode, whichever others are played at the same time.

Only then is a seed's result its own. A few short episodes are played, each three times: in an
environment as made, in the same one again, and in another while a third is stepped in turn with it,
as the seeds of a training are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

from reprise.environments.answers import begun, stepped
from reprise.environments.specification import Spaces, Specification, made, once, spaces
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
        shown = spaces(first, specification.id)
        actions = np.random.default_rng(0).integers(shown.actions, size=STEPS) + shown.first_action
        for seed in SEEDS:
            try:
                alone = _episode(first, seed, actions, shown)
                again = _episode(first, seed, actions, shown)
                neighboured = _episode(
                    second, seed, actions, shown, _playing(neighbour, seed, actions)
                )
            except Exception:
                return
            for other, how in ((again, "twice"), (neighboured, "next to another environment")):
                for step, (one, two) in enumerate(zip(alone, other, strict=False), -1):
                    if not all(map(_same, one, two)):
                        when = f"step {step}" if step >= 0 else "reset"
                        raise UserError(
                            f"{specification.id} ignores its seed: reset(seed={seed}) {how} gives "
                            f"two episodes, which differ at {when}; allowed: randomness from "
                            "self.np_random after super().reset(seed=seed), and no other memory"
                        )


def _same(one: Any, two: Any) -> bool:
    return np.array_equal(one, two, equal_nan=True)


def _episode(
    environment: gymnasium.Env,
    seed: int,
    actions: np.ndarray,
    shown: Spaces,
    turn: Callable[[int], Any] = lambda step: None,
) -> list[tuple]:
    """Return observation, reward and ends at reset and at each step.

    Args:
        environment: what is played.
        seed: of `reset`.
        actions: of the steps, [T].
        shown: its spaces.
        turn: is called after each of them with its number, -1 for the reset.
    """
    found: list[tuple] = [(np.array(shown.encode(begun(environment.reset(seed=seed)))),)]
    turn(-1)
    for step, action in enumerate(actions):
        observation, *rest = stepped(environment.step(action))
        if any(rest[1:]):  # a final observation may hold what MaxAndSkipObservation saw before
            return [*found, tuple(rest)]
        found.append((np.array(shown.encode(observation)), *rest))
        turn(step)
    return found


def _playing(environment: gymnasium.Env, seed: int, actions: np.ndarray) -> Callable[[int], None]:
    """Return what plays another episode by the same actions, a step at a call, until it ends."""
    over = False

    def turn(step: int) -> None:
        nonlocal over
        if step < 0:
            environment.reset(seed=seed + len(SEEDS))
        elif not over:
            over = any(stepped(environment.step(actions[step]))[2:])

    return turn
