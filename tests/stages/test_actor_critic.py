"""The stage actor_critic, made tiny."""

from typing import Any

import numpy as np
import pytest

from stages import actor_critic
from tests.stages.executing import trained

NAME = "actor_critic"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return trained(NAME, tmp_path_factory)


def test_all_variants_take_the_same_environment_steps(results):
    steps = results["samples.csv"].groupby("variant")["environment_steps"].unique()
    assert {int(each[0]) for each in steps} == {96}


def test_times_to_a_target_never_pass_the_budget(results):
    samples = results["samples.csv"]
    assert samples["steps_to_10"].notna().any()
    assert samples["steps_to_195"].isna().all()
    assert samples["steps_to_10"].dropna().between(16, 96).all()


def test_foresight_is_a_correlation_or_unknown(results):
    known = results["samples.csv"]["foresight"].dropna()
    assert known.between(-1, 1).all()


def test_a_constant_side_has_no_correlation():
    assert np.isnan(actor_critic.correlation(np.ones(4), np.arange(4.0)))
    assert np.isnan(actor_critic.correlation(np.arange(4.0), np.ones(4)))
    assert actor_critic.correlation(np.arange(4.0), np.arange(4.0)) == 1


def test_the_headline_names_every_variant(results):
    said = actor_critic.headline(results)
    assert all(name in said for name in ("one step", "gae", "ppo"))
