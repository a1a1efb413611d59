"""The stage actor_critic, made tiny."""

from typing import Any

import pytest

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
