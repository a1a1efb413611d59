"""Every stage that trains: files, bytes, random streams, errors."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import gymnasium
import numpy as np
import pytest

from reprise import seeds
from reprise.environments.cartpole import CartPole
from reprise.nn import streams
from reprise.nn.determinism import tf
from reprise.pipeline import artifacts, execution, parameters
from tests import tiny
from tests.stages.executing import trained

ROOT = tiny.ROOT
STAGES = list(tiny.CHANGES)
EXTRAS = ["pendulum_swing_up", "lunar_lander_actor_critic", "atari_pong"]
VARIED = [name for name in STAGES if "variants" in tiny.section(name)]


@pytest.fixture(autouse=True)
def one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(execution.WORKERS, "1")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    return cache(lambda name: trained(name, tmp_path_factory))


@pytest.mark.parametrize("name", [*STAGES, *EXTRAS])
def test_a_run_gives_the_files_of_the_stages_docstring(results, name: str):
    documentation = tiny.stage(name).__doc__ or ""
    if shared := re.search(r"the files of (\w+)", documentation):
        documentation = tiny.stage(shared[1]).__doc__ or ""
    assert all(file in documentation for file in results(name))
    committed = {path.name for path in (ROOT / "data" / name).iterdir()} - {".gitignore"}
    assert {file for file in results(name) if not file.endswith(".npz")} == {
        file for file in committed if not file.endswith(".npz")
    }


@pytest.mark.parametrize("name", STAGES)
def test_no_two_seeds_train_alike(results, name: str):
    returns = results(name)["returns.csv"]
    groups = returns.groupby("variant") if "variant" in returns else [("", returns)]
    seeds = np.hstack([group.filter(like="seed_").to_numpy() for _, group in groups])
    assert len(np.unique(seeds, axis=1).T) == seeds.shape[1] >= 4


@pytest.mark.parametrize("name", STAGES)
def test_more_packs_change_no_seed_of_the_first(results, name: str):
    found = of_two_packs(name)[1]["samples.csv"]
    groups = found.groupby("variant", sort=False) if "variant" in found else found
    first = groups.head(2).reset_index(drop=True)
    one = tiny.run(name, seeds=2) if tiny.section(name)["seeds"] == 4 else results(name)
    expected = artifacts.render("samples.csv", one["samples.csv"])
    assert artifacts.render("samples.csv", first) == expected


@cache
def of_two_packs(name: str) -> tuple[dict[str, list[tuple]], dict[str, Any]]:
    """Return a run of two packs with its streams' paths."""
    asked: dict[str, list[tuple]] = {"training_keys": [], "sequence": []}

    def remembering(giver: str, give: Callable) -> Callable:
        def given(*path: Any) -> Any:
            asked[giver].append(path)
            return give(*path)

        return given

    with pytest.MonkeyPatch.context() as monkeypatch:
        for giver in asked:
            monkeypatch.setattr(seeds, giver, remembering(giver, getattr(seeds, giver)))
        return asked, tiny.run(name, seeds=4)


@pytest.mark.parametrize("name", STAGES)
def test_no_two_seeds_packs_variants_or_stages_share_a_random_number(name: str):
    """Keys differ, and first numbers of weights, starts and actions."""
    paths = of_two_packs(name)[0]["training_keys"]
    keys = np.concatenate([seeds.training_keys(*path) for path in paths])
    variants = tiny.section(name).get("variants") or {"": {}}
    assert len(keys) == sum(change.get("seeds", 4) for change in variants.values())
    assert len(np.unique(keys, axis=0)) == len(keys)
    each = tf.constant(keys.T)
    draws = [
        streams.uniform(streams.fold_in(streams.fold_in(each, purpose), number), (3,))
        for purpose in range(3)  # weights, rounds, and the start of a first episode
        for number in range(4)
    ]
    triples = np.concatenate([draw.numpy().T for draw in draws])
    assert len(np.unique(triples, axis=0)) == len(triples)
    # All stages have one seed, and some share variants' names: each purpose names its stage.
    purposes = {str(path[1]) for path in of_two_packs(name)[0]["sequence"]}
    assert {purpose.split()[0] for purpose in purposes} == {name}


