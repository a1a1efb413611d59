"""Play many episodes in Gymnasium, or one with pictures.

A policy sees the observations of all episodes at once, so a network is called once a time step.
Shapes: E episodes (seeds), N policies, L limits, O features, T steps, H and W pixels.
"""

import math
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reprise.environments import animation
from reprise.environments.episodes import CartPoles, Episodes, check_seeding
from reprise.environments.specification import CHAPTERS_OWN, Specification, made, plain
from reprise.errors import PlainError, UserError

Observations = NDArray[np.float32]
Actions = NDArray[Any]
Act = Callable[[Observations, int], Actions]
"""A function from observations [E, O, N] and the time step, counted from 0, to actions [E, N].

Actions are numbered from 0. Continuous actions are real numbers [E, A, N]; they are clipped to the
environment's space. A Discrete observation is one-hot: one number for each of its values.
"""

FRAMES_PER_SECOND = 30.0  # if the environment names no useful rate
SLOWEST = 0.1  # frames a second


class Episode(NamedTuple):
    """One episode, from `reset` to its last step."""

    observations: NDArray[np.float32]  # [T + 1, O]
    actions: NDArray[Any]  # int64 [T], or float32 [T, A]
    frames: NDArray[np.uint8]  # [T + 1, H, W, 3]
    frames_per_second: float


def evaluate(
    act: Act,
    environment: Specification | str,
    seeds: Sequence[int],
    policies: int,
    limits: Sequence[int],
) -> NDArray[np.float64]:
    """Compute undiscounted returns, [L, E, N].

    Every policy plays the same seeds. One rollout serves all time limits: the return under a limit
    is the sum of the rewards up to it.

    >>> from reprise import policies
    >>> act = policies.playing(policies.angle_and_velocity)
    >>> evaluate(act, "CartPole-v1", seeds=range(3), policies=1, limits=[200]).mean().item()
    200.0

    Raises:
        UserError: Gymnasium cannot make it, its spaces do not fit, or it ignores its seed.
        EpisodeError: it raises an error, or returns a value that does not fit or is not finite.
    """
    if not seeds or policies < 1 or not limits or min(limits) < 1:
        given = f"{len(seeds)} seeds, {policies} policies and limits {list(limits)}"
        raise UserError(f"evaluate got {given}; allowed: at least 1 of each, limits above 0")
    specification = plain(environment) if isinstance(environment, str) else environment
    check_seeding(specification)
    shape = (len(seeds), policies)
    each = [int(seed) for seed in seeds for _ in range(policies)]

    def name(i: int) -> str:
        return f"seed {each[i]}" + (f", policy {i % policies}" if policies > 1 else "")

    returns = np.empty((len(limits), *shape))
    totals, lost = np.zeros((2, len(each)))
    altered = specification.kwargs or specification.wrappers
    vector = specification.id == CHAPTERS_OWN and not altered
    with made(specification, 1 if vector else len(each)) as environments:
        if vector:
            episodes = CartPoles(environments[0], each)
        else:
            episodes = Episodes(environments, specification.id, name)
            episodes.begin(range(len(each)), each)
        for step in range(max(limits)):
            observations = np.ascontiguousarray(
                episodes.observed.reshape(*shape, -1).swapaxes(1, 2), np.float32
            )  # [E, O, N]
            rewards = episodes.step(_checked(act(observations, step), shape, episodes))
            # Neumaier (1974): `lost` sums the rounding errors, so 1000 rewards of 0.1 give 100.
            sums, larger = totals + rewards, np.abs(totals) >= np.abs(rewards)
            lost += np.where(larger, (totals - sums) + rewards, (rewards - sums) + totals)
            totals = sums
            returns[np.array(limits) > step] = np.reshape(totals + lost, shape)
            if not episodes.running:
                break
    return returns


