"""Training stages write their results whatever the outcome: few seeds, none, none that learned.

What cannot be known is null in metrics and an empty cell in tables.
"""

import json
import re
from typing import Any

import numpy as np
import pytest

from reprise.nn import networks
from reprise.pipeline import artifacts, execution
from tests import tiny

LIMIT = 200
OTHER = "^dqn|_tuned$"  # learners with a learning rate of their own
SMALL: dict[str, Any] = {"seeds": 2, "evaluation": {"episodes": 1, "limits": [LIMIT]}}
ALONE = ["reinforce_training", "dqn_training"]
# Each kind of table; `test_notebooks_on_odd_results` makes the other stages' results.
EVERY = [*ALONE, "credit_assignment", "approximate_q_learning"]


def changes(name: str) -> dict[str, Any]:
    """Return what makes a tiny stage smaller still: one pack, one episode, a few variants."""
    committed = tiny.section(name)
    absent = {"partners": list(committed.get("partners", {}))}
    absent["variants"] = list(committed.get("variants", {}))[2:]
    return SMALL | {key: dict.fromkeys(keys, tiny.ABSENT) for key, keys in absent.items() if keys}


def study(rates: list[float]) -> dict[str, Any]:
    """Return what makes a study one of learning rates alone."""
    grid = [{"name": "learning_rate", "values": rates}]
    return {"grid": grid, "evaluation": SMALL["evaluation"]}


def written(name: str, **changed: Any) -> dict[str, Any]:
    """Return a stage's results, all of which can be written, with metrics as they are read."""
    contents = tiny.run(name, **changed)
    files = {file: artifacts.render(file, content) for file, content in contents.items()}
    metrics, headline = json.loads(files["metrics.json"]), tiny.stage(name).headline
    assert headline(contents) == headline({"metrics.json": metrics})  # README reads it
    return contents | {"metrics.json": metrics, "headline": headline(contents)}


def blocks(metrics: Any) -> list[dict[str, Any]]:
    """Return what metrics say of each way of playing under the limit, wherever it stands."""
    if not isinstance(metrics, dict):
        return []
    if f"limit_{LIMIT}" in metrics:
        return [metrics[f"limit_{LIMIT}"]]
    return [block for inner in metrics.values() for block in blocks(inner)]


def returns(found: dict[str, Any]) -> Any:
    """Return the mean evaluation returns of the seeds that a stage has trained, [N, ways]."""
    samples = found["samples.csv"]
    names = samples.get("variant", samples["seed"]).astype(str)
    samples = samples[~names.str.contains(OTHER)]
    return samples.filter(regex=rf"^(greedy|final|sampled)_{LIMIT}$")


@pytest.mark.parametrize("name", EVERY)
def test_trainings_that_all_diverge_leave_no_policy_and_are_counted(name: str):
    found = written(name, **changes(name) | {"learning_rate": 1e30})
    assert returns(found).isna().all(axis=None)
    assert "none" in found["headline"]
    assert "diverged" in found["headline"]
    metrics = found["metrics.json"]
    groups = metrics.get("variants") or metrics.get("learners") or {"": metrics}
    for learner, group in groups.items():
        if not re.search(OTHER, learner):
            assert group["diverged"] == 2
            first = (group.get("greedy") or group["final"])[f"limit_{LIMIT}"]
            assert (first["n"], first["missing"], first["solved"]) == (0, 2, 0)
            assert first["mean"] is first["mean_low"] is first["median"] is None
    if "median_seed.gif" in found:
        assert metrics["median_seed"] is None
    if "policy_map.csv" in found:
        assert len(found["policy_map.csv"]) == 0


