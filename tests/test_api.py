"""Trainings from Python, without DVC: `reprise.train`."""

import base64
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

import reprise
from reprise.api import Trained
from reprise.environments.rollout import evaluate
from reprise.errors import UserError
from reprise.stats.intervals import known_mean
from tests.environments import userenvs
from tests.tiny import ROOT

TINY_DQN = {"hidden_sizes": [3], "replay_capacity": 32, "batch_size": 4}
SMALL = {"iterations": 3, "maximum_steps": 20, "evaluation": {"episodes": 2, "limits": [30]}}

ELSEWHERE = f"""
import hashlib, json, sys
import reprise
early = sorted({{"tensorflow", "keras", "pandas", "reprise.nn.determinism"}} & set(sys.modules))
trained = reprise.train("reinforce", environment="CartPole-v1", seeds=2, **{SMALL})
digest = hashlib.sha256(trained.weights["kernel_0"].tobytes()).hexdigest()
print(json.dumps([early, trained.curves.values.tolist(), digest]))
"""


@pytest.fixture(scope="module")
def trained() -> Trained:
    return reprise.train("reinforce", environment="CartPole-v1", seeds=2, **SMALL)


def test_curves_have_a_row_for_each_iteration_and_the_repr_the_mean_and_its_interval(trained):
    assert list(trained.curves) == ["seed_0", "seed_1"]
    assert list(trained.curves.index) == [1, 2, 3]
    assert trained.curves.index.name == "iteration"
    assert trained.curves.stack().between(8, 20).all()
    first, second, third = repr(trained).split("\n")
    assert first == "Reinforce on CartPole-v1"
    mean = trained.returns["greedy_30"].mean()
    assert second.startswith(f"greedy_30: mean return {mean:.1f} [")
    assert second.endswith("] (95% interval) of 2 of 2 seeds")
    assert third.startswith("fields: curves, returns, steps, weights")


