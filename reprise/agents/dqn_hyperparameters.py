"""What decides a training by deep Q-learning but for its seeds.

What the chapter fixes is a parameter here, and its setting is in params.yaml.

Shapes: L lanes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from reprise import capacity
from reprise.capacity import Given, Need
from reprise.hyperparameters import (
    Discount,
    Frozen,
    HiddenSizes,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Probability,
)  # fmt: skip
from reprise.nn import networks, optimizers
from reprise.nn.determinism import tf

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
    optimiser: optimizers.Optimiser
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

    def needs_for(self, lanes: Given, packs: Given) -> Iterator[Need]:
        """Yield what a training asks for, as that of REINFORCE does.

        A transition is 6 numbers at the least, those of an observation of one feature.
        """
        at_once, length = capacity.product(lanes), {"length": self.length}
        episode = {"maximum_steps": self.maximum_steps or 1}
        round_ = {"train_every": self.train_every} if self.train_unit == "steps" else episode
        for what, given in {
            "the replay buffers": {"replay_capacity": self.replay_capacity},
            "the steps of a round": round_,
            "the batches": {"batch_size": self.batch_size},
        }.items():
            size = at_once * capacity.product(given) * 6 * 4
            yield capacity.memory(what, size, given | dict(lanes))
        # Weights, those of the target and of the best episode, and two moments.
        sizes, given = (1, *self.hidden_sizes, 2), {"hidden_sizes": self.hidden_sizes}
        yield from networks.needs(sizes, 5, given, lanes)
        trained, times = length | dict(lanes), capacity.product(packs)
        curves = at_once * self.rounds * 4 * 4
        yield capacity.memory("the curves", curves, trained)
        if self.length_unit == self.train_unit:  # else there may be fewer rounds
            yield capacity.memory("all curves", curves * times, trained | dict(packs))
        yield capacity.work("the steps", at_once * times * self.length, trained | dict(packs))
        match self.length_unit, self.train_unit:
            case "episodes", _:
                steps, given = capacity.product(length, episode), length | episode
            case _, "steps":
                steps, given = self.rounds * self.train_every, length | round_
            case _:
                steps, given = self.length + capacity.product(episode), length | episode
        yield capacity.count("the number of steps", steps, capacity.INT32, given)
        # A transition is drawn by a float32 number.
        reachable, held = (
            min(self.replay_capacity, steps),
            {"replay_capacity": self.replay_capacity},
        )
        yield capacity.count("the transitions to draw from", reachable, capacity.FLOAT32, held)
        studied = length | {"gradient_steps": self.gradient_steps}
        updates = self.rounds * self.gradient_steps
        yield capacity.count("the number of gradient steps", updates, capacity.INT32, studied)
        for name in ("train_every", "learning_start", "target_every"):
            value = getattr(self, name)
            yield capacity.count("what it counts", value, capacity.INT32, {name: value})


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
