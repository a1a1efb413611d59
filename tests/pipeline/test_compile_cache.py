import os
import subprocess
import sys
from pathlib import Path

import pytest

from reprise.pipeline import compile_cache
from tests import tiny

STAGE = "reinforce_training"


def trained(folder: Path, **variables: str) -> tuple[dict[str, bytes], dict[str, int]]:
    """Run the stage; return its results, and the program files with the time of writing."""
    inherited = {key: value for key, value in os.environ.items() if key != compile_cache.FLAGS}
    done = subprocess.run(
        [sys.executable, "-m", f"stages.{STAGE}"], cwd=folder, check=False, capture_output=True,
        env=inherited | {"PYTHONPATH": str(tiny.ROOT)} | variables, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = {path.name: path.read_bytes() for path in sorted((folder / "data" / STAGE).iterdir())}
    programs = compile_cache.FOLDER / STAGE
    found = {path.name: path.stat().st_mtime_ns for path in (folder / programs).glob("*/*.pb")}
    return results, found


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes], dict[str, int]]:
    """Return a folder in which the stage ran once, its results and its programs."""
    folder = tmp_path_factory.mktemp("cold")
    tiny.altered(
        STAGE,
        folder,
        {
            "seeds": 4,
            "pack_size": 2,
            "iterations": 3,
            "evaluation.episodes": 2,
        },
    )
    return folder, *trained(folder, REPRISE_WORKERS="1")


def test_the_next_run_compiles_nothing_and_has_the_same_bytes(cold):
    folder, results, programs = cold
    assert len(programs) > 1
    assert trained(folder, REPRISE_WORKERS="2") == (results, programs)


def test_a_file_that_is_not_whole_or_not_ours_is_compiled_anew(cold):
    folder, results, programs = cold
    first, second, *_ = sorted((folder / compile_cache.FOLDER).rglob("*.pb"))
    first.write_bytes(first.read_bytes()[:1000])
    second.write_bytes(first.read_bytes())
    again, found = trained(folder)
    assert again == results
    assert {name for name in found if found[name] != programs[name]} == {first.name, second.name}


def test_programs_of_another_machine_are_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(compile_cache.FLAGS, raising=False)
    other = compile_cache.FOLDER / STAGE / "other"
    other.mkdir(parents=True)
    with compile_cache.used(STAGE):
        assert str(tmp_path) in os.environ[compile_cache.FLAGS]
    assert compile_cache.FLAGS not in os.environ
    assert not other.exists()


def test_flags_of_the_user_take_precedence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(compile_cache.FLAGS, "--tf_xla_clustering_debug")
    with compile_cache.used(STAGE):
        assert os.environ[compile_cache.FLAGS] == "--tf_xla_clustering_debug"
