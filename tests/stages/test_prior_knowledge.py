"""Prior knowledge: the steps it takes, counted truly, and judged by the true reward."""

import numpy as np

NAME = "prior_knowledge"


def test_returns_are_the_environments_own_despite_shaping(results):
    returns = results["returns.csv"]
    shaped = returns[returns["variant"] == "shaping"].filter(like="seed_").to_numpy()
    assert (shaped * 2 == np.round(shaped * 2)).all()  # a mean of two whole returns
    assert shaped.min() >= 1


def test_steps_to_a_target_count_every_step_up_to_the_end_of_the_window(results):
    samples, returns = results["samples.csv"], results["returns.csv"]
    assert samples["steps_to_10"].notna().any()
    for variant, group in samples.groupby("variant"):
        curves = returns[returns["variant"] == variant].filter(like="seed_").to_numpy()
        for curve, row in zip(curves.T, group.itertuples(), strict=True):
            means = (curve[1:] + curve[:-1]) / 2
            passed = np.flatnonzero(means >= 10)
            expected = row.shown + 2 * curve[: passed[0] + 2].sum() if len(passed) else np.nan
            np.testing.assert_allclose(row.steps_to_10, expected)


def test_recorded_episodes_count_as_steps_and_the_network_learns_from_them(results):
    samples = results["samples.csv"].set_index("variant")
    assert (samples.loc["imitation", "shown"] > 10).all()
    assert samples.loc["imitation", "agreement"].between(0, 1).all()
    assert (samples.loc[["plain", "shaping"], "shown"] == 0).all()
    assert samples.loc[["plain", "shaping"], "agreement"].isna().all()
