"""Simple rules on CartPole: the numbers of the book, and the swings under the angle rule."""

import numpy as np
import pytest

from reprise.measures.swings import cart_swings, pole_swings
from reprise.pipeline import artifacts, parameters
from stages import hardcoded_baseline
from tests.tiny import ROOT

NAME = "hardcoded_baseline"


PARAMS = parameters.load(NAME, hardcoded_baseline.Params, ROOT / "params.yaml")


@pytest.fixture(scope="module")
def results() -> dict:
    return hardcoded_baseline.run(PARAMS)


def test_the_committed_results_are_the_same_bytes(results):
    folder = ROOT / "data" / NAME
    here = [name for name in results if (folder / name).exists()]  # pictures are in DVC's cache
    if not here:
        pytest.skip("no results here; `dvc repro` makes them")
    for name in here:
        assert artifacts.render(name, results[name]) == (folder / name).read_bytes(), name


def test_the_policies_get_the_books_numbers_in_the_books_order(results):
    metrics = results["metrics.json"]
    angle, swings = metrics["angle"], metrics["swings"]
    assert (angle["mean"]["estimate"], angle["mean"]["n"]) == (41.698, 500)
    assert angle["solved"]["estimate"] == 0
    assert angle["population_standard_deviation"] == pytest.approx(8.3894, abs=5e-5)
    assert (angle["min"], angle["max"]) == (24, 63)
    assert hardcoded_baseline.headline(results).startswith("mean return 41.7 (angle), ")
    assert metrics["angle_and_velocity"]["solved"]["estimate"] == 1
    assert metrics["always_left"]["mean"]["estimate"] < metrics["random"]["mean"]["low"]
    assert metrics["random"]["mean"]["high"] < angle["mean"]["low"]
    assert metrics["untrained_network"]["mean"]["high"] < angle["mean"]["low"]
    assert swings["pole"]["episodes"] == 500
    assert swings["pole"]["growing"]["estimate"] == swings["cart"]["growing"]["estimate"] == 1
    assert swings["pole"]["ratio"]["low"] > 1


def test_a_swing_lasts_from_one_change_of_sign_or_turn_to_the_next():
    angle = np.array([0.1, 0.2, -0.1, -0.3, -0.2, 0.4, 0.9])
    assert list(pole_swings(angle)) == [(1, 0.2), (3, 0.3)]
    assert list(pole_swings(angle[:2])) == []
    position = np.array([0.0, 0.1, 0.3, 0.2, -0.1, 0.0])
    velocity = np.array([1.0, 2.0, -1.0, -3.0, 1.0, 1.0])
    found = list(cart_swings(position, velocity))
    assert found == [(2, pytest.approx(0.3)), (4, pytest.approx(0.4))]
