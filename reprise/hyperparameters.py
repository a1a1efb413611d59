"""The types of hyperparameters: frozen models and bounded numbers.

An algorithm states its hyperparameters as a subclass of `Frozen` without a default; a stage adds
the fields of its experiment. params.yaml is then the only home of a value.
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
BelowOne = Annotated[float, Field(ge=0, lt=1)]  # a discount that bounds all values
Fraction = Annotated[float, Field(gt=0, lt=1)]

# The largest of sizes that are easily mistyped: more takes more memory than machines have, or, of
# steps, more than the whole numbers of a compiled program (2^31: all steps of all episodes).
MOST = {
    name: most
    for most, names in {
        4_000: "pack_size hidden_sizes environments_per_seed history points survivors offspring",
        10_000: "episodes episodes_per_iteration networks population batch_size gradient_steps",
        40_000: "maximum_steps limits horizon train_every fresh_tries tries best_tries",
        50_000: "total_episodes seeds runs warning shown_after",
        1_000_000: "replay_capacity learning_starts target_update_period paths resamples sweeps",
        10_000_000: "iterations evaluations further_episodes accesses repeats longer",
        2**31 - 1: "total_steps evaluation_sweeps maximum_sweeps",
    }.items()
    for name in names.split()
}

F = TypeVar("F", bound="Frozen")
T = TypeVar("T")
Some = Annotated[tuple[T, ...], Field(strict=False, min_length=1)]  # a list that is not empty


class Frozen(BaseModel):
    """Immutable parameters, without unknown keys and without conversions."""

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
        """Raise ValueError in a validator if a value exceeds another."""
        value, most = getattr(self, name), getattr(self, bound)
        if value > most:
            raise ValueError(f"{name} is {value}; allowed: at most {bound}, {most}")

    def changed(self, algorithm: type[F], change: Mapping[str, Any]) -> F:
        """Return an algorithm's parameters, a part of these, with changes.

        Raises:
            ValueError: the parameters do not go together.
        """
        values = {name: getattr(self, name) for name in algorithm.model_fields} | dict(change)
        try:
            return algorithm(**values)
        except ValidationError as error:
            reasons = [str(found["msg"]).removeprefix("Value error, ") for found in error.errors()]
            raise ValueError("; ".join(reasons)) from None


def part(model: type[Frozen], whole: Frozen) -> Any:
    """Return a model's fields out of a larger model."""
    return model.model_construct(**{name: getattr(whole, name) for name in model.model_fields})


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    """Raise ValueError in a validator if a name is unknown."""
    if value not in (names := list(known)):
        meant = closest(value, names)
        hint = f"; did you mean {meant}?" if meant else ""
        raise ValueError(f"{name} is {value!r}; allowed: one of {', '.join(names)}{hint}")


class ChangesOf:
    """Annotation of a dictionary: checked values of a model's fields."""

    def __init__(self, algorithm: type[Frozen]) -> None:
        fields: dict[str, Any] = {}
        for name, info in algorithm.model_fields.items():
            fields[name] = (info.annotation, copy(info))
            fields[name][1].default = None
        self._model = create_model("Changes", __base__=Frozen, **fields)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            lambda change: change.model_dump(exclude_unset=True),
            handler.generate_schema(self._model),
        )


class Recorded(Frozen):
    """Runs with a record every so many iterations."""

    iterations: PositiveInt
    record_every: PositiveInt

    @model_validator(mode="after")
    def _records_something(self) -> Self:
        if self.record_every > self.iterations:
            allowed = f"allowed: up to iterations, {self.iterations}"
            raise ValueError(f"record_every is {self.record_every}; {allowed}")
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
            allowed = f"at most {2**31 - self.episodes}, so that {self.episodes} episodes end below"
            raise ValueError(f"first_seed is {self.first_seed}; allowed: {allowed} 2^31")
        return self

    @property
    def seeds(self) -> range:
        """The seeds of the episodes' resets."""
        return range(self.first_seed, self.first_seed + self.episodes)


class Experiment(Frozen):
    """The parameters that an experiment adds to an algorithm's."""

    seed: Seed
    seeds: PositiveInt
    pack_size: PositiveInt
    evaluation: Evaluation


class Comparison(Experiment):
    """An experiment with variants, of which one is the baseline."""

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


class Ablation(Comparison):
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
                if getattr(own, key) not in (None, getattr(self, key)):  # none by steps
                    raise ValueError(f"variants: {name} changes {key}; all variants need the same")
        return self

    def of(self, variant: str) -> Any:
        """Return the hyperparameters of a variant."""
        change = {key: v for key, v in self.variants[variant].items() if key != "seeds"}
        return self.changed(self.algorithm.Hyperparameters, change)

    def seeds_of(self, variant: str) -> int:
        """Return a variant's number of seeds, its own or all's."""
        return self.variants[variant].get("seeds", self.seeds)

    def algorithms(self) -> Iterator[Any]:
        """Yield the hyperparameters of each variant."""
        yield from map(self.of, self.variants)
