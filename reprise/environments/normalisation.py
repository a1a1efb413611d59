"""Observations normalised by running statistics, which in the end move into the network.

    x' = (x - mean) / sqrt(variance + epsilon)

Each seed has its own statistics, over all of its episodes: shared between seeds they would tie
seeds together, and one an episode, as a wrapper of each environment has them, would show a network
the same state in as many ways as there are episodes. After training they are folded into the first
layer, and the network takes observations as they are.

Shapes: E episodes, N seeds, O features.

Source: Chan, Golub and LeVeque (1983), equation 2.1, on merging variances; the epsilon and what is
    known before the first observation are those of Gymnasium's NormalizeObservation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

EPSILON = 1e-8


class Normaliser:
    """The running statistics of all seeds' observations."""

    def __init__(self, features: int, seeds: int) -> None:
        """Begin with mean 0 and variance 1, which count as a ten-thousandth of an observation."""
        self.mean = np.zeros((features, seeds))
        self.variance = np.ones((features, seeds))
        self.count = np.full(seeds, 1e-4)

    def update(self, observations: NDArray, counts: NDArray[np.bool_]) -> None:
        """Take in observations [E, O, N], those that `counts` [E, N] says are new."""
        new = counts.sum(axis=0)
        mask = counts[:, None, :]
        some = np.maximum(new, 1)
        mean = np.where(mask, observations, 0.0).sum(axis=0) / some  # [O, N]
        squares = np.where(mask, (observations - mean) ** 2, 0.0).sum(axis=0)
        total = self.count + new
        apart = mean - self.mean
        kept = self.variance * self.count + squares + apart * apart * (self.count * new / total)
        self.mean = self.mean + apart * (new / total)
        self.variance = kept / total
        self.count = total

    def apply(self, observations: NDArray) -> NDArray[np.float32]:
        """Return observations [..., O, N] normalised."""
        return ((observations - self.mean) / self._deviation()).astype(np.float32)

    def folded(self, weights: Sequence[NDArray]) -> list[NDArray]:
        """Return networks [.., N] that do with observations what these do with normalised ones."""
        kernel, bias, *rest = weights
        scaled = kernel / self._deviation()  # [units, O, N]
        shifted = bias - (scaled * self.mean).sum(axis=1)
        return [scaled.astype(np.float32), shifted.astype(np.float32), *rest]

    def _deviation(self) -> NDArray:
        return np.sqrt(self.variance + EPSILON)
