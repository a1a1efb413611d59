"""A reproduction names every file that differs, nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.site.reproduce import main
from tests.tiny import ROOT

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")  # DVC's

STAGE = """
import json, pathlib, sys
word = pathlib.Path('word.txt').read_text()
folder = pathlib.Path('data/chain')
(folder / 'gifs').mkdir(parents=True, exist_ok=True)
metrics = {'letters': len(word)}
(folder / 'metrics.json').write_text(json.dumps(metrics))
(folder / 'gifs' / 'a.gif').write_text(word)
(folder / 'gifs' / 'b.gif').write_text('b')
print(f'chain: {word}  (0.1 s)')
print('chain: 1 of 1 packs done', file=sys.stderr)
sys.exit(word == 'fail')
"""
PIPELINE = f"""
stages:
  chain:
    cmd: {sys.executable} -B stage.py
    deps: [stage.py, word.txt]
    outs: [data/chain/gifs]
    metrics:
    - data/chain/metrics.json: {{cache: false}}
"""


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=reprise", "-c", "user.email=reprise@example.org")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True, timeout=30)


def commit() -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", "results")


def reproduce() -> tuple[int, list[str], str]:
    """Run the command; return exit code, lines and errors."""
    command = [sys.executable, "-B", "-m", "reprise.site.reproduce"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of one stage with committed results."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "word.txt").write_text("one")
    (folder / "stage.py").write_text(STAGE)
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "data").mkdir()
    (folder / "data/note.md").write_text("written by hand")
    (folder / ".dvc").mkdir()
    (folder / ".dvc/config").write_text("[core]\n    analytics = false\n")
    (folder / ".gitignore").write_text("/.dvc/cache\n/.dvc/tmp\n/data/chain/gifs\n")
    with pytest.MonkeyPatch.context() as patch:
        alone(patch, folder)
        git("init", "--quiet")
        code, out, err = reproduce()
        missing = "every stage ran, but no commit has a dvc.lock to compare with"
        assert (code, out) == (1, ["chain: one  (0.1 s)"])
        assert err == f"chain: 1 of 1 packs done\nreproduce: {missing}\n"
        commit()
    return folder


def alone(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Enter a folder without the user's settings of git."""
    patch.chdir(folder)
    patch.setenv("DVC_NO_ANALYTICS", "1")
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    patch.setenv("GIT_CEILING_DIRECTORIES", str(folder))
    patch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def checkout(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of that repository, as the current directory."""
    shutil.copytree(ran, tmp_path / "copy")
    alone(monkeypatch, tmp_path / "copy")
    return tmp_path / "copy"


def test_results_are_run_again_and_compared_with_the_committed_ones(checkout, capfd):
    code, out, err = reproduce()
    assert (code, err) == (0, "chain: 1 of 1 packs done\n")
    assert out[0] == "chain: one  (0.1 s)"
    assert out[1].startswith("all stages  (")
    assert out[2:] == ["byte-identical to the committed results: 3 files"]

    (checkout / "word.txt").write_text("three")
    (checkout / "data/stray.csv").write_text("x")
    (checkout / "data/note.md").unlink()
    assert main() == 1
    assert capfd.readouterr().out.splitlines()[2:] == [
        "NOT the committed results:",
        "  data/chain/gifs: differs",
        "  data/chain/metrics.json: differs",
        "  data/note.md: missing",
        "  data/stray.csv: new",
    ]


def test_a_failed_stage_and_a_commit_without_results_are_named(checkout, capfd):
    (checkout / "word.txt").write_text("fail")
    git("rm", "--quiet", "--cached", "dvc.lock")
    git("commit", "--quiet", "--message", "no lock")
    assert main() == 1
    said = capfd.readouterr().err.splitlines()[-1]
    assert said.startswith("reproduce: the pipeline stopped: failed to reproduce 'chain': ")
    hint = "`git checkout dvc.lock data && dvc checkout` brings the committed results back"
    assert said.endswith(f"exited with 1; {hint}")
    (checkout / "word.txt").write_text("one")
    assert main() == 1
    message = "every stage ran, but no commit has a dvc.lock to compare with"
    assert capfd.readouterr().err.splitlines()[-1] == f"reproduce: {message}"


def test_a_folder_that_is_no_checkout_is_refused_before_anything_runs(tmp_path, monkeypatch, capfd):
    alone(monkeypatch, tmp_path)
    assert main() == 2
    message = "not a git checkout; the results are compared with the committed ones"
    assert capfd.readouterr() == ("", f"reproduce: {message}\n")