def _checked(actions: Actions, shape: tuple[int, int], episodes: Episodes | CartPoles) -> Actions:
    found = episodes.spaces
    due = (shape[0], *found.action_shape, shape[1])
    kinds, kind = ("f", "real") if found.continuous else ("iu", "integer")
    if actions.shape != due or actions.dtype.kind not in kinds:
        got = f"{actions.dtype} {list(actions.shape)}"
        raise ValueError(f"a policy must return {kind} actions {list(due)}; got {got}")
    if not found.continuous and len(wrong := actions[(actions < 0) | (actions >= found.actions)]):
        raise ValueError(f"a policy chose action {wrong[0]}; allowed: 0 to {found.actions - 1}")
    return actions


def headless() -> None:
    """Let pygame draw without a screen, and without its greeting."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")


def record(act: Act, environment: Specification | str, seed: int, limit: int) -> Episode:
    """Play one episode with a picture of every step.

    Raises the errors of `evaluate`, and EpisodeError if the environment has no pictures.
    """
    headless()
    specification = plain(environment) if isinstance(environment, str) else environment
    observations, pictures, actions = [], [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Gymnasium warns of render modes that are not listed
        with made(specification, 1, render_mode="rgb_array") as (played,):
            episodes = Episodes([played], specification.id, lambda _: f"seed {seed}")
            episodes.begin([0], [seed])
            while True:
                observations.append(episodes.observed[0].astype(np.float32))
                with episodes.failing(0):
                    pictures.append(animation.picture(played.render()))
                if not episodes.running or len(actions) == limit:
                    break
                chosen = act(observations[-1][None, :, None], len(actions))
                chosen = _checked(chosen, (1, 1), episodes)
                actions.append(chosen[0, ..., 0])
                episodes.step(chosen)
            with episodes.failing(0):
                frames = animation.frames(pictures)
            rate = (played.metadata or {}).get("render_fps")
    if not isinstance(rate, int | float | np.integer) or not SLOWEST <= rate < math.inf:
        rate = FRAMES_PER_SECOND
    kind = np.float32 if episodes.spaces.continuous else np.int64
    return Episode(np.stack(observations), np.array(actions, kind), frames, float(rate))


class Remembering:
    """A policy that records another's actions in the first episode.

    The episode to show is chosen later. Its actions replay it without the network.
    """

    def __init__(self, act: Act) -> None:
        self._act = act
        self._actions: list[NDArray[Any]] = []

    def __call__(self, observations: Observations, step: int) -> Actions:
        """Act as the other policy and record its actions."""
        actions = self._act(observations, step)
        self._actions.append(actions[0])
        return actions

    def actions(self, steps: int) -> NDArray[Any]:
        """Return the first episode's actions, [T, N], padded with -1.

        Continuous actions are [T, A, N], padded with NaN.
        """
        kept = np.stack(self._actions[:steps])
        empty, kind = (np.nan, np.float32) if kept.ndim == 3 else (-1, np.int32)
        found = np.full((steps, *kept.shape[1:]), empty, kind)
        found[: len(kept)] = kept
        return found


def animated(
    environment: Specification, label: str, actions: NDArray[Any], policy: int | None, seed: int
) -> bytes:
    """Draw a policy's episode as a GIF, or a notice.

    `actions`, [T, N] or [T, A, N], are those that `Remembering` recorded under the seed.
    """
    if policy is None:
        return animation.notice("No animation: no seed has a policy.")
    own = actions[..., policy]
    own = own[~np.isnan(own[:, 0])] if own.ndim == 2 else own[own >= 0]
    try:
        episode = record(lambda _, step: own[step, None, ..., None], environment, seed, len(own))
        return animation.gif(episode.frames, episode.frames_per_second)
    except Exception as error:
        known = isinstance(error, PlainError)
        reason = error if known else f"{environment.id}: {type(error).__name__}: {error}"
        sentence = " ".join(str(reason).split()).rstrip(".")
        print(f"{label}: no animation: {sentence}", file=sys.stderr, flush=True)
        return animation.notice(f"No animation: {sentence}.")