def test_it_works_from_another_folder_and_gives_the_same_bytes(trained, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    early, curves, digest = json.loads(done.stdout)
    assert early == [], "loaded by `import reprise` alone"
    assert curves == trained.curves.to_numpy().tolist()
    assert digest == hashlib.sha256(trained.weights["kernel_0"].tobytes()).hexdigest()
    assert not list(tmp_path.iterdir())


def test_another_seed_is_another_training(trained):
    other = reprise.train("reinforce", environment="CartPole-v1", seeds=2, seed=7, **SMALL)
    assert not np.isclose(other.weights["kernel_0"], trained.weights["kernel_0"]).any()


def test_a_seed_as_a_keras_model_plays_as_the_seed_did_and_loads_again(trained, tmp_path):
    trained.save(tmp_path / "weights.npz")
    limits = trained.parameters.evaluation.limits
    for seed in range(2):
        model = trained.model(seed)

        def act(observations: np.ndarray, step: int, model=model) -> np.ndarray:
            return (model(observations[..., 0]).numpy() < 0.5).astype(int)

        returns = evaluate(act, "CartPole-v1", trained.parameters.evaluation.seeds, 1, limits)
        assert returns.mean() == trained.returns["greedy_30"][seed]
        loaded = reprise.load(tmp_path / "weights.npz", seed)
        for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(UserError, match="seed 2: allowed are 0 to 1"):
        trained.model(seed=2)


def test_a_list_trains_exactly_those_seeds(trained, tmp_path):
    same = reprise.train("reinforce", environment="CartPole-v1", seeds=[0, 1], **SMALL)
    np.testing.assert_array_equal(same.weights["kernel_0"], trained.weights["kernel_0"])
    other = reprise.train("reinforce", environment="CartPole-v1", seeds=range(7, 0, -6), **SMALL)
    assert list(other.curves) == ["seed_7", "seed_1"]
    assert list(other.returns.index) == list(other.steps.index) == [7, 1]
    # Seed 1 is in another place of a program of the same shape.
    np.testing.assert_allclose(other.curves["seed_1"], trained.curves["seed_1"])
    other.save(tmp_path / "weights.npz")
    for get in (other.model, lambda seed: reprise.load(tmp_path / "weights.npz", seed)):
        np.testing.assert_array_equal(get(1).get_weights()[0], other.weights["kernel_0"][1])
        with pytest.raises(UserError, match="seed 0: allowed are 7, 1"):
            get(0)


def test_a_budget_of_steps_takes_the_place_of_iterations_or_episodes():
    budget = {"steps": 850, "maximum_steps": 20, "evaluation": {"episodes": 1, "limits": [30]}}
    played = reprise.train("reinforce", "CartPole-v1", seeds=2, **budget)
    assert played.parameters.iterations == 4  # of 10 episodes of at most 20 steps
    assert played.steps.between(4 * 10 * 8, 850).all()
    limited = [{"name": "TimeLimit", "max_episode_steps": 9}]
    played = reprise.train(
        "dqn", {"id": "MountainCar-v0", "wrappers": limited}, seeds=2, train_every=5,
        **budget | {"steps": 42}, **TINY_DQN,
    )  # fmt: skip
    assert played.steps.tolist() == [45, 45]  # nine rounds of five steps
    assert played.curves.index.name == "round"
    assert played.curves["seed_0"].dropna().to_dict() == dict.fromkeys([1, 3, 5, 7, 8], -9)
    (axes,) = played.plot().axes
    assert axes.get_xlabel() == "round"


def test_the_plot_has_the_median_and_the_summary_the_mean_and_the_share_solved(trained):
    (axes,) = trained.plot().axes
    np.testing.assert_allclose(axes.lines[2].get_ydata(), trained.curves.median(axis=1))
    found = trained.summary().loc["greedy_30"]
    mean = known_mean(trained.returns["greedy_30"])
    np.testing.assert_allclose(found[["mean", "low", "high"]].tolist(), mean[:3], atol=0.05)
    assert (found["seeds"], found["diverged"]) == (2, 0)
    solved = (trained.returns["greedy_30"] >= 0.975 * 30).mean()
    assert found["solved_low"] <= found["solved"] == solved <= found["solved_high"]


def test_watching_a_seed_gives_a_picture_in_a_notebook_and_a_path_elsewhere(trained, tmp_path):
    path = tmp_path / "seed.gif"
    seen = trained.watch(seed=1, path=path)
    assert repr(seen) == str(path)
    with Image.open(seen) as picture:
        assert len(list(ImageSequence.Iterator(picture))) > 1
    content = base64.b64encode(path.read_bytes()).decode()
    picture = f'<img src="data:image/gif;base64,{content}" alt="Seed 1 plays CartPole-v1 for '
    assert seen._repr_html_().startswith(picture)
    assert trained.watch(seed=0).path.name == "reinforce-cartpole-v1-seed-0.gif"


def test_another_environment_is_played_under_its_registered_limit_if_none_is_given():
    with userenvs.registered():
        found = reprise.train("reinforce", "Short-v0", seeds=2, iterations=1)
        assert list(found.returns) == ["greedy_7"]
        assert found.parameters.maximum_steps == 7
        given = {"iterations": 1, "maximum_steps": 5, "evaluation": {"limits": [6]}}
        found = reprise.train("reinforce", "Short-v0", seeds=2, **given)
        assert list(found.returns) == ["greedy_6"]
        assert found.parameters.maximum_steps == 5
        missing = "Line-v0 has no registered time limit; set maximum_steps and evaluation.limits"
        with pytest.raises(UserError, match=missing):
            reprise.train("dqn", "Line-v0", seeds=2)


def test_continuous_actions_train_save_and_load(tmp_path):
    trained = reprise.train("reinforce", environment="MountainCarContinuous-v0", seeds=2, **SMALL)
    assert trained.returns["greedy_30"].between(-3, 0).all()  # a step costs up to 0.1
    assert trained.weights["log_deviation"].shape == (2, 1)
    trained.save(tmp_path / "weights.npz")
    loaded = reprise.load(tmp_path / "weights.npz", 1)
    limits, seeds = [30], trained.parameters.evaluation.seeds

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        return loaded(observations[..., 0]).numpy()[..., None]

    returns = evaluate(act, "MountainCarContinuous-v0", seeds, 1, limits)
    np.testing.assert_allclose(returns.mean(), trained.returns["greedy_30"][1], rtol=1e-4)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"algorithm": "reinforc"}, "algorithm 'reinforc' is unknown; did you mean reinforce?"),
        ({"algorithm": "x"}, "algorithm 'x' is unknown; allowed: reinforce, dqn"),
        ({"iteratons": 5}, "reinforce.iteratons is unknown; did you mean iterations?"),
        ({"packs": 5}, "reinforce.packs is unknown; allowed: environment, seeds, seed, "),
        ({"seeds": []}, "seeds is []; allowed: a number of seeds, or a list of different"),
        ({"seeds": [3, 3]}, "seeds is [3, 3]; allowed: a number of seeds, or a list"),
        ({"steps": 1999}, "steps is 1999; allowed: at least 2000, for an iteration of 10 episodes"),
        ({"steps": 9000, "iterations": 3}, "both steps and iterations are given; allowed: one of"),
        ({"algorithm": "dqn", "steps": 0}, "dqn.total_steps is 0; allowed: greater than 0"),
        (
            {"algorithm": "dqn", "environment": "Pendulum-v1"},
            "but this environment has continuous ones; allowed: Discrete actions",
        ),
        ({"environment": "CartPole-v7"}, "did you mean CartPole-v1?"),
    ],
)
def test_a_users_mistake_is_named_in_one_line(asked, message):
    with pytest.raises(UserError) as raised:
        reprise.train(**{"algorithm": "reinforce", **asked})
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("algorithm", ["reinforce", "dqn"])
def test_a_diverged_training_warns_and_has_no_returns(algorithm):
    deep = {"total_episodes": 4, "learning_starts": 0, **TINY_DQN}
    small = {"dqn": deep, "reinforce": {"iterations": 3}}[algorithm]
    with pytest.warns(
        UserWarning, match="^2 of 2 seeds diverged: their weights are too large or NaN"
    ):
        lost = reprise.train(
            algorithm, environment="CartPole-v1", seeds=2, learning_rate=1e30, maximum_steps=20,
            evaluation={"episodes": 1, "limits": [30]}, **small,
        )  # fmt: skip
    assert lost.returns.iloc[:, 0].isna().all()
    assert lost.curves.notna().all(axis=None)
    found = lost.summary().iloc[0]
    assert (found["seeds"], found["diverged"], found["solved"]) == (0, 2, 0)
    assert np.isnan(found["mean"])
    with pytest.raises(UserError, match="seed 1 diverged: its network is not a policy"):
        lost.watch(1)
