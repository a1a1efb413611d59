"""A tiny training in an environment that nobody compiled, through the stage."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from reprise.environments.rollout import evaluate
from reprise.nn import networks
from reprise.pipeline import artifacts, parameters
from stages import lunar_lander, reinforce_training
from tests import tiny

NAME = "lunar_lander"


@cache
def results() -> dict[str, Any]:
    return tiny.run(NAME, environment={"solved_return": -150})


def test_it_gives_the_files_that_it_promises_and_that_reinforce_training_gives():
    committed = {path.name for path in (tiny.ROOT / "data" / NAME).iterdir()} - {".gitignore"}
    assert set(results()) == committed
    assert all(name in (lunar_lander.__doc__ or "") for name in results())
    others = {path.name for path in (tiny.ROOT / "data" / reinforce_training.NAME).iterdir()}
    assert set(results()) - {"weights.npz"} == others - {"weights.npz", ".gitignore"}


def test_two_workers_give_the_bytes_of_one():
    changes = {"seeds": 4, "iterations": 1}
    one, two = (tiny.run(NAME, workers, **changes) for workers in (1, 2))
    for name in one:
        assert artifacts.render(name, one[name]) == artifacts.render(name, two[name])


def test_a_seed_leaves_as_a_softmax_that_plays_as_its_sample_says():
    model = networks.to_keras(results()["weights.npz"], 1)

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        probabilities = np.asarray(model(observations[..., 0]))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        return probabilities.argmax(axis=1)[:, None]

    played = evaluate(act, "LunarLander-v3", [1_000_000, 1_000_001], 1, [20, 30])
    samples = results()["samples.csv"]
    assert played.mean(axis=(1, 2)).tolist() == pytest.approx(
        [samples.loc[1, name] for name in ("greedy_20", "greedy_30")]
    )


def test_what_solves_the_task_is_the_return_that_the_section_says():
    for how in ("greedy", "sampled"):
        found = results()["metrics.json"][how]["limit_30"]["solved"]
        assert found == (results()["samples.csv"][f"{how}_30"] >= -150).mean()


def test_it_is_the_experiment_that_is_promised():
    section = parameters.read(tiny.ROOT / "params.yaml")[NAME]
    assert section["seeds"] == 8
    assert section["environment"]["solved_return"] == 200
    assert lunar_lander.headline(results()).endswith(" of 2 seeds")
