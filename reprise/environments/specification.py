"""The Gymnasium environment of a training, and its parameters.

Algorithms and evaluations apply their own time limits, which count the agent's steps. The limit
that Gymnasium registers is not applied; it only replaces a limit that is null. A `TimeLimit` among
the wrappers truncates as an environment can, and counts the steps at its place.
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
UNLIMITED = -1  # Gymnasium's value for no time limit
OURS = ("max_episode_steps", "render_mode", "disable_env_checker")  # arguments that are set here
NORMALISED = "NormalizeObservation"
# Gymnasium's wrappers that take plain values and keep nothing from one episode to the next.
WRAPPERS = (
    "ClipReward DelayObservation DiscretizeAction DiscretizeObservation FilterObservation "
    "FlattenObservation FrameStackObservation GrayscaleObservation MaxAndSkipObservation "
    "NormalizeObservation RepeatAction RescaleObservation ResizeObservation StickyAction "
    "TimeAwareObservation TimeLimit"
)


class Wrapping(Frozen):
    """A wrapper of Gymnasium; all other keys are its arguments."""

    model_config = ConfigDict(extra="allow")
    name: Name


class Specification(Frozen):
    """An environment as Gymnasium makes it, with its wrappers."""

    id: Name
    kwargs: dict[Name, Any]
    """Arguments. A list of `{name, value}` also allows names that DVC ignores, such as `size`."""
    wrappers: Annotated[tuple[Wrapping, ...], Field(strict=False)]
    """The innermost comes first."""
    solved_return: Annotated[float, Field(allow_inf_nan=False)] | None
    """The mean return that solves the task; null if each step pays 1 and a share of the time limit
    solves it."""

    @field_validator("kwargs", mode="before")
    @classmethod
    def _by_name(cls, kwargs: Any) -> Any:
        if not isinstance(kwargs, list | tuple):
            return kwargs
        found: dict[str, Any] = {}
        for item in kwargs:
            if not isinstance(item, Mapping) or item.keys() != {"name", "value"}:
                raise ValueError(f"the list holds {item}; allowed: mappings of name and value")
            if item["name"] in found:
                raise ValueError(f"{item['name']} appears twice; allowed: once")
            found[item["name"]] = item["value"]
        return found

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if taken := [name for name in OURS if name in self.kwargs]:
            raise ValueError(
                f"kwargs has {taken[0]}; allowed: any other name than {', '.join(OURS)}, "
                "which Reprise sets (maximum_steps and evaluation.limits are the time limits)"
            )
        for place, wrapping in enumerate(self.wrappers, 1):
            check_choice("wrappers", wrapping.name, WRAPPERS.split())
            if wrapping.name == NORMALISED and place < len(self.wrappers):
                raise ValueError(f"wrappers: {NORMALISED} is not last; allowed: only the last")
            if wrapping.name == NORMALISED and wrapping.model_extra:
                raise ValueError(f"wrappers: {NORMALISED} has arguments; allowed: none")
        return self

    @property
    def normalised(self) -> bool:
        """True to normalise observations, which no wrapper does here."""
        return self.wrappers[-1:] == (Wrapping(name=NORMALISED),)

    def top(self, steps: int) -> float:
        """Return the solving return, else the highest one."""
        return steps if self.solved_return is None else self.solved_return

    def registered_limit(self) -> int | None:
        """Look up the registered time limit in steps, if any."""
        with made(self, 1) as (environment,):
            spec = environment.unwrapped.spec
        registered = spec and gymnasium.registry.get(spec.id)
        return registered.max_episode_steps if registered else None

    def make(self, **options: Any) -> gymnasium.Env:
        """Make the environment with its wrappers.

        Observations are not normalised, and no time limit applies. `options` are further arguments
        of `gymnasium.make`.

        Raises:
            UserError: it is unknown, its package is missing, or it refuses the arguments.
        """
        what = f"Gymnasium cannot make {self.id!r}"
        try:
            environment = gymnasium.make(
                self.id, UNLIMITED, disable_env_checker=True, **self.kwargs, **options
            )
            for wrapping in self.wrappers[: -1 if self.normalised else None]:
                # YAML has lists where Gymnasium takes tuples, such as a picture's shape.
                arguments = {
                    key: tuple(value) if isinstance(value, list) else value
                    for key, value in (wrapping.model_extra or {}).items()
                }
                given = ", ".join(f"{key}={value}" for key, value in arguments.items())
                what = f"Gymnasium cannot wrap {self.id!r} in {wrapping.name}({given})"
                environment = getattr(gymnasium.wrappers, wrapping.name)(environment, **arguments)
        except Exception as error:
            reason = str(error)
            if isinstance(error, gymnasium.error.UnregisteredEnv):
                # Gymnasium's own suggestion omits the version.
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
    """Specify an environment without arguments or wrappers."""
    return Specification(id=environment_id, kwargs={}, wrappers=(), solved_return=None)


@contextmanager
def made(specification: Specification, count: int, **options: Any) -> Iterator[list[gymnasium.Env]]:
    """Make environments that check no actions, and close them."""
    environments: list[gymnasium.Env] = []
    try:
        for _ in range(count):
            environments.append(specification.make(**options))
        if len({id(environment.unwrapped) for environment in environments}) < count:
            raise UserError(
                f"{specification.id} returns the same object when made twice; allowed: a new one"
            )
        for environment in environments:
            # Actions are checked before; checking each again takes a third of the time. The space
            # is a copy, as environments may share one.
            space = copy.copy(environment.unwrapped.action_space)
            space.contains = lambda x: True
            with suppress(AttributeError):  # if it is a property
                environment.unwrapped.action_space = space
        yield environments
    finally:
        for environment in environments:
            with suppress(Exception):  # a failure to close harms no result
                environment.close()


def once(function: Callable[[Specification], T]) -> Callable[[Specification], T]:
    """Remember a function's result for each environment and thread.

    Registering an environment again makes it a new one. Arguments that are not plain values cannot
    be compared, so their results are not remembered.
    """
    memory: dict[tuple[int, str], tuple[Any, T]] = {}

    def remembered(specification: Specification) -> T:
        try:
            values = json.dumps(specification.model_dump(exclude={"solved_return"}))
        except (TypeError, ValueError):
            return function(specification)
        key, name = (threading.get_ident(), values), specification.id.rpartition(":")[2]
        if key not in memory or memory[key][0] is not gymnasium.registry.get(name):
            found = function(specification)  # this may register it
            memory[key] = gymnasium.registry.get(name), found
        return memory[key][1]

    return remembered


class Played(Frozen):
    """Parameters with an environment; null limits become the registered one."""

    environment: Specification

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        given = isinstance(values, Mapping)
        return with_limits(values, values.get("environment")) if given else values

    @property
    def notice(self: Any) -> str | None:
        """A notice for the user before a run, if any."""
        return notice(self.environment, self.maximum_steps, self.evaluation.limits)


def with_limits(values: Mapping[str, Any], environment: Any) -> dict[str, Any]:
    """Replace each null time limit by the registered one."""
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
            raise UserError(f"{specification.id} has no registered time limit; set {given}")
    except ValidationError:
        limit = 1  # never used: the environment's own check names its fault
    if no_steps:
        found["maximum_steps"] = limit
    if no_limits:
        found["evaluation"] = {**evaluation, "limits": [limit]}
    return found


def notice(environment: Specification, steps: int, limits: Sequence[int]) -> str | None:
    """Describe surprises before a run: flattening, another time limit."""
    with made(environment, 1) as (played,):
        said = [spaces(played, environment.id).flattened]
    limit = None if environment.id == CHAPTERS_OWN else environment.registered_limit()
    if limit not in (None, steps, *limits):  # perhaps limits of the chapter's environment
        said.append(
            f"{environment.id} has a registered time limit of {limit} steps, but maximum_steps is "
            f"{steps} and evaluation.limits is {list(limits)}; null means the registered limit"
        )
    return "; ".join(filter(None, said)) or None
