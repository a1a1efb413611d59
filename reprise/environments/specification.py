"""The Gymnasium environment of a training and the demands on it.

Time limits are the algorithms' and the evaluation's, and count the agent's steps: the one that
Gymnasium registers is no wrapper here, but what a limit that is null means. A `TimeLimit` among the
wrappers truncates as the environment itself may, and counts the steps at its place: inside a
`RepeatAction`, those of the environment.

Shapes: O features of an observation, A actions, numbered from 0 whatever the environment's first.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, NamedTuple, Self, TypeVar

import gymnasium
from gymnasium.spaces import Discrete
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema

from reprise.environments import answers
from reprise.errors import PlainError, UserError, closest
from reprise.hyperparameters import Frozen, Name, check_choice

T = TypeVar("T")

CHAPTERS_OWN = "CartPole-v1"
UNLIMITED = -1  # steps, to Gymnasium
MOST_VALUES = 4096  # of a Discrete observation, each of which is an input of the networks
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


class Wrapping(Frozen):
    """A wrapper of Gymnasium's: its name, and its arguments as further keys."""

    model_config = ConfigDict(extra="allow")

    name: Name

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the wrapper's arguments."""
        return dict(self.model_extra or {})


def _by_name(kwargs: Any) -> Any:
    """Return arguments that are a list of names and values as a mapping."""
    if not isinstance(kwargs, list | tuple):
        return kwargs
    found: dict[Any, Any] = {}
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
        listed = ", ".join(
            f"{{{', '.join([f'name: {name}', *_written(arguments)])}}}"
            for name, arguments in wrappers.items()
        )
        raise ValueError(f"a mapping, which has no order; allowed: a list, here [{listed}]")
    return wrappers


