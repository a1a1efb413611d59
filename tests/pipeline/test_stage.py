"""A stage says one line, and its exit code tells what happened; a mistake touches nothing."""

import errno
import re
from pathlib import Path
from typing import Any

import pytest

from reprise.errors import PlainError, UserError
from reprise.hyperparameters import Frozen, PositiveInt
from reprise.pipeline import stage
from reprise.pipeline.progress import duration


class Params(Frozen):
    steps: PositiveInt


def run(params: Params, notebook: str = "") -> dict[str, Any]:
    return {"metrics.json": {"steps": params.steps, "notebook": notebook}}


def headline(results: dict[str, Any]) -> str:
    return f"{results['metrics.json']['steps']} steps"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository's root with an older result, as the current directory."""
    (tmp_path / "params.yaml").write_text("markov_chain:\n  steps: 8\n")
    (tmp_path / "data" / "markov_chain").mkdir(parents=True)
    (tmp_path / "data" / "markov_chain" / "metrics.json").write_text("the previous result")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "markov_chain" / "metrics.json"


def test_a_stage_loads_runs_writes_and_says_so_in_one_line(root: Path, capsys):
    assert stage.execute("markov_chain", Params, run, headline, argv=[]) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"markov_chain: 8 steps  \(0\.\d s\)\n", out)
    assert err == ""
    assert root.read_text() == '{\n  "steps": 8,\n  "notebook": ""\n}\n'


def test_a_stage_takes_the_arguments_it_names_and_is_called_by_them(root: Path, capsys):
    code = stage.execute("markov_chain", Params, run, headline, ["notebook"], argv=["q_learning"])
    assert code == 0
    assert capsys.readouterr().out.startswith("markov_chain@q_learning: 8 steps  (")
    assert '"notebook": "q_learning"' in root.read_text()


def test_a_stage_may_write_to_the_results_of_another(root: Path):
    code = stage.execute("markov_chain", Params, run, headline, argv=[], folder="mdp_solving")
    assert code == 0
    assert (root.parents[1] / "mdp_solving" / root.name).exists()
    assert root.read_text() == "the previous result"


def test_a_misspelt_section_of_how_packs_run_is_named(root: Path, capsys):
    Path("params.yaml").write_text("excution:\n  engine: ray\nmarkov_chain:\n  steps: 8\n")
    assert stage.execute("markov_chain", Params, run, headline, argv=[]) == 2
    assert capsys.readouterr().err == (
        "markov_chain: params.yaml has excution; did you mean execution?\n"
    )
    assert root.read_text() == "the previous result"


@pytest.mark.parametrize(
    ("arguments", "argv", "message"),
    [
        (
            [],
            ["--help"],
            "unknown argument '--help'; `python -m stages.markov_chain` takes no arguments",
        ),
        (
            ["notebook"],
            [],
            "the argument notebook is missing: `python -m stages.markov_chain NOTEBOOK`",
        ),
    ],
)
def test_a_wrong_argument_is_named(root: Path, capsys, arguments, argv, message):
    assert stage.execute("markov_chain", Params, run, headline, arguments, argv) == 2
    assert capsys.readouterr() == ("", f"markov_chain: {message}\n")
    assert root.read_text() == "the previous result"


def test_a_bad_parameter_ends_the_stage_before_anything_is_touched(root: Path, capsys):
    Path("params.yaml").write_text("markov_chain:\n  steps: 0\n")
    assert stage.execute("markov_chain", Params, run, headline, argv=[]) == 2
    message = "markov_chain: markov_chain.steps is 0; allowed: greater than 0\n"
    assert capsys.readouterr() == ("", message)
    assert root.read_text() == "the previous result"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("data/inputs/x.yaml:\n  bad"), 2, "data/inputs/x.yaml: bad"),
        (PlainError("a worker was killed"), 1, "a worker was killed (pack 1 of 2, seeds 0 to 3)"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left", "/tmp/kernel"), 1, "/tmp/kernel: No space left"),
    ],
)
def test_a_plain_failure_of_a_run_is_one_line(root: Path, capsys, error, code, message):
    def fail(params: Params) -> dict[str, Any]:
        if isinstance(error, PlainError) and code == 1:
            error.add_note("pack 1 of 2, seeds 0 to 3")
        raise error

    assert stage.execute("markov_chain", Params, fail, headline, argv=[]) == code
    assert capsys.readouterr() == ("", f"markov_chain: {message}\n")
    assert root.read_text() == "the previous result"


def test_another_exception_keeps_its_traceback(root: Path):
    def fail(params: Params) -> dict[str, Any]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage.execute("markov_chain", Params, fail, headline, argv=[])
    assert root.read_text() == "the previous result"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s")],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert duration(seconds) == text
