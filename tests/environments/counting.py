"""An environment that can be worked out by hand, and that minds how it is treated."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

ID = "Counting-v0"
MOODS = {
    "raise": "at step 2: the environment raised RuntimeError: no more",
    "observe": "at step 2: the environment observed NaN; allowed: finite numbers of float32",
    "reward": "at step 2: the environment rewarded NaN; allowed: finite numbers of float32",
    "punish": "at step 2: the environment rewarded -inf; allowed: finite numbers of float32",
    "raise at reset": "at reset: the environment raised RuntimeError: no beginning",
}


class Counting(gymnasium.Env):
    """Shows where an episode began and the number of the step, and rewards the action taken.

    An episode terminates after as many steps as its seed says, 3 to 6. To step on after that is an
    error. In the episode with a start above `grave` something happens at step 2.
    """

    def __init__(self, mood: str = "calm", grave: float = 2.0, start: int = 5) -> None:
        self.observation_space = Box(-100, 100, (2,), np.float32)
        self.action_space = Discrete(3, start=start)
        self.mood, self.grave, self.over = mood, grave, True

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.begun = float(self.np_random.random())
        self.length, self.count, self.over = int(self.np_random.integers(3, 7)), 0, False
        if self.mood == "raise at reset" and self.begun > self.grave:
            raise RuntimeError("no beginning")
        return self._seen(), {}

    def step(self, action: Any):
        if self.over or action not in (5, 6, 7):
            raise RuntimeError(f"over: {self.over}, action: {action}")
        observation, reward = self._seen(), float(action)
        if self.begun > self.grave and self.count == 2:
            if self.mood == "raise":
                raise RuntimeError("no more")
            observation[1] = np.nan if self.mood == "observe" else 0
            reward = {"reward": np.nan, "punish": -np.inf}.get(self.mood, reward)
            return observation, reward, False, False, {}
        self.count += 1
        self.over = self.count == self.length
        return self._seen(), reward, self.over, False, {}

    def _seen(self) -> np.ndarray:
        return np.array([self.begun, self.count], np.float32)


@contextmanager
def registered() -> Iterator[str]:
    """Let Gymnasium know the environment for a while."""
    gymnasium.register(ID, lambda **kwargs: Counting(**kwargs))
    try:
        yield ID
    finally:
        del gymnasium.registry[ID]