def _written(arguments: Any) -> list[str]:
    given = arguments if isinstance(arguments, Mapping) else {}
    return [f"{key}: {json.dumps(value, default=str)}" for key, value in given.items()]


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
        if normalising and normalising[0].arguments:
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

        Args:
            options: more arguments of `gymnasium.make`.

        Raises:
            UserError: it is unknown, its package is missing, or it does not take the arguments.
        """
        try:
            environment = gymnasium.make(
                self.id, UNLIMITED, disable_env_checker=True, **self.kwargs, **options
            )
        except Exception as error:
            # Gymnasium's own guess leaves out the version.
            told = _told(error).partition(" Did you mean:")[0].rstrip(".")
            hint = self._meant() if isinstance(error, gymnasium.error.UnregisteredEnv) else ""
            raise UserError(f"Gymnasium cannot make {self.id!r}: {told}{hint}") from error
        for wrapping in self.wrappers:
            if wrapping.name == NORMALISED:
                continue
            try:
                environment = getattr(gymnasium.wrappers, wrapping.name)(
                    environment, **wrapping.arguments
                )
            except Exception as error:
                given = ", ".join(f"{key}={value}" for key, value in wrapping.arguments.items())
                _close(environment)
                raise UserError(f"{self.id} in {wrapping.name}({given}): {_told(error)}") from error
        return environment

    def _meant(self) -> str:
        module, colon, name = self.id.rpartition(":")
        close = closest(name, gymnasium.registry)
        return f"; did you mean {module}{colon}{close}?" if close else ""


def plain(environment_id: str) -> Specification:
    """Return the specification of an environment without arguments or wrappers."""
    return Specification(id=environment_id, kwargs={}, wrappers=(), solved_return=None)


def once(memory: dict[str, tuple], specification: Specification, make: Callable[[], T]) -> T:
    """Return what was made for an equal specification before, or make it.

    An environment that is registered anew meanwhile is another one; arguments that are not plain
    values cannot be compared, and nothing is remembered of them.

    Args:
        memory: what was made, by specification.
        specification: of the environment.
        make: makes it.
    """
    try:
        key = json.dumps(specification.model_dump(exclude={"solved_return"}))
    except (TypeError, ValueError):
        return make()
    name = specification.id.rpartition(":")[2]
    if key in memory and memory[key][0] is gymnasium.registry.get(name):
        return memory[key][1]
    found = make()
    memory[key] = gymnasium.registry.get(name), found
    return found


def with_limits(values: Mapping[str, Any], environment: Any) -> dict[str, Any]:
    """Return a section in which time limits that are null are the registered one.

    Args:
        values: of the section, with `maximum_steps` and `evaluation.limits` if it has them.
        environment: its specification, as params.yaml has it.

    Raises:
        UserError: the environment cannot be made, or is registered without a limit.
    """
    evaluation = values.get("evaluation")
    played = evaluation if isinstance(evaluation, Mapping) else {}
    open_ones = [
        name for name, section, key in (
            ("maximum_steps", values, "maximum_steps"), ("evaluation.limits", played, "limits")
        ) if section.get(key, UNLIMITED) is None
    ]  # fmt: skip
    if not open_ones:
        return dict(values)
    try:
        specification = Specification.model_validate(environment)
    except ValidationError:
        limit = 1  # whoever checks the environment too tells what is wrong
    else:
        limit = specification.registered_limit()
        if limit is None:
            missing = " and ".join(open_ones)
            raise UserError(f"{specification.id} has no registered time limit; give {missing}")
    closed = dict(values)
    if "maximum_steps" in open_ones:
        closed["maximum_steps"] = limit
    if "evaluation.limits" in open_ones:
        closed["evaluation"] = {**played, "limits": [limit]}
    return closed


class Played(Frozen):
    """Parameters of a training in an environment; a limit of null is the registered one."""

    environment: Specification

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return with_limits(values, values.get("environment"))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
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


def left_limits(environment: Specification, steps: int, limits: Sequence[int]) -> str | None:
    """Return in words that limits may be those of the chapter's environment, if they may.

    Args:
        environment: another, perhaps.
        steps: the time limit of the training.
        limits: those of the evaluation.
    """
    if environment.id == CHAPTERS_OWN:
        return None
    limit = environment.registered_limit()
    if limit is None or limit == steps or limit in limits:
        return None
    return (
        f"{environment.id} has a registered time limit of {limit} steps, but maximum_steps is "
        f"{steps} and evaluation.limits {list(limits)}; null means the registered one"
    )


class Spaces(NamedTuple):
    """Observations and actions of an environment as networks see them."""

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
    if isinstance(shown, Discrete) and shown.n > MOST_VALUES:
        raise UserError(
            f"{environment_id} observes {shown}, which is shown as one number for each value; "
            f"allowed: up to {MOST_VALUES} of them"
        )
    found = answers.encoder(shown)
    if found is None:
        raise UserError(
            f"{environment_id} observes {' '.join(str(shown).split())}; allowed: a Box with one "
            "axis, or Discrete, which is shown as one number for each value"
            f"{_flattened(shown)}"
        )
    features, encode = found
    return Spaces(features, int(actions.n), int(actions.start), encode)


def _flattened(space: gymnasium.Space) -> str:
    try:
        flat = answers.encoder(gymnasium.spaces.flatten_space(space))
    except NotImplementedError:
        flat = None
    return "; the wrapper FlattenObservation makes a Box of it" if flat else ""


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
            _check_no_action(environment.unwrapped)
        yield environments
    finally:
        for environment in environments:
            _close(environment)


def _check_no_action(environment: gymnasium.Env) -> None:
    """Let an environment's own space take any action; it keeps that space from others.

    What is played checks all actions at once; one at a time takes a third of the time.
    """
    space = copy.copy(environment.action_space)
    space.contains = lambda x: True
    with suppress(AttributeError):  # of a property
        environment.action_space = space


def _close(environment: gymnasium.Env) -> None:
    """Close an environment; that it cannot be closed harms no result."""
    with suppress(Exception):
        environment.close()


def _told(error: Exception) -> str:
    kind = "" if isinstance(error, gymnasium.error.Error) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())
