"""The whole pipeline with tiny parameters, in a repository of its own, through real DVC."""

import errno

import nbformat
import pytest

from reprise.pipeline import artifacts
from tests import loopback
from tests.repositories import EXTRAS, SHOWN, STAGES, Repository
from tests.site import documents

EXPERIMENT = "dqn_training.activation=relu"
MARK = "dqn_training.activation = relu (chapter: elu)"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    """Return a repository in which the whole pipeline has run once, as an experiment."""
    made = Repository.make(tmp_path_factory.mktemp("pipeline"))
    made.inside = loopback.without_network()
    done = made.dvc("exp", "run", "-S", EXPERIMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [name for name in EXTRAS if (made.folder / "data" / name).exists()]
    done = made.dvc("repro", "extra/dvc.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    made.commit("Add the results")
    return made


def test_all_of_this_ran_without_a_network(repository):
    if not repository.inside:
        pytest.skip("this system allows nobody a network namespace: the pipeline had a network")
    code = f"import socket; print(socket.socket().connect_ex({loopback.NOBODY}))"
    assert repository.python("-c", code).stdout == f"{errno.ENETUNREACH}\n"


def test_every_stage_leaves_its_results_and_its_notebook_is_executed(repository):
    for stage in {*STAGES} - (EXTRAS - SHOWN):
        assert (repository.folder / "data" / stage / "metrics.json").stat().st_size > 100
    for name in SHOWN:
        assert (repository.folder / "data/reporting" / f"{name}.ipynb").stat().st_size > 10_000


def test_the_report_has_a_page_for_each_notebook(repository):
    folder = repository.folder / "data/reporting"
    assert (folder / "index.html").exists()
    assert {path.stem for path in folder.glob("pages/*.html")} == SHOWN - EXTRAS
    assert {path.stem for path in folder.glob("extra/*.html")} == SHOWN & EXTRAS


def test_every_result_is_in_git(repository):
    tracked = repository.git("ls-files", "data").split()
    assert {name.removeprefix("data/") for name in tracked} >= set(repository.results())
    assert not repository.git("status", "--porcelain")


def test_a_changed_text_of_a_notebook_executes_that_notebook_only(repository):
    notebook = repository.folder / "notebooks/mdp_solving.ipynb"
    before = notebook.read_text(encoding="utf-8")
    notebook.write_text(before.replace("\\n", " \\n", 1), encoding="utf-8")
    done = repository.dvc("repro", "--dry")
    notebook.write_text(before, encoding="utf-8")
    assert [line for line in done.stdout.split("\n") if line.startswith("Running")] == [
        "Running stage 'reporting@mdp_solving':"
    ]


def test_a_bad_value_stops_the_run_with_one_line_and_two_commands_bring_results_back(repository):
    done = repository.dvc("exp", "run", "-S", "dqn_training.batch_size=-1", "dqn_training")
    assert done.returncode != 0
    assert "dqn_training.batch_size" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    repository.git("checkout", ".")
    assert repository.dvc("checkout").returncode == 0
    assert "up to date" in repository.dvc("status").stdout
    assert not repository.git("status", "--porcelain")


def test_an_experiment_is_marked_and_notebook_ledger_and_page_agree(repository):
    data = repository.folder / "data"
    ledger = artifacts.read_csv(data / "claims/ledger.csv")
    own = artifacts.read_csv(data / "claims/dqn_training.csv")
    notebook = nbformat.read(data / "reporting/dqn_training.ipynb", as_version=4)
    shown = "\n".join(
        output["data"]["text/markdown"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    )
    assert MARK in shown
    for name in ("index.html", "pages/dqn_training.html"):
        page = documents.parsed((data / "reporting" / name).read_text("utf-8"))
        assert MARK in " ".join(page.get_text().split())
    assert "Verdicts under your settings" in page.get_text()  # of the stage's page
    assert MARK not in (data / "reporting/mdp_solving.ipynb").read_text(encoding="utf-8")
    assert "under your settings" in shown
    verdicts = dict(zip(ledger["claim"], ledger["verdict"], strict=True))
    assert not own.empty
    for row in own.to_dict("records"):
        assert row["verdict"] == verdicts[row["claim"]]
        assert f"| {row['statement']} | **{row['verdict']}** |" in shown
