"""`python -m reprise watch`: an episode of a stored network."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from reprise.__main__ import main
from reprise.pipeline import artifacts, parameters
from tests.tiny import ROOT, altered

STAGE = "lunar_lander"
STAGES = [name for name in parameters.read(ROOT / "params.yaml") if name != "execution"]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a folder with one stage's results, and go there."""
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(ROOT / "data" / STAGE, tmp_path / "data" / STAGE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_median_seed_plays_as_in_the_stages_own_animation(folder, capsys):
    seed = artifacts.read_json(Path("data", STAGE, "metrics.json"))["median_seed"]
    assert main(["watch", STAGE, "--seed", str(seed)]) == 0
    path = capsys.readouterr().out
    assert path == f".reprise/{STAGE}-seed-{seed}.gif\n"
    own = Path("data", STAGE, "median_seed.gif").read_bytes()
    assert Path(path.strip()).read_bytes() == own


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dqn_trainin"], "stage 'dqn_trainin' is unknown; did you mean dqn_training?"),
        (["x"], f"stage 'x' is unknown; allowed: {', '.join(STAGES)}"),
        (["dqn_training"], f"dqn_training has no networks in data/dqn_training/weights.npz; "
                           f"allowed: {STAGE}"),
        ([STAGE, "--seed", "8"], "seed 8: allowed are 0 to 7"),
        ([STAGE, "--output", "a.png"], "--output is a.png; allowed: a name that ends in .gif"),
        ([STAGE, "--output", "no/a.gif"], "--output is no/a.gif, but the folder no does not exist"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_writes_nothing(words, message, folder, capsys):
    before = sorted(folder.rglob("*"))
    assert main(["watch", *words]) == 2
    assert capsys.readouterr() == ("", f"watch: {message}\n")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("environment.id", "CartPole-v1", "the networks take 8 numbers, but CartPole-v1 observes"),
        ("environment.id", "LunarLander-v4", "did you mean LunarLander-v3?"),
        ("environment", None, "lunar_lander.environment is null; allowed: "),
        ("evaluation.limits", 5, "lunar_lander.evaluation.limits is 5; allowed: "),
    ],
)
def test_parameters_that_do_not_fit_are_named(key, value, message, folder, capsys):
    sections = altered(STAGE, {key: value})
    YAML(typ="safe", pure=True).dump(sections, folder / "params.yaml")
    assert main(["watch", STAGE]) == 2
    assert message in (said := capsys.readouterr().err)
    assert said.count("\n") == 1


def test_a_diverged_seed_is_no_policy(folder, capsys):
    path = Path("data", STAGE, "weights.npz")
    arrays = artifacts.read_npz(path)
    artifacts.write(path, arrays | {"bias_0": np.full_like(arrays["bias_0"], np.nan)})
    assert main(["watch", STAGE]) == 2
    assert capsys.readouterr().err == "watch: seed 0 diverged: its network is not a policy\n"