@pytest.mark.parametrize("name", EVERY)
def test_a_seed_that_diverges_is_in_no_mean_and_has_not_solved_the_task(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(networks, "diverged", lambda weights: np.arange(weights[0].shape[-1]) == 0)
    easy = {"evaluation": SMALL["evaluation"] | {"solved_share": 0.0}}
    found = written(name, **changes(name) | easy)
    values = returns(found).to_numpy(float)
    assert np.isnan(values[0::2]).all()
    assert not np.isnan(values[1::2]).any()
    own = [block for block in blocks(found["metrics.json"]) if block["n"] + block["missing"] == 2]
    assert own
    for block in own:
        assert (block["n"], block["missing"], block["solved"]) == (1, 1, 0.5)
        assert block["mean"] == block["median"] == block["max"] > 0
        assert block["mean_low"] is block["standard_deviation"] is None
    assert "1 of " in found["headline"]
    assert found["metrics.json"].get("median_seed", 1) == 1


@pytest.mark.parametrize("name", ALONE)
def test_one_seed_has_no_interval(name: str):
    found = written(name, **SMALL | {"seeds": 1})
    assert "[" not in found["headline"]
    assert found["headline"].endswith("of 1 seeds")
    for block in blocks(found["metrics.json"]):
        assert (block["n"], block["mean_low"]) == (1, None)
        assert block["mean"] == block["median"]
    assert found["metrics.json"]["last_return"]["mean_high"] is None
    assert found["metrics.json"]["median_seed"] == 0


@pytest.mark.parametrize("level", [2, 1000])
@pytest.mark.parametrize("name", ALONE)
def test_metrics_say_from_what_return_on_a_task_is_solved(name: str, level: int):
    found = written(name, **SMALL, environment={"solved_return": level})
    for block in blocks(found["metrics.json"]):
        assert (block["solved_from"], block["solved"]) == (level, float(level == 2))


def test_without_a_finished_episode_there_is_neither_a_return_nor_a_best_policy():
    steps = {"total_episodes": None, "total_steps": 6, "train_every": 2}
    found = written("dqn_training", **SMALL | steps | {"maximum_steps": 20, "learning_starts": 1})
    assert len(found["learning_curve.csv"]) == 0
    samples, metrics = found["samples.csv"], found["metrics.json"]
    assert samples[["last_return", "first_at_cap", f"best_{LIMIT}"]].isna().all(axis=None)
    assert samples[f"final_{LIMIT}"].notna().all()
    assert metrics["last_return"]["n"] == metrics["best"][f"limit_{LIMIT}"]["n"] == 0
    assert metrics["diverged"] == 0
    assert "diverged" not in found["headline"]


@pytest.mark.parametrize(("rates", "counted"), [([1e29, 1e30], (0, 4)), ([0.01, 1e30], (2, 2))])
def test_a_study_of_settings_that_diverge_says_which_they_are(rates: list[float], counted: tuple):
    found = written("hyperparameter_study", **study(rates))
    metrics, settings = found["metrics.json"], found["settings.csv"]
    reported = counted[0] // 2, counted[1] // 2  # the other seeds choose
    assert (settings["n"].sum(), settings["missing"].sum()) == reported
    assert metrics["diverged"] == found["samples.csv"][f"final_{LIMIT}"].isna().sum() == counted[1]
    assert (settings["solved"] == 0).all()
    assert len(found["few_seeds.csv"]) == 0  # of two settings, at least one has no mean
    assert f"{counted[1]} of 4 seeds diverged" in found["headline"]
    if counted[0]:
        assert metrics["best"]["setting"] == metrics["worst"]["setting"] == 0
        assert found["effects.csv"]["settings"].tolist() == [1, 0]
    else:
        assert metrics["best"] is metrics["worst"] is None


def test_a_solved_task_is_one_to_a_study_as_to_the_stage_it_studies(monkeypatch):
    monkeypatch.setenv(execution.WORKERS, "1")

    def base(name: str, **changed: Any) -> dict[str, Any]:
        level = {"environment": {"solved_return": 2}} if name == "dqn_training" else {}
        return tiny.section(name, **level | changed)

    stage = tiny.stage("hyperparameter_study")
    found = stage.run(tiny.params("hyperparameter_study", of=base, **study([0.01, 0.02])))
    assert found["metrics.json"]["solved_from"] == 2
    assert (found["settings.csv"]["solved"] == 1).all()
