"""What a study says, checked against closed forms and against what is known of the settings."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from reprise.measures import ranking
from reprise.stats import intervals

KEYS = ["rate", "size"]


def samples(seeds: int = 16) -> Any:
    """Four settings, rate of much effect and size of none; size is a list in words."""
    random = np.random.default_rng(3)
    settings = pd.DataFrame({"rate": [1, 1, 2, 2], "size": ["[3]", "[3, 3]"] * 2})
    table = (
        settings.rename_axis("setting")
        .reset_index()
        .merge(pd.Series(range(seeds), name="seed"), how="cross")
    )
    return table.assign(final=random.normal(100 * table["rate"], 10))


def study(table: Any, choosing: int = 0) -> ranking.Study:
    return ranking.Study(table, KEYS, "final", 150, choosing)


def test_a_setting_is_its_seeds_mean_and_the_share_that_solves():
    found: Any = ranking.table(ranking.settings(study(samples())), "mean", "solved")
    assert found["rate"].tolist() == [1, 1, 2, 2]
    assert found["size"].tolist() == ["[3]", "[3, 3]"] * 2
    assert found["solved"].tolist() == [0, 0, 1, 1]
    expected = intervals.summary(samples().query("setting == 2")["final"])
    mean = expected.pop("mean")
    assert found.loc[2, list(expected)].to_dict() == pytest.approx(expected)
    columns = ["mean", "mean_low", "mean_high", "n"]
    assert found.loc[2, columns].tolist() == pytest.approx(list(mean.values()))


def test_the_first_seeds_choose_and_the_others_report():
    lucky = samples()
    lucky.loc[lucky["setting"].eq(0) & lucky["seed"].lt(6), "final"] += 500
    found: Any = ranking.settings(study(lucky, 6))
    assert found["n"].eq(10).all()
    values = lucky["final"].to_numpy().reshape(4, 16)
    np.testing.assert_allclose(found["choosing_mean"], values[:, :6].mean(axis=1))
    means = [mean.estimate for mean in found["mean"]]
    np.testing.assert_allclose(means, values[:, 6:].mean(axis=1))
    own = {"rate": 2, "size": "[3]"}
    best = ranking.chosen(found, KEYS, own)
    assert best == {"nothing": 2, "rate": 0, "size": best["size"], "everything": 0}
    assert best["size"] in (2, 3)
    table: Any = ranking.choice(study(lucky, 6), best)
    assert table.groupby("tuned")["seed"].apply(list).map(lambda s: s == [*range(6, 16)]).all()
    assert table.query("tuned == 'everything'")["final"].max() < 200


def test_one_seed_is_wrong_as_often_as_a_seed_of_the_worse_is_above_one_of_the_better():
    random = np.random.default_rng(5)
    values = np.stack([random.normal(0, 1, 40), random.normal(1, 1, 40)])
    found: Any = ranking.few_seeds(values, [1], 0).set_index("pairs")
    exact = (values[0][:, None] > values[1]).mean()
    assert found.loc["all", "wrong"].estimate == pytest.approx(exact, abs=0.01)
    assert found.loc["told_apart", "n"] == 1


def test_a_seed_that_diverged_is_counted_and_in_no_mean():
    table = samples()
    table.loc[table["setting"].eq(2) & table["seed"].lt(4), "final"] = np.nan
    table.loc[table["setting"].eq(3) & table["seed"].gt(0), "final"] = np.nan
    found: Any = ranking.settings(study(table))
    assert found["n"].tolist() == [16, 16, 12, 1]
    assert found["missing"].tolist() == [0, 0, 4, 15]
    assert [share.estimate for share in found["solved"]] == [0, 0, 12 / 16, 1 / 16]
    effects: Any = ranking.effects(table, KEYS, "final").set_index(["hyperparameter", "value"])
    assert effects.loc[("rate", 2), "settings"] == 1
    assert effects.loc[("rate", 2), "mean"].estimate == pytest.approx(found["mean"][2].estimate)
    values = table["final"].to_numpy().reshape(4, 16)
    few: Any = ranking.few_seeds(values, [3], 0)
    assert few["n"].max() == 1  # of the two settings in which all seeds have a policy
    assert len(ranking.few_seeds(values[1:], [3], 0)) == 0
