"""What decides a training by deep Q-learning but for its seeds.

What the chapter fixes is a parameter here, and its setting is in params.yaml.

Shapes: L lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from reprise import networks, optimisers
from reprise.determinism import tf
from reprise.hyperparameters import (
    Discount,
    Frozen,
    HiddenSizes,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Probability,
)  # fmt: skip

Unit = Literal["episodes", "steps"]


class Hyperparameters(Frozen):
    """What decides a training but for its seeds."""

    hidden_sizes: HiddenSizes
    activation: networks.Activation
    dueling: bool
    length: PositiveInt
    length_unit: Unit
    maximum_steps: PositiveInt
    epsilon_start: Probability
    epsilon_end: Probability
    epsilon_decay: PositiveInt
    epsilon_unit: Unit
    train_every: PositiveInt
    train_unit: Unit
    learning_start: NonNegativeInt
    gradient_steps: PositiveInt
    replay_capacity: PositiveInt
    batch_size: PositiveInt
    optimiser: optimisers.Optimiser
    learning_rate: PositiveFloat
    loss: Literal["mse", "huber"]
    discount: Discount
    bootstrap_at_truncation: bool
    double: bool
    target_network: Literal["none", "hard", "soft"]
    target_every: PositiveInt
    target_rate: Annotated[float, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.batch_size > self.replay_capacity:
            raise ValueError(
                f"batch_size is {self.batch_size}; "
                f"allowed: at most replay_capacity, {self.replay_capacity}"
            )
        if self.epsilon_end > self.epsilon_start:
            raise ValueError(
                f"epsilon_end is {self.epsilon_end}; "
                f"allowed: at most epsilon_start, {self.epsilon_start}"
            )
        if self.double and self.target_network == "none":
            raise ValueError("double is true; allowed: only with a target_network, hard or soft")
        return self

    @property
    def rounds(self) -> int:
        """Return how many rounds a training can have at the most."""
        match self.length_unit, self.train_unit:
            case "episodes", "steps":
                return -(-self.length * self.maximum_steps // self.train_every)
            case "steps", "steps":
                return -(-self.length // self.train_every)
            case _:
                return self.length


class Numbers(NamedTuple):
    """The hyperparameters that are only numbers: each may differ between the lanes, [L]."""

    learning_rate: tf.Tensor
    discount: tf.Tensor
    epsilon_start: tf.Tensor
    epsilon_end: tf.Tensor
    epsilon_decay: tf.Tensor


def numbers_of(lanes: Sequence[Hyperparameters]) -> Numbers:
    """Return what may differ between lanes, of one set of hyperparameters a lane."""
    return Numbers(*(
        tf.constant([float(getattr(h, name)) for h in lanes], tf.float32)
        for name in Numbers._fields
    ))  # fmt: skip
