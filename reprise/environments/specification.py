"""The Gymnasium environment of a training: its parameters, and how it is made.

Time limits are the algorithms' and the evaluation's, and count the agent's steps: the one that
Gymnasium registers is no wrapper here, but what a limit that is null means. A `TimeLimit` among the
wrappers truncates as the environment itself may, and counts the steps at its place: inside a
`RepeatAction`, those of the environment.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, Self, TypeVar

import gymnasium
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Name, check_choice

T = TypeVar("T")

CHAPTERS_OWN = "CartPole-v1"
UNLIMITED = -1  # steps, to Gymnasium
OURS = ("max_episode_steps", "render_mode", "disable_env_checker")  # arguments that are set here
NORMALISED = "NormalizeObservation"

# Gymnasium's wrappers that take plain values and forget an episode when it is over.
WRAPPERS = [
    "ClipReward",
    "DelayObservation",
    "DiscretizeAction",
    "DiscretizeObservation",
    "FilterObservation",
    "FlattenObservation",
    "FrameStackObservation",
    "MaxAndSkipObservation",
    "NormalizeObservation",
    "RepeatAction",
    "RescaleObservation",
    "StickyAction",
    "TimeAwareObservation",
    "TimeLimit",
]


class Wrapping(Frozen):
    """A wrapper of Gymnasium's: its name, and its arguments as further keys."""

    model_config = ConfigDict(extra="allow")

    name: Name


def _by_name(kwargs: Any) -> Any:
    """Return arguments that are a list of names and values as a mapping."""
    if not isinstance(kwargs, list | tuple):
        return kwargs
    found: dict[str, Any] = {}
    for item in kwargs:
        named = isinstance(item, Mapping) and set(item) == {"name", "value"}
        if not named or not isinstance(item["name"], str):
            raise ValueError(f"{item} in a list; allowed: mappings of name and value")
        if item["name"] in found:
            raise ValueError(f"{item['name']} is there twice; allowed: once")
        found[item["name"]] = item["value"]
    return found


def _in_order(wrappers: Any) -> Any:
    """Refuse a mapping of wrappers, since DVC does not see the order of its keys."""
    if isinstance(wrappers, Mapping):
        listed = [
            {"name": name} | (dict(arguments) if isinstance(arguments, Mapping) else {})
            for name, arguments in wrappers.items()
        ]
        shown = json.dumps(listed, default=str).replace('"', "")
        raise ValueError(f"a mapping, which has no order; allowed: a list, here {shown}")
    return wrappers


