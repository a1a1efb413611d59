"""The actor-critics of extra/dvc.yaml, made tiny."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from reprise import seeds
from reprise.environments.rollout import evaluate
from reprise.environments.specification import plain
from reprise.nn import networks
from stages import pendulum_swing_up
from tests import tiny
from tests.stages.executing import trained

STAGES = ("pendulum_swing_up", "inverted_pendulum", "lunar_lander_actor_critic")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    return cache(lambda name: trained(name, tmp_path_factory))


def test_a_row_of_the_curves_is_a_rollout(results):
    curves = results(STAGES[0])["returns.csv"]
    assert curves["steps"].tolist() == [32, 64]
    assert results(STAGES[0])["samples.csv"]["environment_steps"].tolist() == [64, 64]


@pytest.mark.parametrize("name", STAGES)
def test_no_two_seeds_train_or_play_alike(results, name: str):
    for way in ("greedy_20", "sampled_20", "random_20"):
        assert results(name)["samples.csv"][way].nunique() == 2


def test_stages_with_one_environment_do_not_share_their_random_numbers(results):
    environment = tiny.section("pendulum_swing_up")["environment"]
    other = tiny.run("inverted_pendulum", environment=environment)
    samples = results("pendulum_swing_up")["samples.csv"], other["samples.csv"]
    assert (samples[0]["random_20"] != samples[1]["random_20"]).all()


@pytest.mark.parametrize(
    ("name", "shape", "low", "high"),
    [("Pendulum-v1", (3, 1, 400), -2, 2), ("LunarLander-v3", (3, 400), 0, 3)],
)
def test_random_play_fills_the_space_of_actions(name: str, shape: tuple, low: int, high: int):
    act = pendulum_swing_up.at_random(plain(name), seeds.generator(1, "test"))
    actions = act(np.zeros((3, 8, 400), np.float32), 0)
    assert actions.shape == shape
    assert actions.min() == pytest.approx(low, abs=0.1)
    assert actions.max() == pytest.approx(high, abs=0.1)


def test_a_stored_actor_as_a_keras_model_plays_like_its_sample(results):
    model = networks.to_keras(results("pendulum_swing_up")["weights.npz"], 1)

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        return np.asarray(model(observations[..., 0]))[..., None]

    played = evaluate(act, "Pendulum-v1", [1_000_000, 1_000_001], 1, [20, 30])
    samples = results("pendulum_swing_up")["samples.csv"]
    assert played.mean(axis=(1, 2)).tolist() == pytest.approx(
        [samples.loc[1, name] for name in ("greedy_20", "greedy_30")], rel=1e-4
    )


def test_the_headline_compares_with_random_play(results):
    said = pendulum_swing_up.headline(results("pendulum_swing_up"))
    assert said.startswith("mean greedy return -")
    assert "; random play -" in said
