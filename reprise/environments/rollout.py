"""Play episodes in real Gymnasium: many at once for returns, one with its pictures.

A policy acts on the observations of all episodes together, so that a network is called once a time
step for any number of policies.

Shapes: E episodes (seeds), N policies, O features of an observation, T steps, H and W pixels.
"""

import math
import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reprise.environments import animation, seeding
from reprise.environments.episodes import Episodes
from reprise.environments.specification import Specification, made, plain
from reprise.errors import UserError

Observations = NDArray[np.float32]
Actions = NDArray[np.integer]
Act = Callable[[Observations, int], Actions]
"""From observations [E, O, N] and the number of the time step, from 0, to actions [E, N].

Actions are numbered from 0; a Discrete observation is shown as one number for each of its values.
"""

FRAMES_PER_SECOND = 30.0  # of an environment without a rate, or with one of no use
SLOWEST = 0.1  # frames a second
HEADLESS = {"PYGAME_HIDE_SUPPORT_PROMPT": "1", "SDL_VIDEODRIVER": "dummy"}


class Episode(NamedTuple):
    """One episode, from the observation of `reset` to that of the last step."""

    observations: NDArray[np.float32]  # [T + 1, O]
    actions: NDArray[np.int64]  # [T]
    frames: NDArray[np.uint8]  # [T + 1, H, W, 3]
    frames_per_second: float


def evaluate(
    act: Act,
    environment: Specification | str,
    seeds: Sequence[int],
    policies: int,
    limits: Sequence[int],
) -> NDArray[np.float64]:
    """Return the undiscounted returns [len(limits), E, N] of an episode for every seed and policy.

    One rollout to the largest limit serves all: a time limit stops an episode and changes nothing
    before, so the return under it is the sum of the rewards up to it.

    >>> from reprise import policies
    >>> act = policies.playing(policies.angle_and_velocity)
    >>> evaluate(act, "CartPole-v1", seeds=range(3), policies=1, limits=[200]).mean().item()
    200.0

    Args:
        act: the policy of all policies.
        environment: what is played; a plain one by its id.
        seeds: of `reset`, one an episode; every policy plays the same ones.
        policies: N, the policies the policy acts for.
        limits: the time limits in steps.

    Raises:
        UserError: the environment cannot be made, does not fit, or ignores its seed.
        EpisodeError: an environment raised, or gave what does not fit or is not finite.
    """
    if not seeds or policies < 1 or not limits or min(limits) < 1:
        given = f"{len(seeds)} seeds, {policies} policies, limits {list(limits)}"
        raise UserError(f"{given}: at least one of each is needed, and limits of at least 1 step")
    specification = _specification(environment)
    seeding.check(specification)
    shape = (len(seeds), policies)
    each = [int(seed) for seed in seeds for _ in range(policies)]

    def name(i: int) -> str:
        return f"seed {each[i]}" + (f", policy {i % policies}" if policies > 1 else "")

    returns = np.empty((len(limits), *shape))
    totals, lost = np.zeros((2, len(each)))
    with made(specification, len(each)) as environments:
        episodes = Episodes(environments, specification.id, name)
        episodes.begin(range(len(each)), each)
        for step in range(max(limits)):
            observations = np.ascontiguousarray(
                episodes.observed.reshape(*shape, -1).swapaxes(1, 2), np.float32
            )  # [E, O, N]
            actions = _checked(act(observations, step), shape, episodes.spaces.actions)
            totals, lost = _added(totals, lost, episodes.step(actions))
            for k, limit in enumerate(limits):
                if limit == step + 1 or (limit > step and not episodes.running):
                    returns[k] = np.reshape(totals + lost, shape)
            if not episodes.running:
                break
    return returns


def _added(
    totals: NDArray[np.float64], lost: NDArray[np.float64], rewards: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums with further rewards, and what rounding has taken from them.

    A thousand rewards of 0.1 are 100 then, and not 99.9999999999986.

    Source: Neumaier (1974), Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen.
    """
    sums = totals + rewards
    larger = np.abs(totals) >= np.abs(rewards)
    high, low = np.where(larger, totals, rewards), np.where(larger, rewards, totals)
    return sums, lost + ((high - sums) + low)


def record(act: Act, environment: Specification | str, seed: int, limit: int) -> Episode:
    """Return one episode of one policy, up to a time limit, with a picture of every step.

    Raises:
        UserError: the environment cannot be made, or does not fit.
        EpisodeError: as `evaluate`; or the environment has no pictures.
    """
    headless()
    specification = _specification(environment)
    observations, pictures, actions = [], [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Gymnasium's, of modes that an environment does not list
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
                actions.append(_checked(chosen, (1, 1), episodes.spaces.actions)[0, 0])
                episodes.step(actions[-1])
            with episodes.failing(0):
                frames = animation.frames(pictures)
            rate = (played.metadata or {}).get("render_fps")
    if not isinstance(rate, int | float | np.integer) or not SLOWEST <= rate < math.inf:
        rate = FRAMES_PER_SECOND
    return Episode(np.stack(observations), np.array(actions, np.int64), frames, float(rate))


def headless() -> None:
    """Let pygame draw without a screen and without a greeting, unless already set."""
    for name, value in HEADLESS.items():
        os.environ.setdefault(name, value)


def _specification(environment: Specification | str) -> Specification:
    return plain(environment) if isinstance(environment, str) else environment


def _checked(actions: Any, shape: tuple[int, int], number: int) -> Actions:
    array = np.asarray(actions)
    if array.shape != shape or array.dtype.kind not in "iu":
        got = f"{array.dtype} {list(array.shape)}"
        raise ValueError(f"a policy must return integer actions {list(shape)} [E, N]; got {got}")
    if array.min() < 0 or array.max() >= number:
        wrong = array[(array < 0) | (array >= number)][0]
        raise ValueError(f"a policy chose action {wrong}; allowed: 0 to {number - 1}")
    return array
