import io
import os
from collections.abc import Iterator

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from PIL import Image

from reprise.environments.animation import gif
from reprise.environments.rollout import evaluate, record
from reprise.environments.specification import EpisodeError
from reprise.errors import UserError

CARTPOLE = "CartPole-v1"
MOODY = "Moody-v0"


def angle(observations, step):
    return (observations[..., 2, :] >= 0).astype(np.int64)


def damped(observations, step):
    return (observations[..., 2, :] + observations[..., 3, :] >= 0).astype(np.int64)


def by_hand(rule, seed: int, limit: int) -> float:
    environment = gymnasium.make(CARTPOLE, max_episode_steps=limit)
    observation, _ = environment.reset(seed=seed)
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = environment.step(int(rule(observation)))
        total, over = total + float(reward), terminated or truncated
    environment.close()
    return total


class Moody(gymnasium.Env):
    """Rewards the number of the step; what it does at step 3 depends on its mood."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012
    observation_space = Box(-10, 10, (2,), np.float32)

    def __init__(self, mood: str, render_mode: str | None = None) -> None:
        self.action_space = Discrete(3, start=5)
        self.mood, self.render_mode, self.count = mood, render_mode, 0

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        super().reset(seed=seed)
        self.count, self.grave = 0, seed == 8
        return np.zeros(2, np.float32), {}

    def step(self, action):
        observation, reward = np.full(2, self.count, np.float32), float(self.count)
        if self.grave and self.count == 3:
            if self.mood == "raise":
                raise RuntimeError("no more")
            observation[1] = np.nan if self.mood == "observe" else 0
            reward = {"reward": np.nan, "punish": -np.inf}.get(self.mood, reward)
        self.count += 1
        return observation, reward, False, False, {}

    def render(self):  # pyright: ignore[reportIncompatibleMethodOverride]
        return None if self.mood == "blind" else np.zeros((4, 6, 3), np.uint8)


@pytest.fixture(params=["raise", "observe", "reward", "punish"])
def mood(request: pytest.FixtureRequest) -> Iterator[str]:
    gymnasium.register(MOODY, lambda **kwargs: Moody(**kwargs), kwargs={"mood": request.param})
    yield request.param
    del gymnasium.registry[MOODY]


def test_the_angle_rule_gets_the_books_returns_in_500_episodes():
    (returns,) = evaluate(angle, CARTPOLE, range(500), 1, [200])
    assert returns.shape == (500, 1)
    assert returns.mean() == 41.698
    assert returns.std() == pytest.approx(8.389445512070509)
    assert (returns.min(), returns.max()) == (24, 63)


def test_every_policy_and_seed_gets_what_a_plain_loop_gets():
    rules = [lambda o: o[2] >= 0, lambda o: o[2] + o[3] >= 0, lambda o: False]

    def act(observations, step):
        policies = [
            angle(observations, step),
            damped(observations, step),
            angle(observations, 0) * 0,
        ]
        return np.stack([actions[:, policy] for policy, actions in enumerate(policies)], axis=-1)

    seeds = [3, 1, 4]
    returns = evaluate(act, CARTPOLE, seeds, 3, [30, 120])
    for k, limit in enumerate((30, 120)):
        expected = [[by_hand(rule, seed, limit) for rule in rules] for seed in seeds]
        np.testing.assert_array_equal(returns[k], expected)


def test_one_rollout_serves_all_limits_in_any_order():
    limits = [500, 25, 200]
    together = evaluate(damped, CARTPOLE, range(5), 2, limits)
    for k, limit in enumerate(limits):
        np.testing.assert_array_equal(
            together[k], evaluate(damped, CARTPOLE, range(5), 2, [limit])[0]
        )
    assert (together[1] == 25).all()


def test_two_evaluations_are_equal():
    once, again = (evaluate(angle, CARTPOLE, range(9), 1, [200]) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_a_policy_sees_fixed_shapes_and_an_ended_episode_keeps_its_last_observation():
    seen = []

    def act(observations, step):
        assert step == len(seen)
        seen.append(observations)
        return angle(observations, step)

    (returns,) = evaluate(act, CARTPOLE, [0, 1], 1, [200])
    assert {(o.shape, o.dtype) for o in seen} == {((2, 4, 1), np.dtype(np.float32))}
    shorter, ended = int(returns.argmin()), int(returns.min())
    assert len(seen) == returns.max()
    for later in seen[ended:]:
        np.testing.assert_array_equal(later[shorter], seen[ended][shorter])


@pytest.mark.parametrize("player", ["evaluate", "record"])
def test_a_failing_environment_is_named_with_seed_and_step(mood, player):
    what = {
        "raise": "raised RuntimeError: no more", "observe": "observed NaN",
        "reward": "rewarded NaN", "punish": "rewarded -inf",
    }[mood]  # fmt: skip

    def act(observations, step):
        return np.full((len(observations), observations.shape[-1]), 0, int)

    if player == "evaluate":
        with pytest.raises(EpisodeError, match=f"Moody-v0, seed 8, policy 0, at step 3: .*{what}"):
            evaluate(act, MOODY, [7, 8], 2, [9])
    else:
        with pytest.raises(EpisodeError, match=f"Moody-v0, seed 8, at step 3: .*{what}"):
            record(act, MOODY, 8, 9)


@pytest.mark.parametrize("mood", ["blind"], indirect=True)
def test_an_environment_without_pictures_is_named(mood):
    with pytest.raises(EpisodeError, match=r"Moody-v0, seed 1, at reset: .*no picture"):
        record(angle, MOODY, 1, 9)


@pytest.mark.parametrize("mood", ["calm"], indirect=True)
def test_returns_are_sums_of_rewards_and_only_limits_end_an_endless_episode(mood):
    returns = evaluate(lambda o, s: np.full((2, 1), 2), MOODY, [1, 2], 1, [1, 4, 6])
    np.testing.assert_array_equal(returns[..., 0], [[0, 0], [6, 6], [15, 15]])


@pytest.mark.parametrize("mood", ["calm"], indirect=True)
def test_an_action_that_does_not_exist_is_named(mood):
    with pytest.raises(ValueError, match="chose action 3; allowed: 0 to 2"):
        evaluate(lambda o, s: np.full((1, 1), 3), MOODY, [1], 1, [4])


@pytest.mark.parametrize("actions", [np.zeros((1, 2), int), np.zeros((2, 1)), [0, 0]])
def test_actions_of_another_shape_or_kind_are_refused(actions):
    with pytest.raises(ValueError, match=r"integer actions \[2, 1\] \[E, N\]; got"):
        evaluate(lambda o, s: actions, CARTPOLE, [1, 2], 1, [4])


@pytest.mark.parametrize(
    ("environment_id", "message"),
    [
        ("CartPole-v7", "cannot make 'CartPole-v7': .*did you mean CartPole-v1"),
        ("Cartpole-v1", "cannot make 'Cartpole-v1': .*did you mean CartPole-v1"),
        ("Blackjack-v1", r"Blackjack-v1 observes Tuple\(.*; allowed: a Box with one axis, or"),
        ("Pendulum-v1", r"Pendulum-v1 has the actions Box.*; allowed: Discrete"),
    ],
)
def test_an_environment_that_does_not_fit_is_named(environment_id, message):
    with pytest.raises(UserError, match=message):
        evaluate(angle, environment_id, [0], 1, [10])


@pytest.mark.parametrize(
    ("seeds", "policies", "limits"), [([], 1, [9]), ([0], 0, [9]), ([0], 1, [0])]
)
def test_nothing_to_play_is_refused(seeds, policies, limits):
    with pytest.raises(UserError, match="at least one of each is needed"):
        evaluate(angle, CARTPOLE, seeds, policies, limits)


def test_a_recorded_episode_is_the_one_that_is_evaluated():
    episode = record(angle, CARTPOLE, 3, 200)
    steps = len(episode.actions)
    assert steps == episode.rewards.sum() == evaluate(angle, CARTPOLE, [3], 1, [200]).item()
    assert (episode.terminated, episode.truncated) == (True, False)
    assert episode.observations.shape == (steps + 1, 4)
    assert episode.frames.shape == (steps + 1, 400, 600, 3)
    assert episode.frames.dtype == np.uint8
    assert episode.frames_per_second == 50
    np.testing.assert_array_equal(episode.actions, episode.observations[:-1, 2] >= 0)
    assert os.environ["SDL_VIDEODRIVER"] == "dummy"


def test_a_recorded_episode_at_its_limit_is_truncated():
    episode = record(damped, CARTPOLE, 3, 12)
    assert (len(episode.actions), episode.terminated, episode.truncated) == (12, False, True)


def test_a_gif_is_the_same_bytes_again_small_and_in_real_time():
    content, again = (gif(record(damped, CARTPOLE, 0, 200).frames, 50) for _ in range(2))
    assert content == again
    assert len(content) < 150_000
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (300, 200)
        assert picture.info["loop"] == 0
        durations = []
        for frame in range(getattr(picture, "n_frames", 1)):
            picture.seek(frame)
            durations.append(picture.info["duration"])
    assert sum(durations[:-1]) == 200 * 20  # milliseconds; the last picture stays on for a while
    assert set(durations[:-1]) <= {40, 80}  # of two equal pictures one is kept


def test_a_gif_ends_with_the_last_picture_whatever_is_left_out():
    frames = np.zeros((4, 30, 60, 3), np.uint8)
    frames[-1] = 255
    with Image.open(io.BytesIO(gif(frames, 50))) as picture:
        picture.seek(getattr(picture, "n_frames", 1) - 1)
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_pictures_without_colours_are_refused():
    with pytest.raises(ValueError, match=r"frames must be \[T, H, W, 3\]; got \[4, 30, 60\]"):
        gif(np.zeros((4, 30, 60), np.uint8), 50)
