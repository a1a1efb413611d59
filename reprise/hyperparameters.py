"""The types that hyperparameters are made of: frozen models, and numbers that know their range.

An algorithm states its hyperparameters as a subclass of `Frozen` without a default; a stage adds
the fields of its experiment. params.yaml is then the only home of a value.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import core_schema

from reprise.errors import closest

PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]
Discount = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
EvaluationSeed = Annotated[int, Field(ge=0, lt=2**31)]  # those from there on are for training
Name = Annotated[str, Field(min_length=1)]
HiddenSizes = Annotated[tuple[PositiveInt, ...], Field(strict=False)]

F = TypeVar("F", bound="Frozen")


class Frozen(BaseModel):
    """A set of parameters: immutable, no unknown key, no boolean or string taken for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def structure(self, algorithm: type[Self], numbers: Iterable[str]) -> Any:
        """Return what decides an algorithm's program: its own parameters but for mere numbers.

        Args:
            algorithm: the model of the algorithm's parameters; an experiment's adds to them.
            numbers: the names of those that the program takes as arguments.
        """
        names = set(algorithm.model_fields) - set(numbers)
        return algorithm.model_construct(**{name: getattr(self, name) for name in names})

    def changed(self, algorithm: type[F], change: Mapping[str, Any]) -> F:
        """Return an algorithm's parameters, with some changed.

        Args:
            algorithm: the model of the algorithm's parameters; an experiment's adds to them.
            change: new values by name, each one allowed.

        Raises:
            ValueError: if the parameters do not go together.
        """
        values = {name: getattr(self, name) for name in algorithm.model_fields} | dict(change)
        try:
            return algorithm(**values)
        except ValidationError as error:
            reasons = [str(found["msg"]).removeprefix("Value error, ") for found in error.errors()]
            raise ValueError("; ".join(reasons)) from None


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Check in a model's validator that a value is one of those that another key names.

    Raises:
        ValueError: if it is not.
    """
    if value not in (names := list(known)):
        meant = closest(value, names)
        hint = f"; did you mean {meant}?" if meant else ""
        raise ValueError(f"{name} is {value!r}; allowed: one of {', '.join(names)}{hint}")


class ChangesOf:
    """Annotates a dictionary of changes to a model: values for some of its fields, each checked.

    Written as `Annotated[dict[str, Any], ChangesOf(Hyperparameters)]`.
    """

    def __init__(self, algorithm: type[Frozen]) -> None:
        """Allow changes to the parameters of `algorithm`."""
        fields: dict[str, Any] = {}
        for name, info in algorithm.model_fields.items():
            fields[name] = (info.annotation, copy(info))
            fields[name][1].default = None
        self._model = create_model("Changes", __base__=Frozen, **fields)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return the schema of the changes instead of that of a dictionary."""
        return core_schema.no_info_after_validator_function(
            lambda change: {name: getattr(change, name) for name in change.model_fields_set},
            handler.generate_schema(self._model),
        )


class Recorded(Frozen):
    """Runs of which something is recorded every so many iterations."""

    iterations: PositiveInt
    record_every: PositiveInt

    @model_validator(mode="after")
    def _records_something(self) -> Self:
        if self.record_every > self.iterations:
            raise ValueError(
                f"record_every is {self.record_every}; allowed: up to iterations, {self.iterations}"
            )
        return self


class Evaluation(Frozen):
    """How trained policies are played in Gymnasium; its seeds are apart from those of training."""

    episodes: PositiveInt
    first_seed: EvaluationSeed
    limits: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]
    solved_share: Probability

    @model_validator(mode="after")
    def _is_apart_from_training(self) -> Self:
        if self.first_seed + self.episodes > 2**31:
            most = 2**31 - self.episodes
            raise ValueError(
                f"first_seed is {self.first_seed}; allowed: at most {most}, so that "
                f"{self.episodes} episodes end below 2^31"
            )
        return self

    @property
    def seeds(self) -> range:
        """Return the seeds of the episodes' resets."""
        return range(self.first_seed, self.first_seed + self.episodes)


class Experiment(Frozen):
    """What an experiment with an algorithm adds to its hyperparameters."""

    seed: Seed
    packs: PositiveInt
    lanes_per_pack: PositiveInt
    evaluation: Evaluation


class Comparison(Experiment):
    """An experiment with variants; a model of it says what a variant is."""

    lanes_per_pack: Annotated[int, Field(ge=2)]  # what an interval needs
    baseline: Name
    variants: Mapping[Name, Any]

    @model_validator(mode="after")
    def _has_its_baseline(self) -> Self:
        check_choice("baseline", self.baseline, self.variants)
        return self
