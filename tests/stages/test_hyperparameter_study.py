"""The study: runs are seeds of settings, packs share a program, and no shape moves a result."""

from typing import Any

import numpy as np
import pytest

from reprise.pipeline import execution, packs
from stages import hyperparameter_study as study
from tests import tiny

NAME = "hyperparameter_study"


def grid(**values: list[Any]) -> list[dict[str, Any]]:
    """Return values by hyperparameter as params.yaml has them."""
    return [{"name": name, "values": tried} for name, tried in values.items()]


def test_every_seed_of_every_setting_is_there_once(results):
    samples = results["samples.csv"]
    assert len(samples) == 8 * 2
    assert samples[["setting", "seed"]].drop_duplicates().shape == (16, 2)
    first = samples.groupby("setting").first()
    assert first["learning_rate"].tolist() == [0.01] * 4 + [0.05] * 4
    assert first["replay_capacity"].tolist() == [16, 16, 32, 32] * 2
    assert first["discount"].tolist() == [0.9, 0.95] * 4


def test_a_program_has_packs_of_one_shape_whose_last_is_filled_up():
    params = tiny.params(NAME)
    assert [len(group) for group in params.programs().values()] == [8]
    whole = [study.runs_of(params, packs.Pack(0, 3 * n, 3, "program 1")) for n in range(6)]
    places = [(setting.number, seed) for runs in whole for setting, seed in runs]
    every = [(setting, seed) for setting in range(8) for seed in range(2)]
    assert places == [*every, (7, 2), (7, 3)]


def test_a_run_trains_with_the_numbers_of_its_own_setting(results):
    """The same run has the same bits in the same place of a pack with other settings."""
    one = grid(learning_rate=[0.01, 0.07], replay_capacity=[16], discount=[0.9, 0.95])
    found = tiny.run(NAME, grid=one)["samples.csv"].query("learning_rate == 0.01")
    expected = results["samples.csv"].query("learning_rate == 0.01 and replay_capacity == 16")
    columns = ["seed", "discount", "final_20", "last_return", "environment_steps"]
    np.testing.assert_array_equal(expected[columns], found[columns])
    samples = results["samples.csv"].query("replay_capacity == 16 and seed == 0")
    assert samples["last_return"].nunique() > 1


def small(rates: list[float]) -> dict[str, Any]:
    return {"grid": grid(learning_rate=rates), "evaluation": {"episodes": 1, "limits": [200]}}


@pytest.mark.parametrize(("rates", "counted"), [([1e29, 1e30], (0, 4)), ([0.01, 1e30], (2, 2))])
def test_a_study_of_settings_that_diverge_says_which_they_are(rates: list[float], counted: tuple):
    found = tiny.run(NAME, **small(rates))
    metrics, settings = found["metrics.json"], found["settings.csv"]
    reported = counted[0] // 2, counted[1] // 2  # the other seeds choose
    assert (settings["n"].sum(), settings["missing"].sum()) == reported
    assert metrics["diverged"] == found["samples.csv"]["final_200"].isna().sum() == counted[1]
    assert (settings["solved"] == 0).all()
    assert len(found["few_seeds.csv"]) == 0  # of two settings, at least one has no mean
    assert f"{counted[1]} of 4 seeds diverged" in study.headline(found)
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

    found = study.run(tiny.params(NAME, of=base, **small([0.01, 0.02])))
    assert found["metrics.json"]["solved_from"] == 2
    assert (found["settings.csv"]["solved"] == 1).all()
