"""A stage's compiled programs are taken up by its next run, if they are whole."""

import os
import subprocess
import sys
from pathlib import Path

from reprise.pipeline import compile_cache
from tests.tiny import ROOT

STAGE = "training"
PROGRAMS = f"""
from reprise.pipeline import compile_cache
with compile_cache.used("{STAGE}"):
    from reprise.nn.determinism import tf
    for number in range(3):
        print(tf.function(lambda x: tf.exp(x) + number, jit_compile=True)(tf.ones(5)).numpy())
"""


def printed(folder: Path) -> str:
    """Run three programs in a process of their own."""
    inherited = {key: value for key, value in os.environ.items() if key != compile_cache.FLAGS}
    return subprocess.run(
        [sys.executable, "-c", PROGRAMS], cwd=folder, env=inherited | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_the_next_run_compiles_only_what_is_not_whole_and_has_the_same_bytes(tmp_path):
    results = printed(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pb")}
    first, second, *others = sorted(before)
    assert others
    first.write_bytes(first.read_bytes()[:1000])
    second.write_bytes(others[0].read_bytes())
    assert printed(tmp_path) == results
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pb")}
    assert {path for path in after if after[path] != before[path]} == {first, second}


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
