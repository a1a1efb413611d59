"""The verdict names every file that is not as committed, and nothing else."""

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.site.reproduce import compare

ROOT = Path(__file__).parents[2]

LOCK: dict[str, Any] = {
    "schema": "2.0",
    "stages": {
        "markov_chain": {
            "cmd": "python -m stages.markov_chain",
            "deps": [{"path": "stages/markov_chain.py", "md5": "d1"}],
            "params": {"params.yaml": {"markov_chain": {"steps": 8}}},
            "outs": [{"path": "data/markov_chain/metrics.json", "md5": "a1", "size": 9}],
        },
        "dqn_training": {
            "cmd": "python -m stages.dqn_training",
            "outs": [
                {"path": "data/dqn_training/gifs", "md5": "b1.dir", "size": 9, "nfiles": 3},
                {"path": "data/dqn_training/weights.npz", "md5": "c1", "size": 9},
            ],
        },
    },
}

CHAIN = LOCK["stages"]["markov_chain"]
GIFS = LOCK["stages"]["dqn_training"]["outs"][0]


def altered(*path: str | int, value: object) -> dict[str, Any]:
    """Return the lock with another value at a path below its stages; None removes it."""
    lock = copy.deepcopy(LOCK)
    place: Any = lock["stages"]
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return lock


def test_the_same_locks_and_a_clean_tree_are_byte_identical():
    verdict = compare(LOCK, copy.deepcopy(LOCK), [])
    assert verdict.differences == []
    assert str(verdict) == "byte-identical to the committed results: 5 files"


@settings(deadline=None)
@given(st.permutations(["markov_chain", "dqn_training"]))
def test_the_order_of_stages_in_the_lock_does_not_matter(names):
    current = {"stages": {name: LOCK["stages"][name] for name in names}}
    assert compare(LOCK, current, []).differences == []


@pytest.mark.parametrize(
    ("current", "difference"),
    [
        (
            altered("markov_chain", "outs", 0, "md5", value="a2"),
            "data/markov_chain/metrics.json: differs",
        ),
        (
            altered("dqn_training", "outs", 0, "md5", value="b2.dir"),
            "data/dqn_training/gifs: differs, in 3 files",
        ),
        (
            altered("dqn_training", "outs", 0, value=GIFS | {"md5": "b2.dir", "nfiles": 1}),
            "data/dqn_training/gifs: differs, 1 file instead of 3",
        ),
        (altered("dqn_training", "outs", 1, value=None), "data/dqn_training/weights.npz: missing"),
        (altered("markov_chain", value=None), "data/markov_chain/metrics.json: missing"),
        (
            altered("claims", value={"outs": [{"path": "data/claims/ledger.csv", "md5": "e"}]}),
            "data/claims/ledger.csv: new",
        ),
    ],
)
def test_an_output_that_is_not_as_committed_is_named(current, difference):
    verdict = compare(LOCK, current, [" M dvc.lock"])
    assert verdict.differences == [difference]
    assert str(verdict) == f"NOT the committed results:\n  {difference}"


@pytest.mark.parametrize(
    ("line", "difference"),
    [
        (" M data/markov_chain/metrics.json", "data/markov_chain/metrics.json: differs"),
        (" D data/markov_chain/metrics.json", "data/markov_chain/metrics.json: missing"),
        ("?? data/markov_chain/more.csv", "data/markov_chain/more.csv: new"),
        ("A  data/markov_chain/more.csv", "data/markov_chain/more.csv: new"),
        (" M data/inputs/three_state.yaml", "data/inputs/three_state.yaml: differs"),
    ],
)
def test_a_file_that_git_sees_changed_is_named(line, difference):
    assert compare(LOCK, LOCK, [line, " M dvc.lock"]).differences == [difference]


def test_a_file_that_lock_and_git_both_see_changed_is_named_once():
    current = altered("markov_chain", "outs", 0, "md5", value="a2")
    current["stages"]["dqn_training"]["outs"][0]["md5"] = "b2.dir"
    status = [
        " M data/markov_chain/metrics.json",
        " M data/dqn_training/gifs/seed_3.gif",
        " M dvc.lock",
    ]
    assert compare(LOCK, current, status).differences == [
        "data/markov_chain/metrics.json: differs",
        "data/dqn_training/gifs: differs, in 3 files",
    ]


@pytest.mark.parametrize(
    ("current", "what"),
    [
        (altered("markov_chain", "deps", 0, "md5", value="d2"), "markov_chain (deps)"),
        (
            altered("markov_chain", value=CHAIN | {"cmd": "x", "params": {}}),
            "markov_chain (cmd, params)",
        ),
        (altered("claims", value={"cmd": "x"}), "claims (new)"),
        (LOCK, "its layout"),
    ],
)
def test_a_lock_that_changed_although_no_output_did_says_where(current, what):
    message = f"dvc.lock: the outputs are the same, what they came from is not: {what}"
    assert compare(LOCK, current, [" M dvc.lock"]).differences == [message]


