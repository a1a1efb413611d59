"""A map of CartPole's actions over the plane of the pole's angle and angular velocity.

The cart stands still in the middle. The map of other environments has no rows.

Shapes: P points of the plane, N seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reprise.environments.specification import Specification

if TYPE_CHECKING:
    from reprise.environments.rollout import Act

ENVIRONMENT = "CartPole-v1"
ANGLES = np.linspace(-12, 12, 41)  # degrees; beyond, an episode has ended
ANGULAR_VELOCITIES = np.linspace(-2.6, 2.6, 41)  # rad/s


def plane() -> pd.DataFrame:
    """Return the points of the plane, in degrees and rad/s, [P]."""
    angle, velocity = (axis.ravel() for axis in np.meshgrid(ANGLES, ANGULAR_VELOCITIES))
    return pd.DataFrame({"angle": angle, "angular_velocity": velocity})


def actions(act: Act, environment: Specification, seeds: int) -> np.ndarray:
    """Return each seed's action at each point, [P, N], or no points except for plain CartPole.

    Args:
        act: the policy of all seeds.
        environment: the policy's environment.
        seeds: N.
    """
    if environment.id != ENVIRONMENT or environment.wrappers:
        return np.empty((0, seeds), np.int64)
    points = plane()
    observations = np.zeros((len(points), 4, seeds), np.float32)
    observations[:, 2] = np.radians(points["angle"].to_numpy())[:, None]
    observations[:, 3] = points["angular_velocity"].to_numpy()[:, None]
    return act(observations, 0)


def pushing_right(packs: Sequence[np.ndarray]) -> pd.DataFrame:
    """Return the share of seeds that push right at each point; without seeds no points.

    Args:
        packs: the actions of each pack, [P, N].
    """
    chosen = np.concatenate(packs, axis=1)
    chosen = chosen if chosen.shape[1] else np.empty((0, 1))
    return plane().iloc[: len(chosen)].assign(pushing_right=chosen.mean(axis=1))
