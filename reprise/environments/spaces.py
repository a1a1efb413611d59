"""Observations and actions of Gymnasium environments as networks see them.

An observation becomes a vector, as in Gymnasium's FlattenObservation: arrays row by row, a category
one-hot, the parts of Dict and Tuple one after the other. Actions are numbered, or real numbers that
are clipped to their space.

Shapes: O features of an observation, A actions or components of an action, P episodes, N seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple, flatdim
from numpy.typing import NDArray

from reprise.environments.answers import REAL, Misfit, short, shown, single
from reprise.errors import UserError

ARRAYS = Box, MultiBinary, MultiDiscrete
MOST_FEATURES = 4096  # each is an input of the networks


class Spaces(NamedTuple):
    """An environment's spaces as networks see them."""

    features: int  # O
    actions: int  # A, the number of actions, or of components of a continuous action
    continuous: bool
    flattened: str | None  # a notice, if an observation is no vector
    decode: Callable[[NDArray], NDArray]  # from a policy's actions [..., N] to Gymnasium's [P, ...]
    encode: Callable[[Any], NDArray]  # from an observation to a vector [O]; raises Misfit

    @property
    def action_shape(self) -> tuple[int, ...]:
        """The axes of an action before N."""
        return (self.actions,) if self.continuous else ()


def spaces(environment: gymnasium.Env, environment_id: str) -> Spaces:
    """Read an environment's spaces; a UserError if one is unfit."""
    observed, actions = environment.observation_space, environment.action_space
    continuous, number = False, 0
    if isinstance(actions, Box) and actions.dtype.kind == "f":
        continuous, number = True, prod(actions.shape)
    elif isinstance(actions, Discrete):
        number = int(actions.n)
    if number < (1 if continuous else 2):
        raise UserError(
            f"{environment_id} has the action space {short(actions)}; allowed: Discrete with at "
            "least 2 actions, or a Box of real numbers"
        )
    what = f"{environment_id} has the observation space {short(observed)}"
    if unfit := _without_size(observed):
        part = "" if unfit is observed else f", which contains {short(unfit)}"
        raise UserError(
            f"{what}{part}; allowed: Box, Discrete, MultiBinary, MultiDiscrete, and Dict or Tuple "
            "of these"
        )
    features = flatdim(observed)
    if not 0 < features <= MOST_FEATURES:
        raise UserError(
            f"{what}, which takes {features} numbers, with one for each value of a category; "
            f"allowed: 1 to {MOST_FEATURES} (wrappers such as ResizeObservation reduce them)"
        )
    vector = isinstance(observed, Discrete) or (
        isinstance(observed, Box) and len(observed.shape) == 1
    )
    flattened = None if vector else f"{what}, flattened to {features} numbers"
    decode, encode = partial(_decoded, actions), partial(_encoded, observed)
    return Spaces(features, number, continuous, flattened, decode, encode)


def _without_size(space: gymnasium.Space) -> gymnasium.Space | None:
    """Find a space's first part without a fixed size."""
    if isinstance(space, Dict | Tuple):
        return next(filter(None, map(_without_size, _parts(space).values())), None)
    return None if isinstance(space, (*ARRAYS, Discrete)) else space


def _parts(space: Dict | Tuple) -> dict[Any, gymnasium.Space]:
    return dict(space.items() if isinstance(space, Dict) else enumerate(space.spaces))


def _decoded(space: Any, actions: NDArray) -> NDArray:
    """Turn a policy's actions into a space's, [P, ...]."""
    if isinstance(space, Discrete):
        return actions.ravel().astype(np.int64) + int(space.start)
    rows = np.moveaxis(actions, -2, -1).reshape(-1, *space.shape)
    # A network that diverged gives NaN; its neighbours play on.
    return np.clip(np.nan_to_num(rows.astype(space.dtype)), space.low, space.high)


def _encoded(space: gymnasium.Space, observation: Any) -> NDArray:
    try:
        return encoded(space, observation)
    except Exception:  # many kinds, as a user's environment may return anything
        what = f"returned the observation {shown(observation)}"
        raise Misfit(f"{what}; its observation space is {short(space)}") from None


def encoded(space: Any, observation: Any) -> NDArray:
    """Flatten an observation; raise any error if unfit.

    Bounds are not checked: many environments, even Gymnasium's, exceed their own.
    """
    if isinstance(space, ARRAYS):
        row = np.asarray(observation)
        if row.shape != space.shape or row.dtype.kind not in REAL:
            raise ValueError(f"shape {row.shape}")
        if not isinstance(space, MultiDiscrete):
            return row.ravel()
        parts = zip((row - space.start).ravel(), space.nvec.ravel(), strict=True)
        return np.concatenate([encoded(Discrete(n), value) for value, n in parts])
    if isinstance(space, Discrete):
        place, size = single(observation) - int(space.start), int(space.n)
        if int(place) != place or not 0 <= place < size:  # a whole float is a place too
            raise ValueError(f"place {place}")
        return np.eye(1, size, int(place), np.float32)[0]
    given: Any = observation if isinstance(space, Dict) else dict(enumerate(observation))
    parts = _parts(space)
    if given.keys() != parts.keys():
        raise ValueError(f"keys {list(given)}")
    return np.concatenate([encoded(part, given[key]) for key, part in parts.items()])
