"""The types that hyperparameters are made of: frozen models, and numbers that know their range.

An algorithm states its hyperparameters as a subclass of `Frozen` without a default; a stage adds
the fields of its experiment. params.yaml is then the only home of a value.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]
Discount = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
HiddenSizes = Annotated[tuple[PositiveInt, ...], Field(strict=False)]


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


class Evaluation(Frozen):
    """How trained policies are played in Gymnasium; its seeds are apart from those of training."""

    episodes: PositiveInt
    first_seed: Seed
    limits: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]
    solved_share: Probability

    @property
    def seeds(self) -> range:
        """Return the seeds of the episodes' resets."""
        return range(self.first_seed, self.first_seed + self.episodes)
