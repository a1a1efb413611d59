"""The types of hyperparameters: frozen models and bounded numbers.

An algorithm states its hyperparameters as a subclass of `Frozen` without a default; a stage adds
the fields of its experiment. params.yaml is then the only home of a value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from functools import reduce
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator, model_validator
from pydantic_core import ValidationError, core_schema

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
BelowOne = Annotated[float, Field(ge=0, lt=1)]  # a discount that bounds all values
Fraction = Annotated[float, Field(gt=0, lt=1)]

F = TypeVar("F", bound="Frozen")
T = TypeVar("T")
Some = Annotated[tuple[T, ...], Field(strict=False, min_length=1)]  # a list that is not empty


class Frozen(BaseModel):
    """Immutable parameters, without unknown keys and without conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # Bytes, and nanoseconds, for each unit of the product of the parameters with some keys.
    holds: ClassVar[tuple[tuple[Any, ...], ...]] = ()
    takes: ClassVar[tuple[tuple[Any, ...], ...]] = ()

    def needs(self) -> Iterator[Need]:
        """Yield lower bounds of memory and work."""
        holds, takes = (capacity.memory, "the results"), (capacity.work, "the steps")
        for (need, what), declared in ((holds, self.holds), (takes, self.takes)):
            for unit, *keys in declared:  # a key may be there twice
                given = self.given(*keys)
                yield need(what, math.prod([unit, *(given[key] for key in keys)]), given)

    def given(self, *keys: str) -> dict[str, Any]:
        """Return parameters by their keys, dotted where models are nested."""
        return {key: reduce(getattr, key.split("."), self) for key in keys}

    def memory(self, what: str, size: int, *keys: str, **others: int) -> Need:
        """Return the need of bytes for a product of parameters."""
        given = self.given(*keys) | others
        return capacity.memory(what, size * capacity.product(given), given)

    def work(self, what: str, *keys: str, nanoseconds: int = 1, **others: int) -> Need:
        """Return the need of time for a product of steps."""
        return self.memory(what, nanoseconds, *keys, **others)._replace(kind="work")

    def counter(self, what: str, number: int, most: int, *keys: str) -> Need:
        """Return the need to count up to a number."""
        return capacity.count(what, number, self.given(*keys), most)

    def check_at_most(self, name: str, bound: str) -> None:
        """Raise ValueError in a validator if a value exceeds another."""
        if (value := getattr(self, name)) > (most := getattr(self, bound)):
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
    """Runs with a record every so many iterations."""

    iterations: PositiveInt
    record_every: PositiveInt

    def needs_for(self, runs: int, curves: int = 1) -> Iterator[Need]:
        """Yield the needs of runs that each record some curves."""
        yield self.memory("the generators", capacity.GENERATOR, runs=runs)
        yield self.work("the iterations", "iterations", runs=runs)
        size = 8 * curves * runs * (self.iterations // self.record_every)
        given = self.given("iterations", "record_every") | {"runs": runs}
        yield capacity.memory("the records", size, given)

    @model_validator(mode="after")
    def _records_something(self) -> Self:
        self.check_at_most("record_every", "iterations")
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

    def needs_for(self, seeds: Given) -> Iterator[Need]:
        """Yield the needs of playing a policy for each seed."""
        number, limit = capacity.product(seeds), (self.limits or (1,))[0]
        given = {"evaluation.episodes": self.episodes, **seeds}
        size = number * self.episodes * capacity.ENVIRONMENT
        yield capacity.memory("all episodes at once", size, given)
        given = {"evaluation.limits": self.limits, **seeds}
        yield capacity.memory("the first episode's actions", number * limit, given)


class Experiment(Frozen):
    """The parameters that an experiment adds to an algorithm's."""

    seed: Seed
    seeds: PositiveInt
    pack_size: PositiveInt
    evaluation: Evaluation

    @property
    def at_once(self) -> str:
        """The key of the number of seeds that train together."""
        return "pack_size" if self.pack_size < self.seeds else "seeds"

    def algorithms(self) -> Iterator[Any]:
        """Yield the hyperparameters of each training."""
        yield self

    def needs(self) -> Iterator[Need]:
        """Yield the needs of packs, evaluation and trainings."""
        yield from super().needs()
        seeds, together = self.given("seeds"), self.given(self.at_once)
        size = self.seeds // self.pack_size * capacity.PACK
        yield capacity.memory("the list of packs", size, seeds)
        yield from self.evaluation.needs_for(together)
        for algorithm in self.algorithms():
            yield from algorithm.needs_for(together, seeds)


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
