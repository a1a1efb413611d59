"""An environment that draws itself in as many forms as there are, or does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

STEPS = 2  # of an episode
CLEAR = ("rgb", "rgba", "grey", "grey column", "truth", "share", "float", "int", "list", "own")


def cell(place: int) -> NDArray[np.uint8]:
    """Return the picture of a place: one white cell of four, grey [20, 40]."""
    picture = np.zeros((20, 40), np.uint8)
    picture[:, 10 * place : 10 * place + 10] = 255
    return picture


class Drawn(gymnasium.Env):
    """Walks two steps to the right, whatever the action."""

    def __init__(self, form: str, render_mode: str | None = None) -> None:
        self.observation_space, self.action_space = Box(0, 5, (2,), np.float32), Discrete(2)
        self.form, self.render_mode, self.canvas = form, render_mode, np.zeros((20, 40, 3), "u1")

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.place = 0
        return self._seen(), {}

    def step(self, action: Any):
        self.place += 1
        return self._seen(), 1.0, self.place == STEPS, False, {}

    def render(self) -> Any:
        grey = cell(self.place)
        colours = np.stack([grey] * 3, axis=-1)
        self.canvas[:] = colours
        if self.form == "error":
            raise RuntimeError("no screen")
        return {
            "rgb": colours, "rgba": np.dstack([colours, grey // 2]), "grey": grey,
            "grey column": grey[..., None], "truth": grey > 0, "share": grey / 255,
            "float": grey.astype(float), "int": grey.astype(int), "list": [grey * 0, colours],
            "own": self.canvas, "none": None, "text": "..o.", "empty list": [],
            "flat": np.zeros(3), "beyond": grey * np.int64(300) // 255,
            "sizes": np.zeros((20 + self.place, 40, 3), np.uint8),
        }[self.form]  # fmt: skip

    def _seen(self) -> NDArray[np.float32]:
        return np.array([self.place, STEPS], np.float32)


class Undrawn(Drawn):
    """Does not say how it is drawn."""

    render = gymnasium.Env.render


class Plain(Undrawn):
    """Has never heard of pictures."""

    def __init__(self, form: str) -> None:
        super().__init__(form)


@contextmanager
def registered(form: str, **metadata: Any) -> Iterator[str]:
    """Let Gymnasium know the environment for a while; its usual metadata may be others."""
    name = f"Drawn-{form.replace(' ', '-')}{len(gymnasium.registry)}-v0"
    kind = {"no argument": Plain, "missing": Undrawn}.get(form, Drawn)
    usual = {"render_modes": ["rgb_array"], "render_fps": 30}
    made = type(kind.__name__, (kind,), {"metadata": usual} | metadata)
    gymnasium.register(name, made, kwargs={"form": form})
    try:
        yield name
    finally:
        del gymnasium.registry[name]
