"""Plays episodes in real Gymnasium: many at once for returns, one with its pictures.

A policy acts on the observations of all episodes together, so that a network is called once a time
step for any number of policies. Episodes that have ended keep their last observation and are not
stepped.

Shapes: E episodes (seeds), N policies, O features of an observation, T steps, H and W pixels.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reprise.environments import seeding
from reprise.environments.answers import Misfit, begun, picture, stepped, wrong
from reprise.environments.specification import (
    EpisodeError,
    Specification,
    made,
    plain,
    spaces,
)  # fmt: skip
from reprise.errors import UserError

Observations = NDArray[np.float32]
Actions = NDArray[np.integer]
Act = Callable[[Observations, int], Actions]
"""From observations [E, O, N] and the number of the time step, from 0, to actions [E, N].

Actions are numbered from 0; a Discrete observation is shown as one number for each of its values.
"""

FRAMES_PER_SECOND = 30  # of an environment that does not say it
HEADLESS = {"PYGAME_HIDE_SUPPORT_PROMPT": "1", "SDL_VIDEODRIVER": "dummy"}


class Episode(NamedTuple):
    """One episode, from the observation of `reset` to that of the last step."""

    observations: NDArray[np.float32]  # [T + 1, O]
    actions: NDArray[np.int64]  # [T]
    rewards: NDArray[np.float64]  # [T]
    terminated: bool
    truncated: bool
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
    count = len(seeds) * policies
    returns = np.empty((len(limits), *shape))
    totals, lost = np.zeros((2, count))
    with made(specification, count) as environments:
        features, actions, first, encode = spaces(environments[0], specification.id)
        current = np.empty((count, features))
        failed = _Failure(specification.id, seeds, policies)
        steps = [played.step for played in environments]
        for i, played in enumerate(environments):
            with failed.at(i, -1):
                current[i] = encode(begun(played.reset(seed=int(seeds[i // policies]))))
        failed.if_wrong(current, "observed", -1)
        running = list(range(count))
        for step in range(max(limits)):
            observations = np.ascontiguousarray(
                current.reshape(*shape, features).swapaxes(1, 2), np.float32
            )  # [E, O, N]
            chosen = _checked(act(observations, step), shape, actions)
            numbers = chosen.ravel().astype(np.int64) + first
            rewards = np.zeros(count)
            still, i = [], 0
            try:
                for i in running:
                    observation, rewards[i], terminated, truncated = stepped(steps[i](numbers[i]))
                    current[i] = encode(observation)
                    if not (terminated or truncated):
                        still.append(i)
            except Misfit as error:
                raise failed.error(i, step, f"{error}") from None
            except Exception as error:
                raise failed.error(i, step, f"raised {type(error).__name__}: {error}") from error
            running = still
            failed.if_wrong(current, "observed", step)
            failed.if_wrong(rewards, "rewarded", step)
            totals, lost = _added(totals, lost, rewards)
            for k, limit in enumerate(limits):
                if limit == step + 1 or (limit > step and not running):
                    returns[k] = np.reshape(totals + lost, shape)
            if not running:
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
    """Return one episode of one policy with a picture of every step.

    Args:
        act: the policy; it is called with observations [1, O, 1] and returns actions [1, 1].
        environment: what is played; a plain one by its id.
        seed: of `reset`.
        limit: the time limit in steps.

    Raises:
        UserError: the environment cannot be made, or does not fit.
        EpisodeError: the environment raised, gave what does not fit or is not finite, or has no
            pictures.
    """
    headless()
    specification = _specification(environment)
    with made(specification, 1, render_mode="rgb_array") as (played,):
        features, number, first, encode = spaces(played, specification.id)
        failed = _Failure(specification.id, [seed], 1)
        observations, frames, actions, rewards = [], [], [], []
        terminated = truncated = False
        with failed.at(0, -1):
            observation = encode(begun(played.reset(seed=seed)))
        while True:
            step = len(actions) - 1
            observation = np.array(observation, float)  # some environments write to theirs again
            failed.if_wrong(observation[None], "observed", step)
            observations.append(observation.astype(np.float32))
            with failed.at(0, step):
                frames.append(picture(played.render()))
            if frames[-1].shape != frames[0].shape:
                raise failed.error(0, step, "renders pictures of two sizes; allowed: one")
            if terminated or truncated:
                break
            chosen = act(observations[-1].reshape(1, features, 1), len(actions))
            actions.append(int(_checked(chosen, (1, 1), number).item()))
            with failed.at(0, len(actions) - 1):
                answer = played.step(np.int64(actions[-1] + first))
                observation, reward, terminated, truncated = stepped(answer)
                observation = encode(observation)
            failed.if_wrong(np.array([reward]), "rewarded", len(actions) - 1)
            rewards.append(reward)
            truncated = truncated or (len(actions) == limit and not terminated)
        return Episode(
            np.stack(observations), np.array(actions), np.array(rewards), terminated, truncated,
            np.stack(frames), float(played.metadata.get("render_fps") or FRAMES_PER_SECOND),
        )  # fmt: skip


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


class _Failure(NamedTuple):
    """Tells which episode failed, and at which step."""

    environment_id: str
    seeds: Sequence[int]
    policies: int

    def error(self, i: int, step: int, what: str) -> EpisodeError:
        when = "at reset" if step < 0 else f"at step {step}"
        policy = f", policy {i % self.policies}" if self.policies > 1 else ""
        where = f"seed {self.seeds[i // self.policies]}{policy}, {when}"
        return EpisodeError(f"{self.environment_id}, {where}: the environment {what}")

    @contextmanager
    def at(self, i: int, step: int) -> Iterator[None]:
        try:
            yield
        except Misfit as error:
            raise self.error(i, step, f"{error}") from None
        except Exception as error:
            raise self.error(i, step, f"raised {type(error).__name__}: {error}") from error

    def if_wrong(self, values: NDArray[np.float64], what: str, step: int) -> None:
        if found := wrong(values):
            raise self.error(found[0], step, f"{what} {found[1]}")
