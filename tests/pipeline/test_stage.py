"""A stage says one line, and its exit code tells what happened; a mistake touches nothing."""

import errno
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprise.errors import PlainError, UserError
from reprise.hyperparameters import Frozen, PositiveInt
from reprise.pipeline import execution, stage

BEFORE = "the previous result"
RESULT = Path("data/markov_chain/metrics.json")
NOTE = ".reprise/provenance/markov_chain.json"


class Params(Frozen):
    steps: PositiveInt


def run(params: Params, notebook: str = "") -> dict[str, Any]:
    return {"metrics.json": {"steps": params.steps, "notebook": notebook}}


def headline(results: dict[str, Any]) -> str:
    return f"{results['metrics.json']['steps']} steps"


def execute(*argv: str, run: Callable[..., dict[str, Any]] = run, **changes: Any) -> int:
    return stage.execute("markov_chain", Params, run, headline, argv=argv, **changes)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a repository's root with an older result."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("markov_chain:\n  steps: 8\n")
    RESULT.parent.mkdir(parents=True)
    RESULT.write_text(BEFORE)


def test_a_stage_loads_runs_writes_and_says_so_in_one_line(capsys):
    assert execute() == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(r"markov_chain: 8 steps  \(0\.\d s\)\n", out)
    assert err == ""
    assert RESULT.read_text() == '{\n  "steps": 8,\n  "notebook": ""\n}\n'


def test_a_stage_takes_the_arguments_it_names_and_may_write_to_anothers_folder(capsys):
    assert execute("q_learning", arguments=["notebook"], folder="mdp_solving") == 0
    assert capsys.readouterr().out.startswith("markov_chain@q_learning: 8 steps  (")
    assert '"notebook": "q_learning"' in Path("data/mdp_solving/metrics.json").read_text()
    assert RESULT.read_text() == BEFORE


@pytest.mark.parametrize(
    ("section", "argv", "arguments", "message"),
    [
        ("markov_chain: {steps: 0}", [], [], "markov_chain.steps is 0; allowed: greater than 0"),
        ("excution: {}", [], [], "params.yaml has no section execution; did you mean excution?"),
        (
            "", ["--help"], [],
            "the arguments are ['--help']; allowed: `python -m stages.markov_chain`",
        ),
        (
            "", [], ["notebook"],
            "the arguments are []; allowed: `python -m stages.markov_chain NOTEBOOK`",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_before_anything_is_touched(capsys, section, argv, arguments, message):
    Path("params.yaml").write_text(section)
    assert execute(*argv, arguments=arguments) == 2
    assert capsys.readouterr() == ("", f"markov_chain: {message}\n")
    assert RESULT.read_text() == BEFORE
    assert not Path(".reprise").exists()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("data/inputs/x.yaml:\n  bad"), 2, "data/inputs/x.yaml: bad (in pack 1)"),
        (PlainError("a worker was killed"), 1, "a worker was killed (in pack 1)"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left", "/tmp/kernel"), 1, "/tmp/kernel: No space left"),
        (MemoryError("Unable to allocate"), 1, "out of memory: Unable to allocate"),
    ],
)
def test_a_plain_failure_of_a_run_is_one_line(capsys, error, code, message):
    def fail(params: Params) -> dict[str, Any]:
        error.add_note("in pack 1")
        raise error

    assert execute(run=fail) == code
    assert capsys.readouterr() == ("", f"markov_chain: {message}\n")
    assert RESULT.read_text() == BEFORE


def git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def noted() -> dict[str, Any]:
    assert execute() == 0
    return json.loads(Path(NOTE).read_text())


def test_a_run_notes_the_machine_the_code_the_time_and_the_memory(monkeypatch):
    monkeypatch.setenv(execution.WORKERS, "many")  # which does not matter to a stage without packs
    Path(".gitignore").write_text(".reprise/\n")
    git("init", "--quiet")
    git("add", "params.yaml", ".gitignore")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--message", "start")
    note, commit = noted(), git("rev-parse", "HEAD").strip()
    assert (note["stage"], note["git"], note["workers"]) == ("markov_chain", commit, "many")
    assert note["python"].startswith("CPython 3.1")
    assert 0 <= note["wall_seconds"] < 5
    assert 20 < note["peak_memory_mib"]["stage"] < 100_000
    assert note["cpu"]["count"] >= 1
    Path("params.yaml").write_text("markov_chain:\n  steps: 9\n")
    assert noted()["git"] == f"{commit}-dirty"
