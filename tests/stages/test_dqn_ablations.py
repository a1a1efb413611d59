"""One thing changed at a time: the samples, the partners, and what the metrics say of them."""

import numpy as np
import pytest

from reprise.measures import forgetting
from stages import dqn_ablations
from tests import tiny

NAME = "dqn_ablations"


def test_each_variant_is_compared_with_its_partner(results):
    samples, against = results["samples.csv"], results["metrics.json"]["against_partner"]
    means = samples.groupby("variant")["final_20"].mean()
    assert set(against) == set(tiny.section(NAME)["variants"]) - {"base"}
    for name, found in against.items():
        assert found["partner"] == ("target_hard" if name == "double" else "base")
        difference = means[name] - means[found["partner"]]
        assert found["final"]["difference"]["estimate"] == pytest.approx(difference)


def test_the_samples_tell_of_forgetting_what_the_returns_show(results):
    samples, returns = results["samples.csv"], results["returns.csv"]
    cap = tiny.section(NAME)["maximum_steps"]
    assert samples["first_at_cap"].notna().any()
    for name, group in returns.groupby("variant", sort=False):
        course = forgetting.course(group.filter(like="seed_").to_numpy(float), cap, 2)
        found = samples[samples["variant"] == name]
        for column, values in course.samples.items():
            np.testing.assert_array_equal(found[column], values)


def test_a_variant_may_have_its_own_number_of_seeds():
    section = tiny.section(NAME, seeds=5, variants={"relu": {"seeds": 3}, "double": {"seeds": 9}})
    params = dqn_ablations.Params(**section)
    found = [params.seeds_of(name) for name in ("target_hard", "relu", "double")]
    assert found == [5, 3, 9]
    assert params.of("relu").activation == "relu"