@pytest.mark.parametrize("name", STAGES)
def test_evaluation_shares_no_start_and_no_random_number_with_training(name: str):
    section = parameters.read(ROOT / "params.yaml")[name]
    first, episodes = section["evaluation"]["first_seed"], section["evaluation"]["episodes"]
    environment = gymnasium.make("CartPole-v1")
    judged = np.stack([environment.reset(seed=first + e)[0] for e in range(episodes)])
    numbers, paths = range(section["seeds"]), of_two_packs(name)[0]
    purposes = {path[:2] for path in paths["training_keys"]}
    assert len(purposes) == max(1, len(tiny.section(name).get("variants", "")))
    for seed, purpose in purposes:
        assert seed == tiny.section(name)["seed"]
        keys = tf.constant(seeds.training_keys(seed, purpose, numbers).T)
        rounds = streams.fold_in(streams.fold_in(keys, 1), 0)
        starts = CartPole().reset(streams.fold_in(rounds, 0), (20,)).numpy()  # [20, 4, N]
        together = np.concatenate([judged, starts.swapaxes(1, 2).reshape(-1, 4)])
        assert len(np.unique(together, axis=0)) == len(together)
    training = {(*path, number) for path in purposes for number in numbers}
    words, others = (
        {tuple(seeds.sequence(*path).generate_state(2)) for path in asked}
        for asked in (training, set(paths["sequence"]) - training)
    )
    assert words.isdisjoint(others)


@pytest.mark.parametrize("name", VARIED)
def test_a_variant_does_not_depend_on_the_others(results, name: str):
    module, section = tiny.stage(name), tiny.section(name)
    kept = list(section["variants"])[:2]
    section["variants"] = {key: section["variants"][key] for key in kept}
    section |= {"partners": {}} if "partners" in section else {}
    samples = results(name)["samples.csv"]
    expected = samples[samples["variant"].isin(kept)].reset_index(drop=True)
    found = module.run(module.Params(**section))["samples.csv"]
    assert artifacts.render("samples.csv", found) == artifacts.render("samples.csv", expected)


LIMITED = ["dqn_training", "credit_assignment", "dqn_ablations"]  # and the README's
WRAPPERS = [{"name": "TimeLimit", "max_episode_steps": 12}, {"name": "NormalizeObservation"}]
CAR = {"id": "MountainCar-v0", "solved_return": -15, "wrappers": WRAPPERS}


@pytest.mark.parametrize("name", LIMITED)
def test_a_stage_plays_the_environment_of_its_section(name: str):
    """No policy climbs the hill in 12 steps."""
    section = tiny.section(name, environment=CAR, seeds=2)
    if "variants" in section:
        section["variants"] = {section["baseline"]: {}}
        section |= {"partners": {}} if "partners" in section else {}
    module = tiny.stage(name)
    found = module.run(module.Params(**section))
    judged = found["samples.csv"].filter(regex="^(greedy|final)_20$")
    assert judged.size
    for returns in (judged, found["returns.csv"].filter(like="seed_")):
        assert (returns == -12).all(axis=None)
    metrics = found["metrics.json"]
    told = next(iter(metrics["variants"].values())) if "variants" in metrics else metrics
    ways = told.get("greedy") or told["final"]
    assert ways["limit_20"]["solved"]["estimate"] == 1


@pytest.mark.parametrize("name", [name for name in VARIED if name != "dqn_ablations"])
def test_the_metrics_of_each_variant_summarise_its_samples(results, name: str):
    metrics, samples = results(name)["metrics.json"], results(name)["samples.csv"]
    baseline = tiny.section(name)["baseline"]
    assert list(metrics["variants"]) == list(tiny.params(name).variants)
    for variant, group in samples.groupby("variant", sort=False):
        found = metrics["variants"][variant]
        last, greedy = found["last_return"]["mean"], found["greedy"]["limit_20"]["mean"]
        assert last["estimate"] == pytest.approx(group["last_return"].mean())
        assert greedy["estimate"] == pytest.approx(group["greedy_20"].mean())
        assert greedy["n"] == len(group) == 2
    against = metrics[f"against_{baseline}"]
    assert set(against) == set(metrics["variants"]) - {baseline}
    means = samples.groupby("variant")["greedy_20"].mean()
    for variant, compared in against.items():
        difference = means[variant] - means[baseline]
        assert compared["difference"]["estimate"] == pytest.approx(difference)
        assert 0 <= compared["probability_of_improvement"]["estimate"] <= 1
