"""Searches at equal cost, judged on tries that they never saw."""

from typing import Any

import pytest

from reprise.agents import vacuum
from reprise.pipeline import parameters
from stages import policy_search

NAME = "policy_search"
Params = policy_search.Params


@pytest.fixture(scope="module")
def few() -> Params:
    whole = parameters.load(NAME, Params)
    grid = whole.landscape.model_copy(update={"points": 7, "tries": 8, "best_tries": 20})
    neat = whole.neat.model_copy(
        update={"population": 10, "generations": 2, "maximum_steps": 40, "seeds": 2}
    )
    coverage = whole.coverage.model_copy(update={"tries": 3, "doublings": 2})
    return whole.model_copy(
        update={
            "seeds": 3, "pack_size": 3, "evaluations": 200, "fresh_tries": 5,
            "landscape": grid, "neat": neat, "coverage": coverage,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def results(few: Params) -> dict[str, Any]:
    return policy_search.run(few)


def test_a_seed_does_not_depend_on_how_many_more_there_are_or_on_its_pack(few, results):
    alone = vacuum.search_all(few, few.seed, [2], few.fresh_tries)
    third = results["samples.csv"].query("seed == 2").set_index("search")
    for name, found in alone.items():
        assert third.loc[name, "share"] == found.shares[0]
        assert third.loc[name, "believed"] == found.believed[0]


def test_every_search_has_a_row_for_each_seed(few: Params, results: dict[str, Any]):
    samples = results["samples.csv"]
    assert samples.groupby("search").size().to_dict() == dict.fromkeys(vacuum.searches(few), 3)
    assert samples["share"].between(0, 1).all()
    for name, found in results["metrics.json"]["final"].items():
        own = samples[samples["search"] == name]
        assert found["mean"]["estimate"] == pytest.approx(own["share"].mean())
        assert found["believed"] == pytest.approx(own["believed"].mean())
