"""Experiments with DVC: queued, in a folder of their own, compared, applied and drawn."""

import json
import shlex
import shutil
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from selenium.webdriver.support.wait import WebDriverWait

from reprise.site import handout
from tests import tiny
from tests.repositories import Repository
from tests.site.browsing import Browser

STAGE = "q_learning_convergence"
NAMES = {"nearer": "0.8", "nearest": "0.7"}  # experiments by name, and their discounts
SAMPLES, METRICS = f"data/{STAGE}/samples.csv", f"data/{STAGE}/metrics.json"
CURVES = "data/reinforce_training/learning_curve.csv"
BY_VARIANT = "data/credit_assignment/learning_curve.csv"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with one stage that has run and two experiments with it.

    Two more stages have the committed learning curves, for plots.
    """
    made = Repository.make(tmp_path_factory.mktemp("experiments"))
    pipeline = YAML(typ="safe", pure=True).load(made.folder / "dvc.yaml")["stages"]
    stages = {STAGE: pipeline[STAGE]}
    for path in (CURVES, BY_VARIANT):
        stage = Path(path).parent.name
        stages[stage] = pipeline[stage]
        stages[stage].pop("outs", None)  # weights, which DVC would miss
        (made.folder / path).parent.mkdir(parents=True)
        shutil.copyfile(tiny.ROOT / path, made.folder / path)
    YAML().dump({"stages": stages}, made.folder / "dvc.yaml")
    succeeds(made, "repro", STAGE)
    made.commit("Add the results")
    queued, other = (
        ("--name", name, "--set-param", f"{STAGE}.discount={discount}", STAGE)
        for name, discount in NAMES.items()
    )
    succeeds(made, "exp", "run", "--queue", *queued)
    try:
        succeeds(made, "queue", "start")
        succeeds(made, "exp", "run", "--temp", *other)
        latest = time.monotonic() + 300
        while "Success" not in (status := succeeds(made, "queue", "status")):
            assert "Failed" not in status, made.dvc("queue", "logs", "nearer").stdout
            assert time.monotonic() < latest, status
    finally:
        made.dvc("queue", "stop", "--kill")
    return made


def succeeds(repository: Repository, *words: str) -> str:
    """Run DVC, which has to succeed, and return its output."""
    done = repository.dvc(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_experiments_leave_the_workspace_alone_and_dvc_shows_their_metrics(repository):
    assert not repository.git("status", "--porcelain")
    found = {
        each["name"]: each["revs"][0]["data"]
        for commit in json.loads(succeeds(repository, "exp", "show", "--json"))
        for each in commit["experiments"] or []
    }
    assert set(found) == set(NAMES)
    for name, data in found.items():
        assert data["params"]["params.yaml"]["data"][STAGE]["discount"] == float(NAMES[name])
    medians = {data["metrics"][METRICS]["data"]["final"]["median"] for data in found.values()}
    assert len(medians) == len(NAMES)
    diff = json.loads(succeeds(repository, "exp", "diff", *NAMES, "--json"))
    assert diff["params"]["params.yaml"][f"{STAGE}.discount"]["new"] == 0.7
    assert {diff["metrics"][METRICS]["final.median"][key] for key in ("old", "new")} == medians


def test_experiments_are_compared_by_name(repository):
    done = repository.python("-m", "reprise.compare", "main", *NAMES, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    ((param, values),) = found["params"].items()
    assert (param, values["nearer"], values["nearest"]) == (f"{STAGE}.discount", 0.8, 0.7)
    for outcome in found["outcomes"]:
        assert outcome["table"] == SAMPLES
        assert {row["revision"] for row in outcome["rows"]} == {"main", *NAMES}
    assert found["outcomes"]
    done = repository.python("-m", "reprise.compare", "nearerr")
    assert done.returncode == 2
    assert done.stderr == "compare: revision 'nearerr' is unknown; did you mean nearer?\n"


def test_an_experiment_is_applied_to_the_workspace_and_taken_back(repository):
    succeeds(repository, "exp", "apply", "nearest")
    changed = repository.git("status", "--porcelain")
    text = (repository.folder / "params.yaml").read_text(encoding="utf-8")
    repository.git("checkout", "--quiet", ".")
    assert f" M {SAMPLES}" in changed
    assert "discount: 0.7" in text[text.index(f"{STAGE}:") :]
    assert not repository.git("status", "--porcelain")


@pytest.fixture(scope="module")
def plotted(repository: Repository) -> Path:
    """Return DVC's page with the learning curves of two revisions."""
    done = repository.python("-m", "reprise.site.offline_plots")
    assert done.returncode == 0, done.stderr
    repository.git("checkout", "--quiet", "-b", "sparse")
    for path in (CURVES, BY_VARIANT):
        header, *rows = (repository.folder / path).read_text(encoding="utf-8").splitlines(True)
        (repository.folder / path).write_text("".join([header, *rows[::2]]), encoding="utf-8")
    repository.commit("Record every other iteration")
    repository.git("checkout", "--quiet", "main")
    succeeds(repository, "plots", "diff", "main", "sparse", "--targets", CURVES, BY_VARIANT)
    return repository.folder / "dvc_plots/index.html"


def test_a_browser_draws_the_plots_without_a_network(plotted, tmp_path):
    with Browser.started(plotted.parent, tmp_path / "profile") as browser:
        browser.open(plotted.name)
        WebDriverWait(browser, 60).until(lambda _: len(browser.find("svg.marks")) == 2)
        drawn = [
            [str(path.get_attribute("d")) for path in browser.find(f".mark-{mark} path")]
            for mark in ("area", "line")
        ]
        assert not [line for line in browser.said() if "spec uses Vega" not in line]
        asked = browser.asked()
    variants = {row.split(",")[0] for row in (tiny.ROOT / BY_VARIANT).read_text().split()[1:]}
    for paths in drawn:
        assert len(set(paths)) == 2 * (1 + len(variants)), "two revisions, each panel"
        assert all(path.count("L") > 20 and "NaN" not in path for path in paths)
    assert asked
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]


def test_an_exercise_of_a_handout_runs_and_the_comparison_gives_its_answer(repository, monkeypatch):
    monkeypatch.chdir(tiny.ROOT)
    exercise = handout.read(STAGE)[0]
    run, compare = map(shlex.split, handout.commands(STAGE, exercise))
    succeeds(repository, *run[1:])
    assert not repository.git("status", "--porcelain"), "the reader's files stay as they are"
    said = repository.python(*compare[1:]).stdout
    assert any(answer in said for answer in exercise.answers), said
    assert f"{STAGE} {exercise.outcome}" in said