class Specification(Frozen):
    """An environment as Gymnasium makes it, inside wrappers, the first of them innermost."""

    id: Name
    kwargs: Annotated[dict[Name, Any], BeforeValidator(_by_name)]
    """Arguments of the environment; also a list of `{name, value}`, for a name that DVC leaves out
    of what it compares, such as `size`."""
    wrappers: Annotated[tuple[Wrapping, ...], Field(strict=False), BeforeValidator(_in_order)]
    solved_return: Annotated[float, Field(allow_inf_nan=False)] | None
    """The mean return that solves it; null where a step pays 1, and a share of the limit solves."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if taken := [name for name in OURS if name in self.kwargs]:
            raise ValueError(
                f"kwargs has {taken[0]}; allowed: any but {', '.join(OURS)}, "
                "which are maximum_steps, evaluation.limits and Reprise's own"
            )
        for wrapping in self.wrappers:
            check_choice("wrappers", wrapping.name, WRAPPERS)
        normalising = [wrapping for wrapping in self.wrappers if wrapping.name == NORMALISED]
        if normalising and normalising != [self.wrappers[-1]]:
            raise ValueError(f"wrappers: {NORMALISED} is not the last; allowed: only as the last")
        if normalising and normalising[0].model_extra:
            raise ValueError(f"wrappers: {NORMALISED} has arguments; allowed: none")
        return self

    @property
    def normalised(self) -> bool:
        """Return whether observations are normalised; `normalisation` does that, no wrapper."""
        return any(wrapping.name == NORMALISED for wrapping in self.wrappers)

    def top(self, steps: int) -> float:
        """Return what an episode of so many steps can bring, or what solves the task."""
        return steps if self.solved_return is None else self.solved_return

    def registered_limit(self) -> int | None:
        """Return the time limit in steps that the environment is registered with, if it has one.

        Raises:
            UserError: as `make`.
        """
        with made(self, 1) as (environment,):
            spec = environment.unwrapped.spec
        registered = spec and gymnasium.registry.get(spec.id)
        return registered.max_episode_steps if registered else None

    def make(self, **options: Any) -> gymnasium.Env:
        """Return the environment inside its wrappers, except normalisation; nothing limits it.

        Options are more arguments of `gymnasium.make`.

        Raises:
            UserError: it is unknown, its package is missing, or it does not take the arguments.
        """
        try:
            environment = gymnasium.make(
                self.id, UNLIMITED, disable_env_checker=True, **self.kwargs, **options
            )
        except Exception as error:
            # Gymnasium's own guess leaves out the version.
            reason = _reason(error).partition(" Did you mean:")[0].rstrip(".")
            if isinstance(error, gymnasium.error.UnregisteredEnv):
                module, colon, name = self.id.rpartition(":")
                if close := closest(name, gymnasium.registry):
                    reason += f"; did you mean {module}{colon}{close}?"
            raise UserError(f"Gymnasium cannot make {self.id!r}: {reason}") from error
        for wrapping in self.wrappers[: -1 if self.normalised else None]:
            wrap, arguments = getattr(gymnasium.wrappers, wrapping.name), wrapping.model_extra or {}
            try:
                environment = wrap(environment, **arguments)
            except Exception as error:
                given = ", ".join(f"{key}={value}" for key, value in arguments.items())
                _close(environment)
                where = f"{self.id} in {wrapping.name}({given})"
                raise UserError(f"{where}: {_reason(error)}") from error
        return environment


def plain(environment_id: str) -> Specification:
    """Return the specification of an environment without arguments or wrappers."""
    return Specification(id=environment_id, kwargs={}, wrappers=(), solved_return=None)


@contextmanager
def made(specification: Specification, count: int, **options: Any) -> Iterator[list[gymnasium.Env]]:
    """Make environments without checks of actions, and close them in any case.

    Raises:
        UserError: they cannot be made, or are one and the same.
    """
    environments: list[gymnasium.Env] = []
    try:
        for _ in range(count):
            environments.append(specification.make(**options))
        if len({id(environment.unwrapped) for environment in environments}) < count:
            raise UserError(f"{specification.id} is the same object when made again; allowed: new")
        for environment in environments:
            # All actions are checked at once; one at a time takes a third of the time. The space
            # is a copy, as environments may share theirs.
            space = copy.copy(environment.unwrapped.action_space)
            space.contains = lambda x: True
            with suppress(AttributeError):  # of a property
                environment.unwrapped.action_space = space
        yield environments
    finally:
        for environment in environments:
            _close(environment)


def _close(environment: gymnasium.Env) -> None:
    with suppress(Exception):  # an environment that cannot be closed harms no result
        environment.close()


def _reason(error: Exception) -> str:
    kind = "" if isinstance(error, gymnasium.error.Error) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())


def once(memory: dict[str, tuple], specification: Specification, make: Callable[[], T]) -> T:
    """Return what was made for an equal specification before, or make it.

    An environment that is registered anew meanwhile is another one. Arguments that are not plain
    values cannot be compared: nothing is remembered of them.
    """
    try:
        key = json.dumps(specification.model_dump(exclude={"solved_return"}))
    except (TypeError, ValueError):
        return make()
    name = specification.id.rpartition(":")[2]
    if key not in memory or memory[key][0] is not gymnasium.registry.get(name):
        found = make()  # may register it
        memory[key] = gymnasium.registry.get(name), found
    return memory[key][1]


class Played(Frozen):
    """Parameters of a training in an environment; a limit of null is the registered one."""

    environment: Specification

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        given = isinstance(values, Mapping)
        return with_limits(values, values.get("environment")) if given else values

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        """Return the schema, in which those limits may be null: messages are read off it."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        keys = schema["properties"]
        evaluation = copy.deepcopy(handler.resolve_ref_schema(keys["evaluation"]))
        for section, key in ((keys, "maximum_steps"), (evaluation["properties"], "limits")):
            section[key] = {"anyOf": [section[key], {"type": "null"}]}
        keys["evaluation"] = evaluation
        return schema

    @property
    def notice(self) -> str | None:
        """Return what to say before a run, if anything."""
        steps = self.maximum_steps  # pyright: ignore[reportAttributeAccessIssue]
        limits = self.evaluation.limits  # pyright: ignore[reportAttributeAccessIssue]
        return left_limits(self.environment, steps, limits)


def with_limits(values: Mapping[str, Any], environment: Any) -> dict[str, Any]:
    """Return a section in which time limits that are null are the environment's registered one.

    Raises:
        UserError: the environment cannot be made, or is registered without a limit.
    """
    evaluation = values.get("evaluation")
    played = evaluation if isinstance(evaluation, Mapping) else {}
    no_steps = values.get("maximum_steps", UNLIMITED) is None
    no_limits = played.get("limits", UNLIMITED) is None
    if not (no_steps or no_limits):
        return dict(values)
    try:
        specification = Specification.model_validate(environment)
    except ValidationError:
        limit = 1  # whoever checks the environment too tells what is wrong
    else:
        limit = specification.registered_limit()
        if limit is None:
            missing = " and ".join(["maximum_steps"] * no_steps + ["evaluation.limits"] * no_limits)
            raise UserError(f"{specification.id} has no registered time limit; give {missing}")
    steps = {"maximum_steps": limit} if no_steps else {}
    limits = {"evaluation": {**played, "limits": [limit]}} if no_limits else {}
    return {**values, **steps, **limits}


def left_limits(environment: Specification, steps: int, limits: Sequence[int]) -> str | None:
    """Return a notice if another environment may have the chapter's limits by mistake."""
    limit = None if environment.id == CHAPTERS_OWN else environment.registered_limit()
    if limit is None or limit == steps or limit in limits:
        return None
    return (
        f"{environment.id} has a registered time limit of {limit} steps, but maximum_steps is "
        f"{steps} and evaluation.limits {list(limits)}; null means the registered one"
    )
