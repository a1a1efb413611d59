"""A tiny DQN training from end to end: its files, its bytes, its mistakes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from reprise import networks
from reprise.environments.evaluation import evaluate
from reprise.evidence import training
from reprise.pipeline import artifacts, notebooks, packs, parameters, stage
from stages import dqn_training

ROOT = Path(__file__).parents[2]
NAME = "dqn_training"
Params = dqn_training.Params
TINY = {
    "packs": 2,
    "lanes_per_pack": 2,
    "hidden_sizes": [3],
    "length": 8,
    "maximum_steps": 20,
    "epsilon_decay": 6,
    "learning_start": 2,
    "replay_capacity": 32,
    "batch_size": 4,
    "evaluation": {
        "episodes": 2,
        "first_seed": 1_000_000,
        "limits": [20, 30],
        "solved_share": 0.975,
    },
}
PROMISED = [
    *("metrics.json", "samples.csv", "returns.csv", "learning_curve.csv", "loss_curve.csv"),
    *("losses.npz", "weights.npz", "best_weights.npz", "median_lane.gif"),
]


def section() -> dict[str, Any]:
    return parameters.read(ROOT / "params.yaml")[NAME] | TINY


def run(workers: int, **changes: Any) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(packs.WORKERS, str(workers))
        return dqn_training.run(Params(**(section() | changes)))


def rendered(results: dict[str, Any]) -> dict[str, bytes]:
    return {name: artifacts.render(name, content) for name, content in results.items()}


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return run(workers=1)


def test_a_run_gives_every_file_that_the_stage_promises(results: dict[str, Any]):
    assert list(results) == PROMISED
    documentation = dqn_training.__doc__ or ""
    assert all(name in documentation for name in PROMISED)
    assert results["median_lane.gif"].startswith(b"GIF89a")
    assert results["returns.csv"]["episode"].tolist() == list(range(8))
    assert results["loss_curve.csv"]["episode"].tolist() == [3, 4, 5, 6, 7]


def test_two_workers_give_the_bytes_of_one(results: dict[str, Any]):
    assert rendered(run(workers=2)) == rendered(results)


def test_the_lanes_of_a_pack_are_the_same_when_more_packs_are_asked_for(results: dict[str, Any]):
    alone = run(workers=1, packs=1)
    for name in ("samples.csv", "returns.csv"):
        first = results[name].iloc[:2] if name == "samples.csv" else results[name].iloc[:, :3]
        assert artifacts.render(name, alone[name]) == artifacts.render(name, first)
    np.testing.assert_array_equal(
        alone["weights.npz"]["kernel_0"], results["weights.npz"]["kernel_0"][:2]
    )


def test_no_two_lanes_train_alike(results: dict[str, Any]):
    returns = results["returns.csv"].drop(columns="episode").to_numpy()
    assert len(np.unique(returns, axis=1).T) == 4


def test_the_samples_follow_from_the_returns(results: dict[str, Any]):
    samples = results["samples.csv"]
    returns = results["returns.csv"].drop(columns="episode").to_numpy()
    np.testing.assert_allclose(samples["last_return"], returns.mean(axis=0))
    # CartPole pays 1 a step, so that the returns are the steps.
    np.testing.assert_array_equal(samples["environment_steps"], returns.sum(axis=0))
    np.testing.assert_array_equal(samples["first_at_cap"].notna(), (returns == 20).any(axis=0))
    np.testing.assert_array_equal(samples["first_at_cap"], training.first_at(returns, 20))
    np.testing.assert_array_equal(samples["falls"], training.falls(returns, 20))


def test_the_loss_curve_summarises_the_losses(results: dict[str, Any]):
    losses = results["losses.npz"]["losses"]
    assert losses.shape == results["losses.npz"]["targets"].shape == (8, 4)
    assert np.isnan(losses[:3]).all()
    assert (losses[3:] > 0).all()
    np.testing.assert_allclose(results["loss_curve.csv"]["mean"], losses[3:].mean(axis=1))


def test_the_metrics_summarise_the_samples(results: dict[str, Any]):
    metrics, samples = results["metrics.json"], results["samples.csv"]
    for which in ("final", "best"):
        for limit in (20, 30):
            found, lanes = metrics[which][f"limit_{limit}"], samples[f"{which}_{limit}"]
            assert (found["n"], found["mean"]) == (4, pytest.approx(lanes.mean()))
            assert found["mean_low"] <= found["mean"] <= found["mean_high"]
            assert found["solved"] == (lanes >= 0.975 * limit).mean()
        assert (samples[f"{which}_30"] >= samples[f"{which}_20"]).all()
    assert metrics["last_return"]["mean"] == pytest.approx(samples["last_return"].mean())
    assert metrics["falls"]["mean"] == samples["falls"].mean()
    reached = samples["first_at_cap"].dropna()
    assert (metrics["reached_cap"]["estimate"], metrics["reached_cap"]["n"]) == (
        len(reached) / 4,
        4,
    )
    if len(reached) > 1:
        assert metrics["first_at_cap"]["mean"] == pytest.approx(reached.mean())
    assert metrics["median_lane"] == training.median_lane(samples["final_20"].to_numpy())


@pytest.mark.parametrize(
    ("file", "which"), [("weights.npz", "final"), ("best_weights.npz", "best")]
)
def test_a_lane_leaves_as_a_keras_model_that_plays_as_its_sample_says(
    results: dict[str, Any], file: str, which: str
):
    model = networks.to_keras(results[file], 3)

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        return np.asarray(model(observations[..., 0])).argmax(axis=1)[:, None]

    played = evaluate(act, "CartPole-v1", [1_000_000, 1_000_001], 1, [20, 30])
    assert played.mean(axis=(1, 2)).tolist() == [
        results["samples.csv"].loc[3, f"{which}_{limit}"] for limit in (20, 30)
    ]


def test_the_headline_tells_the_final_greedy_return_and_its_interval(results: dict[str, Any]):
    final = results["metrics.json"]["final"]["limit_20"]
    said = dqn_training.headline(results)
    assert said.startswith(f"final greedy return {final['mean']:.1f} [{final['mean_low']:.1f}, ")
    assert said.endswith(" of 4 seeds")


BAD = [
    ({"learning_rate": -0.01}, ".learning_rate is -0.01; allowed: a number above 0"),
    ({"discount": 1.5}, ".discount is 1.5; allowed: a number from 0 to 1"),
    ({"activation": "rely"}, ".activation is 'rely'; allowed: one of elu, relu, tanh, sigmoid, "),
    ({"learning_rat": 0.01}, ".learning_rat is unknown; did you mean learning_rate?"),
    ({"length_unit": "episode"}, ".length_unit is 'episode'; allowed: one of episodes, steps; did"),
    ({"batch_size": 64}, ".batch_size is 64; allowed: at most replay_capacity, 32"),
    (
        {"epsilon_end": 1.0, "epsilon_start": 0.5},
        ".epsilon_end is 1.0; allowed: at most epsilon_start, 0.5",
    ),
    ({"double": True}, ".double is true; allowed: only with a target_network, hard or soft"),
    ({"evaluation": TINY["evaluation"] | {"limits": []}}, ".evaluation.limits"),
]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, change: dict[str, Any]) -> None:
    YAML().dump({NAME: section() | change}, folder / "params.yaml")


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_bad_parameter_is_named_and_nothing_is_touched(
    elsewhere: Path, capsys: pytest.CaptureFixture, change: dict[str, Any], message: str
):
    write(elsewhere, change)
    code = stage.execute(NAME, Params, dqn_training.run, dqn_training.headline, argv=[])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{NAME}{message}" in err
    assert [path.name for path in elsewhere.iterdir()] == ["params.yaml"]


def test_a_bad_parameter_ends_the_process_with_two_and_one_line(elsewhere: Path):
    write(elsewhere, BAD[0][0])
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", f"stages.{NAME}"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert f"{NAME}{BAD[0][1]}" in ended.stderr
    assert [path.name for path in elsewhere.iterdir()] == ["params.yaml"]


def test_the_notebook_runs_on_fresh_results(results: dict[str, Any], tmp_path: Path):
    kept = {name: content for name, content in results.items() if not name.endswith(".npz")}
    artifacts.write_all(tmp_path / "results", kept)
    names = [
        *(
            "maximum_steps",
            "length",
            "train_unit",
            "learning_start",
            "epsilon_start",
            "epsilon_end",
        ),
        *("epsilon_decay", "epsilon_unit", "replay_capacity", "batch_size", "discount"),
        *("learning_rate", "optimiser"),
    ]
    given = {name: section()[name] for name in names} | {
        "data": "results",
        "evaluation_episodes": 2,
        "limits": [20, 30],
        "solved_share": 0.975,
        "confidence": 0.9,
    }
    target = tmp_path / "done.ipynb"
    notebooks.execute(ROOT / "notebooks" / f"{NAME}.ipynb", target, given, root=tmp_path)
    text = target.read_text(encoding="utf-8")
    assert text.count('"image/png"') >= 7
    assert text.count('"image/gif": "R0lGOD') == 1
    assert "90% interval" in text
