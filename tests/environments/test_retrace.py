"""An episode played again from its actions is the episode."""

import numpy as np

from reprise.environments.animation import gif
from reprise.environments.evaluation import evaluate, record
from reprise.environments.retrace import Remembering, animation

CARTPOLE = "CartPole-v1"
SEEDS = range(7, 9)


def angle_or_damped(observations: np.ndarray, step: int) -> np.ndarray:
    """Act by the angle in lane 0, and by the angle and its velocity in lane 1."""
    spin = observations[..., 3, :] * np.arange(observations.shape[-1])
    return (observations[..., 2, :] + spin >= 0).astype(np.int64)


def only(lane: int):
    """Return the policy of one lane."""

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        return angle_or_damped(np.repeat(observations, 2, axis=-1), step)[:, lane : lane + 1]

    return act


def test_an_animation_from_remembered_actions_is_that_of_the_policy_itself():
    remembering = Remembering(angle_or_damped)
    evaluate(remembering, CARTPOLE, SEEDS, 2, [60, 90])
    actions = remembering.actions(60)
    for lane in (0, 1):
        episode = record(only(lane), CARTPOLE, SEEDS[0], 60)
        direct = gif(episode.frames, episode.frames_per_second)
        assert animation(actions[:, lane], CARTPOLE, SEEDS[0]) == direct


def test_the_two_lanes_are_told_apart():
    remembering = Remembering(angle_or_damped)
    returns = evaluate(remembering, CARTPOLE, SEEDS, 2, [60])
    assert returns[0, 0, 0] < returns[0, 0, 1] == 60
    actions = remembering.actions(60)
    assert animation(actions[:, 0], CARTPOLE, 7) != animation(actions[:, 1], CARTPOLE, 7)


def test_remembering_does_not_change_what_is_played():
    plain = evaluate(angle_or_damped, CARTPOLE, SEEDS, 2, [60])
    np.testing.assert_array_equal(
        evaluate(Remembering(angle_or_damped), CARTPOLE, SEEDS, 2, [60]), plain
    )


def test_the_actions_are_those_of_the_first_episode_minus_one_after_all_have_ended():
    remembering = Remembering(lambda observations, step: observations[..., 0, :].astype(np.int64))
    for step in range(3):
        remembering(np.full((2, 4, 3), step, np.float32) * np.array([1, 0])[:, None, None], step)
    actions = remembering.actions(5)
    assert actions.tolist() == [[0] * 3, [1] * 3, [2] * 3, [-1] * 3, [-1] * 3]
    assert remembering.actions(2).tolist() == [[0] * 3, [1] * 3]
