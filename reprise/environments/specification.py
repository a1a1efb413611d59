"""The Gymnasium environment of a training, and its parameters.

Time limits are the algorithms' and the evaluation's, and count the agent's steps: the registered
one is no wrapper here, but the meaning of a limit that is null. A `TimeLimit` among the wrappers
truncates as the environment itself may, and counts the steps at its place.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, Self, TypeVar

import gymnasium
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from reprise.environments.spaces import spaces
from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Name, check_choice

T = TypeVar("T")

CHAPTERS_OWN = "CartPole-v1"
UNLIMITED = -1  # steps, to Gymnasium
OURS = ("max_episode_steps", "render_mode", "disable_env_checker")  # arguments that are set here
NORMALISED = "NormalizeObservation"
# Gymnasium's wrappers that take plain values and forget an episode when it is over.
WRAPPERS = (
    "ClipReward DelayObservation DiscretizeAction DiscretizeObservation FilterObservation "
    "FlattenObservation FrameStackObservation GrayscaleObservation MaxAndSkipObservation "
    "NormalizeObservation RepeatAction RescaleObservation ResizeObservation StickyAction "
    "TimeAwareObservation TimeLimit"
)


class Wrapping(Frozen):
    """A wrapper of Gymnasium's; its arguments are further keys."""

    model_config = ConfigDict(extra="allow")
    name: Name


class Specification(Frozen):
    """An environment as Gymnasium makes it, inside wrappers."""

    id: Name
    kwargs: dict[Name, Any]
    """Arguments; also a list of `{name, value}`, for a name that DVC does not see, as `size`."""
    wrappers: Annotated[tuple[Wrapping, ...], Field(strict=False)]
    """The first is the innermost."""
    solved_return: Annotated[float, Field(allow_inf_nan=False)] | None
    """The mean return that solves it; null where a step pays 1, and a share of the limit solves."""

    @field_validator("kwargs", mode="before")
    @classmethod
    def _by_name(cls, kwargs: Any) -> Any:
        if not isinstance(kwargs, list | tuple):
            return kwargs
        found: dict[str, Any] = {}
        for item in kwargs:
            if not isinstance(item, Mapping) or item.keys() != {"name", "value"}:
                raise ValueError(f"{item} in a list; allowed: mappings of name and value")
            if item["name"] in found:
                raise ValueError(f"{item['name']} is there twice; allowed: once")
            found[item["name"]] = item["value"]
        return found

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if taken := [name for name in OURS if name in self.kwargs]:
            raise ValueError(
                f"kwargs has {taken[0]}; allowed: any but {', '.join(OURS)}, "
                "which are maximum_steps, evaluation.limits and Reprise's own"
            )
        for place, wrapping in enumerate(self.wrappers, 1):
            check_choice("wrappers", wrapping.name, WRAPPERS.split())
            if wrapping.name == NORMALISED and place < len(self.wrappers):
                raise ValueError(f"wrappers: {NORMALISED} is not last; allowed: only as the last")
            if wrapping.name == NORMALISED and wrapping.model_extra:
                raise ValueError(f"wrappers: {NORMALISED} has arguments; allowed: none")
        return self

    @property
    def normalised(self) -> bool:
        """Return whether observations are normalised, which no wrapper does."""
        return self.wrappers[-1:] == (Wrapping(name=NORMALISED),)

    def top(self, steps: int) -> float:
        """Return an episode's highest return, or that which solves it."""
        return steps if self.solved_return is None else self.solved_return

    def registered_limit(self) -> int | None:
        """Return the registered time limit in steps, if any."""
        with made(self, 1) as (environment,):
            spec = environment.unwrapped.spec
        registered = spec and gymnasium.registry.get(spec.id)
        return registered.max_episode_steps if registered else None

    def make(self, **options: Any) -> gymnasium.Env:
        """Return the environment in its wrappers, neither normalised nor limited.

        Options are more arguments of `gymnasium.make`.

        Raises:
            UserError: it is unknown, its package is missing, or it does not take the arguments.
        """
        what = f"Gymnasium cannot make {self.id!r}"
        try:
            environment = gymnasium.make(
                self.id, UNLIMITED, disable_env_checker=True, **self.kwargs, **options
            )
            for wrapping in self.wrappers[: -1 if self.normalised else None]:
                # What is a list in YAML is a tuple to Gymnasium, such as a picture's shape.
                arguments = {
                    key: tuple(value) if isinstance(value, list) else value
                    for key, value in (wrapping.model_extra or {}).items()
                }
                given = ", ".join(f"{key}={value}" for key, value in arguments.items())
                what = f"{self.id} in {wrapping.name}({given})"
                environment = getattr(gymnasium.wrappers, wrapping.name)(environment, **arguments)
        except Exception as error:
            reason = str(error)
            if isinstance(error, gymnasium.error.UnregisteredEnv):
                # Gymnasium's own guess has no version.
                reason = reason.partition(" Did you mean:")[0].rstrip(".")
                module, colon, name = self.id.rpartition(":")
                if close := closest(name, gymnasium.registry):
                    reason += f"; did you mean {module}{colon}{close}?"
            elif not isinstance(error, gymnasium.error.Error):
                reason = f"{type(error).__name__}: {reason}"
            if isinstance(error, gymnasium.error.DependencyNotInstalled | ModuleNotFoundError):
                reason = reason.rstrip(".") + "; `make extra` installs MuJoCo, Atari and OpenCV"
            raise UserError(f"{what}: {' '.join(reason.split())}") from error
        return environment


