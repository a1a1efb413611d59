"""A reproduction names every file that differs from the committed results, and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import ROOT

STAGE = """
import json, pathlib, sys
word = pathlib.Path('word.txt').read_text()
folder = pathlib.Path('data/chain')
(folder / 'gifs').mkdir(parents=True, exist_ok=True)
metrics = {'letters': len(word), 'letters_low': 2, 'letters_high': 4}
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


def reproduce(*before: str) -> tuple[int, list[str], str]:
    """Run the command after some words; return its exit code, the lines on stdout, and stderr."""
    command = [*before, sys.executable, "-B", "-m", "reprise.site.reproduce"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of one stage that has run, with its results committed."""
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
        missing = "every stage ran, but there is no commit yet to compare the results with"
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


def test_results_are_run_again_and_compared_with_the_committed_ones(checkout):
    code, out, err = reproduce()
    assert (code, err) == (0, "chain: 1 of 1 packs done\n")
    assert out[0] == "chain: one  (0.1 s)"
    assert out[1].startswith("all stages  (")
    assert out[2:] == ["byte-identical to the committed results: 3 files"]

    (checkout / "word.txt").write_text("three")
    (checkout / "data/stray.csv").write_text("x")
    (checkout / "data/note.md").unlink()
    code, out, _ = reproduce()
    assert code == 1
    assert out[2:] == [
        "NOT the committed results:",
        "  data/chain/gifs: differs",
        "  data/chain/metrics.json: differs",
        "  data/note.md: missing",
        "  data/stray.csv: new",
        "1 of 1 metrics lie OUTSIDE their committed intervals:",
        "  data/chain/metrics.json: letters is 5; committed: [2, 4]",
    ]


def test_the_same_results_of_other_code_are_named(checkout):
    (checkout / "stage.py").write_text(f"{STAGE}# changed\n")
    code, out, _ = reproduce()
    assert code == 1
    assert out[3] == "  dvc.lock: the same outputs, but other inputs or layout: chain"


@pytest.mark.parametrize(
    ("word", "stray", "before", "expected"),
    [
        ("four", False, [], 1),
        ("four", False, ["setarch", "i686"], 0),  # Linux then calls the machine so
        ("three", False, ["setarch", "i686"], 1),
        ("four", True, ["setarch", "i686"], 1),
    ],
)
def test_on_another_processor_only_the_intervals_decide(checkout, word, stray, before, expected):
    (checkout / "word.txt").write_text(word)
    if stray:
        (checkout / "data/stray.csv").write_text("x")
    code, out, err = reproduce(*before)
    assert code == expected, err
    note = "this processor is i686, not x86-64: other bytes are no failure, "
    assert out[0].startswith(note) == bool(before)
    found = "\n".join(out)
    assert "NOT the committed results:\n  data/chain/gifs: differs\n" in found
    assert ("all 1 metrics lie within their committed intervals" in found) == (word == "four")


def test_a_failed_stage_and_a_commit_without_results_are_named(checkout):
    (checkout / "word.txt").write_text("fail")
    git("rm", "--quiet", "--cached", "dvc.lock")
    git("commit", "--quiet", "--message", "no lock")
    code, _, err = reproduce()
    assert code == 1
    assert "failed to reproduce 'chain'" in err
    hint = "`git checkout dvc.lock data && dvc checkout` brings the committed results back"
    assert err.endswith(f"reproduce: the pipeline stopped; {hint}\n")
    (checkout / "word.txt").write_text("one")
    code, _, err = reproduce()
    message = "every stage ran, but the last commit has no dvc.lock to compare with"
    assert (code, err.splitlines()[-1]) == (1, f"reproduce: {message}")


def test_a_folder_that_is_no_checkout_is_refused_before_anything_runs(tmp_path, monkeypatch):
    alone(monkeypatch, tmp_path)
    message = "not a git checkout; the results are compared with the committed ones"
    assert reproduce() == (2, [], f"reproduce: {message}\n")
