"""Ways to explore: no seed depends on another, and the metrics agree with the samples."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reprise.pipeline import artifacts, parameters
from stages import exploration

NAME = "exploration"
Params = exploration.Params
STEPS = {"three_state": 300, "cliff_walking": 10_000, "taxi": 2000, "frozen_lake": 3000}


@pytest.fixture(scope="module", autouse=True)
def one_worker():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPRISE_WORKERS", "1")
        yield


@pytest.fixture(scope="module")
def few() -> Params:
    params = parameters.load(NAME, Params)
    for name, steps in STEPS.items():
        params = altered(params, name, iterations=steps, epsilon_decay=steps // 2)
    return params.model_copy(update={"seeds": 6})


@pytest.fixture(scope="module")
def results(few: Params) -> dict[str, Any]:
    return exploration.run(few)


def altered(params: Params, problem: str, **change: Any) -> Params:
    trial = getattr(params.problems, problem).model_copy(update=change)
    problems = params.problems.model_copy(update={problem: trial})
    return params.model_copy(update={"problems": problems})


def test_the_optimum_is_the_one_that_solving_the_model_gives(results: dict[str, Any]):
    solved = artifacts.read_json(Path("data/mdp_solving/metrics.json"))
    toys = {
        "frozen_lake": "FrozenLake8x8-v1",
        "taxi": "Taxi-v4",
        "cliff_walking": "CliffWalking-v1",
    }
    for problem, found in results["metrics.json"]["problems"].items():
        model = solved["three_state"]["discount_0_9"]
        model = solved["toy_text"][toys[problem]] if problem in toys else model
        assert found["optimum"] == pytest.approx(model["start_value"], rel=1e-8)


def test_a_seed_does_not_depend_on_how_many_more_there_are(few, results):
    fewer = exploration.run(few.model_copy(update={"seeds": 2}))["samples.csv"]
    again = results["samples.csv"].query("seed < 2").reset_index(drop=True)
    assert artifacts.render("samples.csv", fewer) == artifacts.render("samples.csv", again)
    other = exploration.run(few.model_copy(update={"seeds": 2, "seed": 43}))["samples.csv"]
    lake = again["problem"] == "frozen_lake"
    assert not np.array_equal(other["coverage"][lake], again["coverage"][lake])