def test_an_empty_lock_has_no_outputs():
    assert compare({}, {}, []) == (0, [])
    assert len(compare(LOCK, {}, [" D dvc.lock"]).differences) == 3


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one stage, not run and not committed yet."""
    for name, value in {
        "DVC_NO_ANALYTICS": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "word.txt").write_text("one")
    (tmp_path / "stage.py").write_text(
        "import json, pathlib, sys\n"
        "word = pathlib.Path('word.txt').read_text()\n"
        "folder = pathlib.Path('data/chain')\n"
        "(folder / 'gifs').mkdir(parents=True, exist_ok=True)\n"
        "metrics = {'letters': len(word), 'letters_low': 2, 'letters_high': 4}\n"
        "(folder / 'metrics.json').write_text(json.dumps(metrics))\n"
        "(folder / 'gifs' / 'a.gif').write_text(word)\n"
        "(folder / 'gifs' / 'b.gif').write_text('b')\n"
        "print(f'chain: {word}  (0.1 s)')\n"
        "print('chain: 1 of 1 packs done', file=sys.stderr)\n"
        "sys.exit(word == 'fail')\n"
    )
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n"
        "  chain:\n"
        f"    cmd: {sys.executable} -B stage.py\n"
        "    deps: [stage.py, word.txt]\n"
        "    outs: [data/chain/gifs]\n"
        "    metrics:\n"
        "    - data/chain/metrics.json: {cache: false}\n"
    )
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    (tmp_path / ".gitignore").write_text("/.dvc/cache\n/.dvc/tmp\n/data/chain/gifs\n")
    git("init", "--quiet")
    return tmp_path


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


def test_results_are_run_again_and_compared_with_the_committed_ones(checkout: Path):
    missing = "reproduce: every stage ran, but there is no commit yet to compare the results with\n"
    code, out, err = reproduce()
    assert (code, out) == (1, ["chain: one  (0.1 s)"])
    assert err == f"chain: 1 of 1 packs done\n{missing}"

    commit()
    code, out, err = reproduce()
    assert code == 0, err
    assert out[0] == "chain: one  (0.1 s)"
    assert out[1].startswith("all stages  (")
    assert out[2:] == ["byte-identical to the committed results: 3 files"]
    assert err == "chain: 1 of 1 packs done\n"

    (checkout / "word.txt").write_text("three")
    (checkout / "data" / "stray.csv").write_text("x")
    code, out, err = reproduce()
    assert code == 1, err
    assert out[2:] == [
        "NOT the committed results:",
        "  data/chain/gifs: differs, in 2 files",
        "  data/chain/metrics.json: differs",
        "  data/stray.csv: new",
        "1 of 1 metrics lie OUTSIDE their committed intervals:",
        "  data/chain/metrics.json: letters is 5; committed: [2, 4]",
    ]


def test_bytes_that_differ_fail_on_x86_64_though_every_metric_is_in_its_interval(checkout: Path):
    reproduce()
    commit()
    (checkout / "word.txt").write_text("four")
    code, out, err = reproduce()
    assert code == 1, err
    assert out[2:] == [
        "NOT the committed results:",
        "  data/chain/gifs: differs, in 2 files",
        "  data/chain/metrics.json: differs",
        "all 1 metrics lie within their committed intervals",
    ]


@pytest.mark.parametrize(
    ("word", "stray", "expected"),
    [("one", False, 0), ("four", False, 0), ("three", False, 1), ("four", True, 1)],
)
def test_on_another_processor_the_intervals_decide(checkout: Path, word, stray, expected):
    reproduce()
    commit()
    (checkout / "word.txt").write_text(word)
    if stray:
        (checkout / "data" / "stray.csv").write_text("x")
    code, out, err = reproduce("setarch", "i686")  # Linux then calls the machine so
    assert code == expected, err
    assert out[0] == (
        "this processor is i686, not x86-64: other bytes are no failure, "
        "a metric outside its committed interval is"
    )
    found = "\n".join(out)
    assert ("byte-identical" in found) == (word == "one")
    assert ("all 1 metrics lie within" in found) == (word == "four")
    assert ("letters is 5; committed: [2, 4]" in found) == (word == "three")


def test_a_stage_that_fails_is_named_with_the_way_back(checkout: Path):
    (checkout / "word.txt").write_text("fail")
    commit()
    code, _, err = reproduce()
    assert code == 1
    assert "failed to reproduce 'chain'" in err
    hint = "`git checkout dvc.lock data && dvc checkout` brings the committed results back"
    assert err.endswith(f"reproduce: the pipeline stopped; {hint}\n")


def test_a_commit_without_results_has_nothing_to_compare_with(checkout: Path):
    commit()
    code, _, err = reproduce()
    message = "every stage ran, but the last commit has no dvc.lock to compare with"
    assert (code, err.splitlines()[-1]) == (1, f"reproduce: {message}")


def test_a_folder_that_is_no_checkout_is_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    message = "not a git checkout; the results are compared with the committed ones"
    assert reproduce() == (2, [], f"reproduce: {message}\n")
