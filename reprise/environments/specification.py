"""Which environment of Gymnasium is played, and what is asked of it, whoever plays.

Time limits are the algorithms' and the evaluation's: the one that Gymnasium registers is left out,
and a `TimeLimit` among the wrappers is a truncation of the environment's own.

Shapes: O features of an observation, A actions, numbered from 0 whatever the environment's first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple, Self

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from pydantic import Field, model_validator

from reprise.errors import PlainError, UserError, closest
from reprise.hyperparameters import Frozen, Name, check_choice

UNLIMITED = -1  # steps, to Gymnasium
OURS = ("max_episode_steps", "render_mode", "disable_env_checker")  # arguments that are set here
NORMALISED = "NormalizeObservation"

WRAPPERS = (
    "ClipReward", "DelayObservation", "DiscretizeAction", "DiscretizeObservation",
    "FilterObservation", "FlattenObservation", "FrameStackObservation", "MaxAndSkipObservation",
    "NormalizeObservation", "RepeatAction", "RescaleObservation", "StickyAction",
    "TimeAwareObservation", "TimeLimit",
)  # fmt: skip
"""Those of Gymnasium's wrappers that take plain values and forget an episode when it is over."""


class EpisodeError(PlainError, RuntimeError):
    """An episode that cannot be played on; the message names environment, episode and step."""


class Specification(Frozen):
    """An environment as Gymnasium makes it, inside wrappers, the first of them innermost."""

    id: Name
    kwargs: dict[Name, Any]
    wrappers: dict[Name, dict[Name, Any]]
    solved_return: Annotated[float, Field(allow_inf_nan=False)] | None
    """The mean return that solves it; null where a step pays 1, and a share of the limit solves."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if taken := [name for name in OURS if name in self.kwargs]:
            raise ValueError(
                f"kwargs has {taken[0]}; allowed: any but {', '.join(OURS)}, "
                "which are maximum_steps, evaluation.limits and Reprise's own"
            )
        for name in self.wrappers:
            check_choice("wrappers", name, WRAPPERS)
        if self.normalised and list(self.wrappers)[-1] != NORMALISED:
            raise ValueError(f"wrappers: {NORMALISED} is not the last; allowed: only as the last")
        if self.normalised and self.wrappers[NORMALISED]:
            raise ValueError(f"wrappers.{NORMALISED} has arguments; allowed: none, {{}}")
        return self

    @property
    def normalised(self) -> bool:
        """Whether observations are normalised, which no wrapper here does: see `normalisation`."""
        return NORMALISED in self.wrappers

    def top(self, steps: int) -> float:
        """Return what an episode of so many steps can bring, or what solves the task."""
        return steps if self.solved_return is None else self.solved_return

    def make(self, limit: int = UNLIMITED, **options: Any) -> gymnasium.Env:
        """Return the environment inside its wrappers, but for normalisation.

        Args:
            limit: the time limit in steps.
            options: more arguments of `gymnasium.make`.

        Raises:
            UserError: it is unknown, its package is missing, or it does not take the arguments.
        """
        try:
            environment = gymnasium.make(
                self.id, max_episode_steps=limit, disable_env_checker=True, **self.kwargs, **options
            )
        except Exception as error:
            close = closest(self.id, gymnasium.registry)
            hint = f"; did you mean {close}?" if close and self.id not in gymnasium.registry else ""
            # Gymnasium's own guess leaves out the version.
            told = _told(error).partition(" Did you mean:")[0].rstrip(".")
            raise UserError(f"Gymnasium cannot make {self.id!r}: {told}{hint}") from error
        for name, arguments in self.wrappers.items():
            if name == NORMALISED:
                continue
            try:
                environment = getattr(gymnasium.wrappers, name)(environment, **arguments)
            except Exception as error:
                given = ", ".join(f"{key}={value}" for key, value in arguments.items())
                environment.close()
                raise UserError(f"{self.id} in {name}({given}): {_told(error)}") from error
        return environment


def plain(environment_id: str) -> Specification:
    """Return the specification of an environment without arguments or wrappers."""
    return Specification(id=environment_id, kwargs={}, wrappers={}, solved_return=None)


class Spaces(NamedTuple):
    """What an environment shows and takes, as networks see it."""

    features: int  # O
    actions: int  # A
    first_action: int  # the environment's number of action 0
    encode: Callable[[Any], Any]  # from its observation to numbers [O]


def spaces(environment: gymnasium.Env, environment_id: str) -> Spaces:
    """Return an environment's spaces, or say why networks of vectors and numbers do not fit.

    Raises:
        UserError: it does not show a vector or a number, or its actions are not numbers.
    """
    shown, actions = environment.observation_space, environment.action_space
    if not isinstance(actions, Discrete) or actions.n < 2:
        raise UserError(
            f"{environment_id} has the actions {actions}; allowed: Discrete, at least 2 of them"
        )
    count, first = int(actions.n), int(actions.start)
    if isinstance(shown, Discrete):
        rows, start = np.eye(int(shown.n), dtype=np.float32), int(shown.start)
        return Spaces(len(rows), count, first, lambda observation: rows[observation - start])
    if isinstance(shown, Box) and len(shown.shape) == 1:
        return Spaces(shown.shape[0], count, first, lambda observation: observation)
    raise UserError(
        f"{environment_id} observes {shown}; allowed: a Box with one axis, or Discrete, which is "
        "shown as one number for each value"
    )


@contextmanager
def made(
    specification: Specification, count: int, limit: int = UNLIMITED, **options: Any
) -> Iterator[list[gymnasium.Env]]:
    """Make environments whose actions nobody checks, and close them whatever happens."""
    environments: list[gymnasium.Env] = []
    try:
        for _ in range(count):
            environments.append(specification.make(limit, **options))
            # What is played checks all actions at once; one at a time takes a third of the time.
            environments[-1].unwrapped.action_space.contains = lambda x: True
        yield environments
    finally:
        for environment in environments:
            environment.close()


def _told(error: Exception) -> str:
    kind = "" if isinstance(error, gymnasium.error.Error) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())
