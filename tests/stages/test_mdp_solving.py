"""The chapter's model and Gymnasium's toy-text models, solved: the book's values and the files."""

from typing import Any

import numpy as np
import pytest

from reprise.pipeline import parameters
from reprise.tabular.comparison import sweeps_until_near
from stages import mdp_solving

NAME = "mdp_solving"
SOLVERS = {f"{name}_iteration" for name in ("value", "q_value", "policy", "modified_policy")}


@pytest.fixture(scope="module")
def params() -> mdp_solving.Params:
    return parameters.load(NAME, mdp_solving.Params)


@pytest.fixture(scope="module")
def results(params: mdp_solving.Params) -> dict[str, Any]:
    return mdp_solving.run(params)


def test_sweeps_are_near_only_from_where_they_stay_near():
    optimal = np.array([[10.0, -np.inf]])
    history = np.full((6, 1, 2), -np.inf)
    history[:, 0, 0] = [0, 10, 8, 9.95, 10.05, 10]
    assert sweeps_until_near(history, optimal, 0.01) == 3
    assert sweeps_until_near(history[:3], optimal, 0.01) is None
    assert sweeps_until_near(history[1:2], optimal, 0.01) == 0


def test_each_model_is_solved_by_each_solver_to_the_tolerance(params, results: dict[str, Any]):
    rows, toys = results["solvers.csv"], results["metrics.json"]["toy_text"]
    assert set(rows["mdp"]) == {"three_state", *params.toy_text.environments}
    assert all(set(group["solver"]) == SOLVERS for _, group in rows.groupby(["mdp", "discount"]))
    assert (rows["error"] <= params.tolerance).all()
    assert (rows["sweeps"] > 0).all()
    steps = sum(-(0.99**k) for k in range(13))  # along the cliff
    assert toys["CliffWalking-v1"]["start_value"] == pytest.approx(steps, abs=1e-9)
    sizes = [toys[name]["states"] for name in ("FrozenLake-v1", "FrozenLake8x8-v1")]
    assert sizes == [16 + 1, 64 + 1]
    policies = results["policies.csv"].set_index(["mdp", "discount", "state"])["best_actions"]
    assert policies["three_state", 0.95, "s1"] == "a2"
    assert policies["FrozenLake-v1", 0.99, "terminal"] == "a0 a1 a2 a3"  # no choice
    assert mdp_solving.headline(results) == "5 models solved; the policy flips at 0.947633"
