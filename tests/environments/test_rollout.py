"""Evaluation in Gymnasium: the returns of a plain loop, and one line for each mistake."""

import gymnasium
import numpy as np
import pytest

from reprise.environments.episodes import CartPoles, EpisodeError, Episodes
from reprise.environments.rollout import evaluate
from reprise.environments.specification import made, plain
from tests.environments import userenvs

CARTPOLE = "CartPole-v1"


def angle(observations, step):
    return (observations[..., 2, :] >= 0).astype(np.int64)


def by_hand(rule, seed: int, limit: int) -> float:
    environment = gymnasium.make(CARTPOLE, max_episode_steps=limit)
    observation, _ = environment.reset(seed=seed)
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = environment.step(int(rule(observation)))
        total, over = total + float(reward), terminated or truncated
    environment.close()
    return total


def test_every_policy_and_seed_gets_the_return_of_a_plain_loop_under_every_limit():
    rules = [lambda o: o[2] >= 0, lambda o: o[2] + o[3] >= 0, lambda o: False]

    def act(observations, step):
        each = [rule(np.moveaxis(observations, 1, 0)) for rule in rules[:2]]
        actions = [*each, np.zeros_like(each[0])]
        return np.stack([a[:, policy] for policy, a in enumerate(actions)], axis=-1).astype(int)

    seeds, limits = [3, 1, 4], [120, 30, 500]
    returns = evaluate(act, CARTPOLE, seeds, 3, limits)
    for k, limit in enumerate(limits):
        expected = [[by_hand(rule, seed, limit) for rule in rules] for seed in seeds]
        np.testing.assert_array_equal(returns[k], expected)
    assert (returns[1, :, 1] == 30).all()


def test_cartpoles_in_the_vector_environment_have_the_bits_of_single_ones():
    seeds, random = [seed for seed in range(40) for _ in range(8)], np.random.default_rng(7)
    chance = np.tile(np.linspace(0, 1, 8), 40)  # of a push to either side; else by angle and spin
    with made(plain(CARTPOLE), len(seeds)) as environments:
        single = Episodes(environments, CARTPOLE, str)
        single.begin(range(len(seeds)), seeds)
        with made(plain(CARTPOLE), 1) as (environment,):
            vector = CartPoles(environment, seeds)
        for _ in range(500):
            np.testing.assert_array_equal(single.observed, vector.observed)
            rule = (single.observed[:, 2] + single.observed[:, 3] > 0).astype(int)
            pushes = random.integers(2, size=len(seeds))
            actions = np.where(random.random(len(seeds)) < chance, pushes, rule)
            np.testing.assert_array_equal(single.step(actions), vector.step(actions))
            assert bool(single.running) == vector.running
    assert 0 < len(single.running) < len(seeds)


@pytest.mark.parametrize("mood", userenvs.MOODS)
def test_a_failing_environment_is_named_with_seed_policy_and_step(mood):
    with userenvs.registered():
        moody = plain("Counting-v0").model_copy(update={"kwargs": {"mood": mood, "grave": 0.5}})
        with pytest.raises(EpisodeError) as caught:
            evaluate(lambda o, _: np.zeros((2, 2), int), moody, [2, 0], 2, [9])
    assert str(caught.value) == f"Counting-v0, seed 0, policy 0, {userenvs.MOODS[mood]}"


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.full((2, 1), 2), "chose action 2; allowed: 0 to 1"),
        (np.zeros((1, 2), int), r"integer actions \[2, 1\]; got int64 \[1, 2\]"),
        (np.zeros((2, 1)), r"integer actions \[2, 1\]; got float64 \[2, 1\]"),
    ],
)
def test_actions_of_another_shape_or_kind_or_that_do_not_exist_are_refused(actions, message):
    with pytest.raises(ValueError, match=message):
        evaluate(lambda o, s: actions, "CartPole-v1", [1, 2], 1, [4])
