"""The seeds that are shown in training, and their networks."""

import numpy as np

from reprise.measures import snapshots
from reprise.measures.training_run import TrainingRun
from reprise.nn import networks

RETURNS = np.array([[9, 9, 9, 9, 9], [200, 90, 9, 200, 150], [200, 200, 9, 9, 90]], float)


def run(largest: float = 1.0) -> TrainingRun:
    """Return five seeds, evaluated under two limits."""
    rng = np.random.default_rng(1)
    weights = [rng.uniform(-1, 1, (3, 2, 4, 5)), rng.uniform(-1, 1, (3, 2, 5))]
    weights[0][1, 0, 0, 0] = largest
    evaluation = np.array([[[200, 200, 9, 50, 90]], [[300, 200, 9, 50, 90]]], float)
    empty = np.zeros((0, 5))
    played = {"final": evaluation}
    returns = np.repeat(RETURNS, 20, axis=0)
    return TrainingRun(returns, returns, empty, empty, {snapshots.NAME: weights}, played)


def test_a_seed_forgets_by_the_distance_from_its_highest_return():
    found = snapshots.forgotten(RETURNS, window=1)
    np.testing.assert_allclose(found, [0, 0, 0, 191 / 3, 20])
    gaps = np.vstack([RETURNS[0], np.full(5, np.nan), RETURNS[1:]])
    np.testing.assert_allclose(snapshots.forgotten(gaps, 1)[3], 191 / 3)


def test_the_best_the_median_the_worst_and_those_that_forget_are_shown():
    assert snapshots.chosen(run(), "final") == {
        "best": 0, "median": 4, "worst": 2, "forgets most": 3, "forgets second most": 1,
    }  # fmt: skip


def test_the_table_has_the_networks_of_the_chosen_seeds_at_all_points():
    made = snapshots.table(run(), "final", lambda w: networks.to_arrays(w, "relu", "linear"))
    assert made["rounds"].tolist() == [0, 30, 60]
    assert made["kernel_0"].shape == (5, 3, 4, 2)
    kernel, bias = run().weights[snapshots.NAME]
    for at, seed in enumerate(made["seeds"]):
        for point in range(3):
            expected = kernel[point, ..., seed].T.astype(np.float16)
            np.testing.assert_array_equal(made["kernel_0"][at, point], expected)
            np.testing.assert_array_equal(
                made["bias_0"][at, point], bias[point, :, seed].astype(np.float16)
            )
