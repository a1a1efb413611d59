"""The stage actor_critic, made tiny."""

NAME = "actor_critic"


def test_all_variants_take_the_same_environment_steps(results):
    steps = results["samples.csv"].groupby("variant")["environment_steps"].unique()
    assert {int(each[0]) for each in steps} == {96}


def test_times_to_a_target_never_pass_the_budget(results):
    samples = results["samples.csv"]
    assert samples["steps_to_10"].notna().any()
    assert samples["steps_to_195"].isna().all()
    assert samples["steps_to_10"].dropna().between(16, 96).all()
