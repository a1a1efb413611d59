"""Environments as users write them, each with one habit or one mistake. Id: `Name-v0`."""

from __future__ import annotations

import random  # noqa: TID251 (as users do)
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    Tuple,
)  # fmt: skip

KNOWN: dict[str, dict[str, Any]] = {}
FINITE = "allowed: finite float32 numbers"
MOODS = {
    "raise": "at step 2: the environment raised RuntimeError: no more",
    "observe": f"at step 2: the environment returned the observation NaN; {FINITE}",
    "reward": f"at step 2: the environment returned the reward NaN; {FINITE}",
    "punish": f"at step 2: the environment returned the reward -inf; {FINITE}",
    "raise at reset": "at reset: the environment raised RuntimeError: no beginning",
}


class Line(gymnasium.Env):
    """A line of 5 cells, of which the last ends the episode and pays 1. Shows place and way."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012
    space: gymnasium.Space = Box(-10, 10, (2,), np.float32)
    actions: gymnasium.Space = Discrete(2)

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space, self.action_space = self.space, self.actions

    def seen(self) -> Any:
        return np.array([self.x, 4.0 - self.x], np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.x = 1
        return self.seen(), {}

    def step(self, action: Any) -> Any:
        self.x = max(0, self.x + (1 if action else -1))
        return self.seen(), float(self.x >= 4), self.x >= 4, False, {}

    def render(self) -> Any:
        return np.full((2, 6, 3), self.x, np.uint8)


def known(cls: type, name: str | None = None, **registered: Any) -> type:
    KNOWN[f"{name or cls.__name__}-v0"] = {"entry_point": cls, **registered}
    return cls


@contextmanager
def registered() -> Iterator[None]:
    """Let Gymnasium know them for a while."""
    for name, values in KNOWN.items():
        gymnasium.register(name, **values)
    try:
        yield
    finally:
        for name in KNOWN:
            del gymnasium.registry[name]


def shows(name: str, seen: Callable[[Line], Any], space: gymnasium.Space = Line.space) -> None:
    known(type(name, (Line,), {"seen": seen, "space": space}))


def answers(name: str, changed: Callable[[Any, Any], Any]) -> None:
    """Register a line with a changed answer to `step`, given the action too."""

    def step(self: Line, action: Any) -> Any:
        return changed(Line.step(self, action), action)

    known(type(name, (Line,), {"step": step}))


known(Line)
known(Line, "Short", max_episode_steps=7)
shows("ObsOne", lambda e: np.array([e.x], np.float32))
shows("ObsList", lambda e: [e.x, 4.0 - e.x])
shows("ObsNone", lambda e: None)
shows("ObsOut", lambda e: Line.seen(e), Box(0, 1, (2,), np.float32))
shows("ObsInf", lambda e: np.array([e.x, np.inf], np.float32))
shows("ObsHuge", lambda e: np.array([e.x, 1e39]), Box(-np.inf, np.inf, (2,), np.float64))
shows("ZeroBox", lambda e: np.float32(e.x), Box(-10, 10, (), np.float32))
shows("Cells", lambda e: e.x, Discrete(5))
shows("CellsStart", lambda e: e.x + 3, Discrete(5, start=3))
shows("CellsHalf", lambda e: e.x + 0.5, Discrete(5))
shows("CellsArray", lambda e: np.array([e.x]), Discrete(5))
shows("CellsNumpyBool", lambda e: np.bool_(e.x > 1), Discrete(2))
shows("BigCells", lambda e: e.x, Discrete(40_000))
shows(
    "Pair", lambda e: (e.x, {"way": Line.seen(e)}), Tuple([Discrete(5), Dict({"way": Line.space})])
)
shows("KeyOfItsOwn", lambda e: {"y": 1}, Dict({"x": Discrete(2)}))
shows("GraphInside", lambda e: {"x": None}, Dict({"x": Graph(Box(0, 1, (2,)), None)}))
shows("Picture", lambda e: np.zeros((8, 8, 3), np.uint8), Box(0, 255, (8, 8, 3), np.uint8))
answers("OldStep", lambda a, _: (*a[:3], a[4]))
answers("RewardArray", lambda a, _: (a[0], np.array([a[1]]), *a[2:]))
answers("RewardTwo", lambda a, _: (a[0], np.array([a[1], 0.0]), *a[2:]))
answers("RewardInf", lambda a, _: (a[0], -np.inf, *a[2:]))
answers("DoneArray", lambda a, _: (*a[:2], np.array([a[2]]), *a[3:]))
answers("DoneNone", lambda a, _: (*a[:2], None, *a[3:]))
answers("BothEnds", lambda a, _: (*a[:3], a[2], a[4]))
answers("EndsAtOnce", lambda a, _: (*a[:2], True, False, {}))
answers("PaysOne", lambda a, _: (a[0], 1.0, False, False, {}))
answers("PaysATenth", lambda a, _: (a[0], 0.1, False, False, {}))
answers("ActionKey", lambda a, action: {0: a, 1: a}[action])
answers("ActionInteger", lambda a, action: a if isinstance(action, int | np.integer) else None)


def begins(name: str, reset: Callable[..., Any]) -> None:
    """Register a line with another `reset`, given the usual one and the seed."""

    def begun(self: Line, *, seed: int | None = None, options: dict | None = None) -> Any:
        return reset(self, seed) or (self.seen(), {})

    known(type(name, (Line,), {"reset": begun}))


def at(self: Line, x: Any, seed: int | None = None) -> None:
    """Begin at a place, of a generator that was seeded before."""
    gymnasium.Env.reset(self, seed=seed)
    self.x = x


def mutable(self: Any) -> np.ndarray:
    self.shown = getattr(self, "shown", np.zeros(2, np.float32))
    self.shown[:] = self.x, 4.0 - self.x
    return self.shown


def remembering(self: Any, seed: int | None) -> None:
    self.begun = getattr(self, "begun", 0) + 1
    at(self, self.begun % 4, seed)


def fails(self: Line) -> None:
    raise RuntimeError("cannot close")


def negative(self: Line, action: Any) -> Any:
    assert action in (-1, 0)
    return Line.step(self, action + 1)


shows("Mutable", mutable)  # the same array at every step
known(type("NoSuper", (Line,), {"close": fails}))
known(type("OneAction", (Line,), {"actions": Discrete(1)}))
known(type("NegativeActions", (Line,), {"actions": Discrete(2, start=-1), "step": negative}))
known(type("NoSeed", (Line,), {"reset": lambda self: Line.reset(self)}))
# No info, but an observation of two features: no tuple of two.
known(type("OldReset", (Line,), {"reset": lambda self, **given: Line.reset(self, **given)[0]}))
# Global generators; NumPy's takes 32 bits.
answers("GlobalRandom", lambda a, _: (a[0], a[1] + np.random.normal(), *a[2:]))  # noqa: NPY002
begins("NumPySeed", lambda e, seed: at(e, np.random.seed(seed) or np.random.randint(0, 3), seed))  # noqa: NPY002, TID251
begins("PythonRandom", lambda e, seed: at(e, random.seed(seed) or random.randint(0, 2), seed))
begins("Unseeded", lambda e, seed: setattr(e, "x", float(e.np_random.random())))
begins("Remembers", remembering)  # begins further to the right the more often it began


@known
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


SHARED = Line()
KNOWN["Shared-v0"] = {"entry_point": lambda: SHARED}
KNOWN["NeedsBonus-v0"] = {"entry_point": lambda *, bonus: Line()}