def plain(environment_id: str) -> Specification:
    """Return an environment without arguments or wrappers."""
    return Specification(id=environment_id, kwargs={}, wrappers=(), solved_return=None)


@contextmanager
def made(specification: Specification, count: int, **options: Any) -> Iterator[list[gymnasium.Env]]:
    """Make environments without checks of actions, and close them."""
    environments: list[gymnasium.Env] = []
    try:
        for _ in range(count):
            environments.append(specification.make(**options))
        if len({id(environment.unwrapped) for environment in environments}) < count:
            raise UserError(f"{specification.id} is the same object when made again; allowed: new")
        for environment in environments:
            # `Episodes` gets checked actions; a check of each takes a third of the time. The space
            # is a copy, as environments may share theirs.
            space = copy.copy(environment.unwrapped.action_space)
            space.contains = lambda x: True
            with suppress(AttributeError):  # of a property
                environment.unwrapped.action_space = space
        yield environments
    finally:
        for environment in environments:
            with suppress(Exception):  # an environment that cannot be closed harms no result
                environment.close()


def once(function: Callable[[Specification], T]) -> Callable[[Specification], T]:
    """Remember a function's result for each environment and thread.

    An environment that is registered anew is another one. Nothing is remembered of arguments that
    are not plain values, as they cannot be compared.
    """
    memory: dict[tuple[int, str], tuple[Any, T]] = {}

    def remembered(specification: Specification) -> T:
        try:
            values = json.dumps(specification.model_dump(exclude={"solved_return"}))
        except (TypeError, ValueError):
            return function(specification)
        key, name = (threading.get_ident(), values), specification.id.rpartition(":")[2]
        if key not in memory or memory[key][0] is not gymnasium.registry.get(name):
            found = function(specification)  # may register it
            memory[key] = gymnasium.registry.get(name), found
        return memory[key][1]

    return remembered


class Played(Frozen):
    """Parameters; a limit of null is the registered one."""

    environment: Specification

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        given = isinstance(values, Mapping)
        return with_limits(values, values.get("environment")) if given else values

    @property
    def notice(self: Any) -> str | None:
        """Return what to say before a run, if anything."""
        return notice(self.environment, self.maximum_steps, self.evaluation.limits)


def with_limits(values: Mapping[str, Any], environment: Any) -> dict[str, Any]:
    """Put the registered time limit in place of each null."""
    found: dict[str, Any] = dict(values)
    evaluation: Any = found.get("evaluation")
    no_steps = found.get("maximum_steps", 1) is None
    no_limits = isinstance(evaluation, Mapping) and evaluation.get("limits", 1) is None
    if not (no_steps or no_limits):
        return found
    try:
        specification = Specification.model_validate(environment)
        limit = specification.registered_limit()
        if limit is None:
            given = " and ".join(["maximum_steps"] * no_steps + ["evaluation.limits"] * no_limits)
            raise UserError(f"{specification.id} has no registered time limit; give {given}")
    except ValidationError:
        limit = 1  # whoever checks the environment too names the fault
    if no_steps:
        found["maximum_steps"] = limit
    if no_limits:
        found["evaluation"] = {**evaluation, "limits": [limit]}
    return found


def notice(environment: Specification, steps: int, limits: Sequence[int]) -> str | None:
    """Return what to say before a run, if anything."""
    with made(environment, 1) as (played,):
        said = [spaces(played, environment.id).flattened]
    limit = None if environment.id == CHAPTERS_OWN else environment.registered_limit()
    if limit not in (None, steps, *limits):  # they may be the chapter's
        said.append(
            f"{environment.id} has a registered time limit of {limit} steps, but maximum_steps is "
            f"{steps} and evaluation.limits {list(limits)}; null means the registered one"
        )
    return "; ".join(filter(None, said)) or None
