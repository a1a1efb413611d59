"""Experiments with DVC: queued, shown, compared, applied, kept as a branch, and drawn."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from reprise.site import offline_plots
from tests import tiny
from tests.repositories import Repository

STAGE = "q_learning_convergence"
NAMES = {"nearer": "0.8", "nearest": "0.7"}  # experiments by name, and their discounts
CURVES = "data/reinforce_training/learning_curve.csv"
BY_VARIANT = "data/credit_assignment/learning_curve.csv"


def stage_of(path: str) -> str:
    """Return the stage that writes a file."""
    return Path(path).parent.name


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    """Return a repository of one quick stage that has run, and two queued experiments with it.

    Learning curves of two more stages are there to be drawn: the committed ones.
    """
    made = Repository.make(tmp_path_factory.mktemp("experiments"))
    pipeline = YAML(typ="safe", pure=True).load(made.folder / "dvc.yaml")["stages"]
    stages = {name: pipeline[name] for name in (STAGE, *map(stage_of, (CURVES, BY_VARIANT)))}
    for path in (CURVES, BY_VARIANT):
        stages[stage_of(path)].pop("outs", None)  # weights, which DVC would miss
        (made.folder / path).parent.mkdir(parents=True)
        shutil.copyfile(tiny.ROOT / path, made.folder / path)
    YAML().dump({"stages": stages}, made.folder / "dvc.yaml")
    done = made.dvc("repro", STAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    made.commit("Add the results")
    for name, discount in NAMES.items():
        change = f"{STAGE}.discount={discount}"
        done = made.dvc("exp", "run", "--queue", "--name", name, "--set-param", change, STAGE)
        assert done.returncode == 0, done.stdout + done.stderr
    try:
        done = made.dvc("queue", "start", "-j", str(len(NAMES)))
        assert done.returncode == 0, done.stdout + done.stderr
        latest = time.monotonic() + 300
        while (status := made.dvc("queue", "status").stdout).count("Success") < len(NAMES):
            assert "Failed" not in status, "".join(
                made.dvc("queue", "logs", name).stdout for name in NAMES
            )
            assert time.monotonic() < latest, status
            time.sleep(1)
    finally:
        made.dvc("queue", "stop", "--kill")
    return made


def test_queued_experiments_leave_the_workspace_alone_and_their_metrics_are_shown(repository):
    assert not repository.git("status", "--porcelain")
    shown = json.loads(repository.dvc("exp", "show", "--json").stdout)
    experiments = {
        each["name"]: each["revs"][0]["data"]
        for commit in shown
        for each in commit["experiments"] or []
    }
    assert set(experiments) == set(NAMES)
    medians = set()
    for name, found in experiments.items():
        values = found["params"]["params.yaml"]["data"][STAGE]
        assert values["discount"] == float(NAMES[name])
        medians.add(found["metrics"][f"data/{STAGE}/metrics.json"]["data"]["final"]["median"])
    assert len(medians) == len(NAMES)


def test_two_experiments_differ_in_params_and_metrics(repository):
    printed = repository.dvc("exp", "diff", *NAMES, "--json")
    assert printed.returncode == 0, printed.stderr
    found = json.loads(printed.stdout)
    assert found["params"]["params.yaml"][f"{STAGE}.discount"]["new"] == 0.7
    changed = found["metrics"][f"data/{STAGE}/metrics.json"]["final.median"]
    assert changed["diff"] == pytest.approx(changed["new"] - changed["old"])
    assert changed["diff"]


def test_experiments_are_compared_by_name(repository):
    done = subprocess.run(
        [sys.executable, "-m", "reprise.compare", "nearer", "nearest", "--json"],
        cwd=repository.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert [found[side]["name"] for side in "ab"] == list(NAMES)
    assert found["params"] == [{"param": f"{STAGE}.discount", "a": 0.8, "b": 0.7}]
    assert {outcome["stage"] for outcome in found["outcomes"]} == {STAGE}
    missing = subprocess.run(
        [sys.executable, "-m", "reprise.compare", "nearerr"],
        cwd=repository.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert missing.returncode == 2
    assert missing.stderr == "compare: revision 'nearerr' is unknown; did you mean nearer?\n"


def test_an_experiment_is_applied_to_the_workspace_and_taken_back(repository):
    done = repository.dvc("exp", "apply", "nearest")
    assert done.returncode == 0, done.stderr
    changed = repository.git("status", "--porcelain")
    text = (repository.folder / "params.yaml").read_text(encoding="utf-8")
    repository.git("checkout", "--quiet", ".")
    assert f" M data/{STAGE}/samples.csv" in changed
    assert "discount: 0.7" in text[text.index(f"{STAGE}:") :]
    assert not repository.git("status", "--porcelain")


def test_an_experiment_is_kept_as_a_branch(repository):
    done = repository.dvc("exp", "branch", "nearer", "kept")
    assert done.returncode == 0, done.stderr
    shown = repository.git("show", "kept:params.yaml")
    assert "discount: 0.8" in shown[shown.index(f"{STAGE}:") :]
    assert repository.git("show", f"kept:data/{STAGE}/samples.csv") != repository.git(
        "show", f"HEAD:data/{STAGE}/samples.csv"
    )


@pytest.fixture(scope="module")
def plotted(repository) -> Path:
    """Return the page in which the learning curves of two revisions are drawn."""
    done = subprocess.run(
        [sys.executable, "-m", "reprise.site.offline_plots"],
        cwd=repository.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    repository.git("checkout", "--quiet", "-b", "sparse")
    for path in (CURVES, BY_VARIANT):
        header, *rows = (repository.folder / path).read_text(encoding="utf-8").splitlines(True)
        (repository.folder / path).write_text("".join([header, *rows[::2]]), encoding="utf-8")
    repository.commit("Record every other iteration")
    repository.git("checkout", "--quiet", "main")
    done = repository.dvc("plots", "diff", "main", "sparse", "--targets", CURVES, BY_VARIANT)
    assert done.returncode == 0, done.stdout + done.stderr
    return repository.folder / "dvc_plots/index.html"


def test_a_plot_of_two_revisions_has_the_band_and_the_median_of_both(plotted):
    found = re.findall(r"var spec = (\{.*\});", plotted.read_text(encoding="utf-8"))
    one, many = sorted(map(json.loads, found), key=lambda spec: "facet" in spec)
    for spec, layers in ((one, one["layer"]), (many, many["spec"]["layer"])):
        assert {row["rev"] for row in spec["data"]["values"]} == {"main", "sparse"}
        band, median = layers
        assert band["mark"]["type"] == "area"
        assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")
        assert median["mark"]["type"] == "line"
        assert median["encoding"]["y"]["field"] == "median"
    assert many["facet"]["field"] == "variant"


def test_the_page_draws_in_a_browser_and_asks_no_network_for_anything(plotted):
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                 "--host-resolver-rules=MAP * ~NOTFOUND"):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "SEVERE"})
    driver = shutil.which("chromedriver")
    assert driver, "chromedriver not found; on Debian, `apt install chromium chromium-driver`"
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        browser.get(plotted.as_uri())
        WebDriverWait(browser, 60).until(
            lambda page: len(page.find_elements("css selector", "svg.marks")) == 2
        )
        drawn = {
            mark: [
                str(path.get_attribute("d"))
                for path in browser.find_elements("css selector", f".mark-{mark} path")
            ]
            for mark in ("area", "line")
        }
        assert not browser.get_log("browser")
        events = [json.loads(entry["message"])["message"] for entry in
                  browser.get_log("performance")]  # fmt: skip
    finally:
        browser.quit()
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    variants = {row.split(",")[0] for row in (tiny.ROOT / BY_VARIANT).read_text().split()[1:]}
    for paths in drawn.values():
        assert len(set(paths)) == 2 * (1 + len(variants)), "two revisions, each panel"
        assert all(path.count("L") > 20 and "NaN" not in path for path in paths)
    assert asked
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]


def test_a_page_that_its_user_chose_is_kept(repository):
    local = repository.folder / ".dvc/config.local"
    before = local.read_text(encoding="utf-8") if local.exists() else ""
    local.write_text("[plots]\n    html_template = mine.html\n", encoding="utf-8")
    offline_plots.configure(repository.folder)
    kept = local.read_text(encoding="utf-8")
    local.write_text(before, encoding="utf-8")
    assert "mine.html" in kept
    assert offline_plots.FROM_DVC not in kept


def test_the_page_is_made_in_a_repository_only(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert offline_plots.main() == 2
    assert capsys.readouterr().err.startswith(f"offline_plots: {tmp_path} has no .dvc;")
    assert not list(tmp_path.iterdir())
