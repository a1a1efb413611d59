"""A corridor, as an example of your own environment.

Its id in params.yaml is `environments.corridor:Corridor-v0`: the module, which registers it, and
the name. Every stage that plays an `environment` depends on this folder, so `dvc repro` runs it
again when a file here changes.
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete


class Corridor(gymnasium.Env[np.ndarray, np.int64]):
    """A row of cells with an exit in the last one; a step costs 1.

    An observation is the place, from 0 to 1. Action 0 goes back, action 1 goes forward.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012 Gymnasium's way

    def __init__(self, length: int = 5, render_mode: str | None = None) -> None:
        """Build a corridor.

        Args:
            length: the number of cells, at least 2.
            render_mode: None, or "rgb_array" to draw pictures for an animation.
        """
        self.render_mode = render_mode
        self._length, self._place = length, 0
        self.observation_space = Box(0, 1, (1,), np.float32)
        self.action_space = Discrete(2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin in a random cell, but not at the exit."""
        super().reset(seed=seed)
        self._place = int(self.np_random.integers(self._length - 1))
        return self._observation(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Go one cell back or forward; a wall closes the first cell."""
        self._place = max(0, self._place + (1 if action else -1))
        return self._observation(), -1.0, self._place == self._length - 1, False, {}

    def render(self) -> np.ndarray | None:
        """Draw the cells: the place is black, the exit green."""
        if self.render_mode is None:
            return None
        cells = np.full((1, self._length, 3), 220, np.uint8)
        cells[0, -1], cells[0, self._place] = (0, 160, 0), 0
        return cells.repeat(40, axis=0).repeat(40, axis=1)

    def _observation(self) -> np.ndarray:
        return np.array([self._place / (self._length - 1)], np.float32)


gymnasium.register(
    "Corridor-v0", entry_point="environments.corridor:Corridor", max_episode_steps=50
)
