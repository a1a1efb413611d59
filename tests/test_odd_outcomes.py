"""Trainings without an episode, studies of settings that diverge: their results say so.

What cannot be known is null in metrics and an empty cell in tables.
"""

import json
from typing import Any

import pytest

from reprise.pipeline import artifacts, execution
from tests import tiny

LIMIT = 200
SMALL: dict[str, Any] = {"seeds": 2, "evaluation": {"episodes": 1, "limits": [LIMIT]}}


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
