"""The types that hyperparameters are made of: frozen models, and numbers that know their range.

An algorithm states its hyperparameters as a subclass of `Frozen` without a default; a stage adds
the fields of its experiment. params.yaml is then the only home of a value.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import core_schema

from reprise import capacity
from reprise.capacity import Given, Need
from reprise.errors import closest

PositiveInt = Annotated[int, Field(gt=0)]
AtLeastTwo = Annotated[int, Field(ge=2)]  # an interval needs two values
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

    def needs(self) -> Iterator[Need]:
        """Yield what the parameters ask of a machine at the least, before anything starts."""
        yield from ()

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


def part(model: type[Frozen], whole: Frozen) -> Any:
    """Return a model's fields out of a larger model that has them."""
    return model.model_construct(**{name: getattr(whole, name) for name in model.model_fields})


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Check in a model's validator that a value is one of those that another key names.

    Raises:
        ValueError: if it is not.
    """
    if value not in (names := list(known)):
        meant = closest(value, names)
        hint = f"; did you mean {meant}?" if meant else ""
        raise ValueError(f"{name} is {value!r}; allowed: one of {', '.join(names)}{hint}")


def check_at_most(given: Frozen, name: str, bound: str) -> None:
    """Check in a model's validator that one value is at most another.

    Raises:
        ValueError: if it is not.
    """
    value, most = getattr(given, name), getattr(given, bound)
    if value > most:
        raise ValueError(f"{name} is {value}; allowed: at most {bound}, {most}")


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
            lambda change: {n: v for n, v in change if n in change.model_fields_set},
            handler.generate_schema(self._model),
        )


class Recorded(Frozen):
    """Runs of which something is recorded every so many iterations."""

    iterations: PositiveInt
    record_every: PositiveInt

    def needs_for(self, runs: int, curves: int = 1) -> Iterator[Need]:
        """Yield what so many runs ask for, each with some curves of a number a record."""
        given, recorded = {"runs": runs}, {"iterations": self.iterations}
        yield capacity.memory("the generators", runs * capacity.GENERATOR, given)
        yield capacity.work("the iterations", self.iterations * runs, recorded | given)
        size = 8 * curves * runs * (self.iterations // self.record_every)
        recorded |= {"record_every": self.record_every}
        yield capacity.memory("the records", size, recorded | given)

    @model_validator(mode="after")
    def _records_something(self) -> Self:
        if self.record_every > self.iterations:
            raise ValueError(
                f"record_every is {self.record_every}; allowed: up to iterations, {self.iterations}"
            )
        return self


class Evaluation(Frozen):
    """Evaluation in Gymnasium, on seeds apart from those of training."""

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

    def needs_for(self, seeds: Given) -> Iterator[Need]:
        """Yield what it takes to play so many policies.

        Args:
            seeds: the parameter with their number, by its name.
        """
        number, limit = capacity.product(seeds), (self.limits or (1,))[0]
        for what, size, given in (
            ("all episodes at once", self.episodes * capacity.ENVIRONMENT,
             {"evaluation.episodes": self.episodes}),
            ("the first episode's actions", limit, {"evaluation.limits": self.limits}),
        ):  # fmt: skip
            yield capacity.memory(what, number * size, given | dict(seeds))


class Experiment(Frozen):
    """The parameters that an experiment adds to an algorithm's hyperparameters."""

    seed: Seed
    seeds: PositiveInt
    pack_size: PositiveInt
    evaluation: Evaluation

    @property
    def trained_at_once(self) -> dict[str, int]:
        """Return the number of seeds that train together, by its parameter."""
        return (
            {"pack_size": self.pack_size} if self.pack_size < self.seeds else {"seeds": self.seeds}
        )

    def algorithms(self) -> Iterator[Any]:
        """Yield the hyperparameters of each training: of each variant that changes them."""
        yield self

    def needs(self) -> Iterator[Need]:
        """Yield what packs, evaluation and the trainings ask for."""
        seeds = {"seeds": self.seeds}
        packs = self.seeds // self.pack_size
        yield capacity.memory("the list of packs", packs * capacity.PACK, seeds)
        yield from self.evaluation.needs_for(self.trained_at_once)
        for algorithm in self.algorithms():
            yield from algorithm.needs_for(self.trained_at_once, seeds)


class Comparison(Experiment):
    """An experiment with variants; a model of it says what a variant is."""

    seeds: Annotated[int, Field(ge=2)]  # what an interval needs
    baseline: Name
    variants: Mapping[Name, Any]
    """The baseline is the first of them."""

    @field_validator("variants")
    @classmethod
    def _begins_with_the_baseline(cls, value: Any, info: ValidationInfo) -> Any:
        name = info.data.get("baseline")
        return {name: value[name]} | value if name in value else value

    @model_validator(mode="after")
    def _has_its_baseline(self) -> Self:
        check_choice("baseline", self.baseline, self.variants)
        return self
