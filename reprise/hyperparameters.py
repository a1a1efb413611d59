"""The types of hyperparameters: frozen models and bounded numbers.

An algorithm declares its hyperparameters as a subclass of `Frozen` without defaults; a stage adds
the fields of its experiment. So params.yaml is the only home of a value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import ValidationError, core_schema

from reprise.errors import closest

PositiveInt = Annotated[int, Field(gt=0)]
AtLeastTwo = Annotated[int, Field(ge=2)]  # as an interval needs two values
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]
Discount = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
EvaluationSeed = Annotated[int, Field(ge=0, lt=2**31)]  # higher ones are for training
Name = Annotated[str, Field(min_length=1)]
HiddenSizes = Annotated[tuple[PositiveInt, ...], Field(strict=False)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]  # a discount that keeps all values finite
Fraction = Annotated[float, Field(gt=0, lt=1)]

# The largest values of sizes that are easily mistyped. Larger ones need more memory than a machine
# has, or, for steps, overflow a compiled program's int32, which counts all steps of all episodes.
MOST = {
    name: most
    for most, names in {
        4_000: "pack_size hidden_sizes environments_per_seed history points survivors offspring",
        10_000: "episodes episodes_per_iteration networks population batch_size gradient_steps",
        40_000: "maximum_steps limits horizon train_every fresh_tries tries best_tries",
        50_000: "total_episodes warning shown_after",
        100_000: "seeds",
        1_000_000: "replay_capacity learning_starts target_update_period paths resamples sweeps",
        10_000_000: "iterations evaluations further_episodes accesses repeats longer",
        2**31 - 1: "total_steps evaluation_sweeps maximum_sweeps",
    }.items()
    for name in names.split()
}

F = TypeVar("F", bound="Frozen")
T = TypeVar("T")
Some = Annotated[tuple[T, ...], Field(strict=False, min_length=1)]  # at least one value


class Frozen(BaseModel):
    """Immutable parameters; unknown keys and conversions are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*")
    @classmethod
    def _is_not_huge(cls, value: Any, info: ValidationInfo) -> Any:
        most = MOST.get(str(info.field_name), math.inf)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and number > most:
                raise ValueError(f"{number:,} is too large; allowed: at most {most:,}")
        return value

    def check_at_most(self, name: str, bound: str) -> None:
        """Raise ValueError if one field exceeds another."""
        if (value := getattr(self, name)) > (most := getattr(self, bound)):
            raise ValueError(f"{name} is {value}; allowed: at most {bound}, {most}")

    def changed(self, algorithm: type[F], change: Mapping[str, Any]) -> F:
        """Take an algorithm's fields out of these, with changes.

        Raises:
            ValueError: a change is not allowed.
        """
        values = {name: getattr(self, name) for name in algorithm.model_fields} | dict(change)
        try:
            return algorithm(**values)
        except ValidationError as error:
            reasons = [str(found["msg"]).removeprefix("Value error, ") for found in error.errors()]
            raise ValueError("; ".join(reasons)) from None


def part(model: type[Frozen], whole: Frozen) -> Any:
    """Take a smaller model's fields out of a larger model."""
    return model.model_construct(**{name: getattr(whole, name) for name in model.model_fields})


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Raise ValueError if a name is unknown."""
    if value not in (names := list(known)):
        meant = closest(value, names)
        hint = f"; did you mean {meant}?" if meant else ""
        raise ValueError(f"{name} is {value!r}; allowed: one of {', '.join(names)}{hint}")


class ChangesOf:
    """Annotation for a dictionary of changes to a model's fields."""

    def __init__(self, algorithm: type[Frozen]) -> None:
        fields = {
            name: (info.annotation, copy(info)) for name, info in algorithm.model_fields.items()
        }
        for _, info in fields.values():
            info.default = None
        self._model = create_model("Changes", __base__=Frozen, **dict[str, Any](fields))

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            lambda change: change.model_dump(exclude_unset=True),
            handler.generate_schema(self._model),
        )


class Recorded(Frozen):
    """Learning that records results every `record_every` iterations."""

    iterations: PositiveInt
    record_every: PositiveInt

    @model_validator(mode="after")
    def _records_something(self) -> Self:
        self.check_at_most("record_every", "iterations")
        return self


class Evaluation(Frozen):
    """Evaluation in Gymnasium, on seeds that training never uses."""

    episodes: PositiveInt
    first_seed: EvaluationSeed
    limits: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]
    solved_share: Probability

    @model_validator(mode="after")
    def _is_apart_from_training(self) -> Self:
        if self.first_seed + self.episodes > 2**31:
            allowed = (
                f"at most {2**31 - self.episodes}, so that all {self.episodes} seeds are below"
            )
            raise ValueError(f"first_seed is {self.first_seed}; allowed: {allowed} 2^31")
        return self

    @property
    def seeds(self) -> range:
        """The seeds of the episodes."""
        return range(self.first_seed, self.first_seed + self.episodes)


class Experiment(Frozen):
    """The parameters that an experiment adds to an algorithm's."""

    seed: Seed
    seeds: PositiveInt
    pack_size: PositiveInt
    evaluation: Evaluation


class VariantExperiment(Experiment):
    """An experiment that compares variants with a baseline."""

    seeds: AtLeastTwo
    baseline: Name
    variants: Mapping[Name, Any]

    @field_validator("variants")
    @classmethod
    def _begins_with_the_baseline(cls, value: Any, info: Any) -> Any:
        name = info.data.get("baseline")
        return {name: value[name]} | value if name in value else value

    @model_validator(mode="after")
    def _has_its_baseline(self) -> Self:
        check_choice("baseline", self.baseline, self.variants)
        return self


class Ablation(VariantExperiment):
    """An experiment with variants of one algorithm's hyperparameters."""

    algorithm: ClassVar[Any]  # a module of `reprise.agents`
    shared: ClassVar[tuple[str, ...]]  # keys that no variant may change

    @model_validator(mode="after")
    def _changes_what_may_change(self) -> Self:
        for name in self.variants:
            try:
                own = self.of(name)
            except ValueError as error:
                raise ValueError(f"variants: {name}: {error}") from None
            for key in self.shared:
                if getattr(own, key) not in (None, getattr(self, key)):  # null if steps decide
                    raise ValueError(f"variants: {name} changes {key}; allowed: the same for all")
        return self

    def of(self, variant: str) -> Any:
        """Combine the base's hyperparameters with a variant's changes."""
        change = {key: v for key, v in self.variants[variant].items() if key != "seeds"}
        return self.changed(self.algorithm.Hyperparameters, change)

    def seeds_of(self, variant: str) -> int:
        """Return the variant's number of seeds, by default `seeds`."""
        return self.variants[variant].get("seeds", self.seeds)

    def algorithms(self) -> Iterator[Any]:
        """List the hyperparameters of all variants."""
        return map(self.of, self.variants)
