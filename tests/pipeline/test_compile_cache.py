"""A stage's compiled programs are taken up by its next run on the same machine."""

import os
import subprocess
import sys
from pathlib import Path

from reprise.pipeline import compile_cache
from tests.tiny import ROOT

PROGRAMS = """
from reprise.pipeline import compile_cache
with compile_cache.used("training"):
    from reprise.nn.determinism import tf
    for number in range(3):
        print(tf.function(lambda x: tf.exp(x) + number, jit_compile=True)(tf.ones(5)).numpy())
"""


def test_the_next_run_compiles_only_what_is_missing_and_has_the_same_bytes(tmp_path):
    def run() -> tuple[str, dict[str, int]]:
        inherited = {key: value for key, value in os.environ.items() if key != compile_cache.FLAGS}
        printed = subprocess.run(
            [sys.executable, "-c", PROGRAMS], cwd=tmp_path, capture_output=True, text=True,
            env=inherited | {"PYTHONPATH": str(ROOT)}, check=True,
        ).stdout  # fmt: skip
        return printed, {str(path): path.stat().st_mtime_ns for path in tmp_path.rglob("*.pb")}

    other = tmp_path / compile_cache.FOLDER / "training/another machine"
    other.mkdir(parents=True)
    results, before = run()
    assert not other.exists()
    first, *others = before
    assert others
    Path(first).unlink()
    again, after = run()
    assert again == results
    assert {path for path in after if after[path] != before[path]} == {first}
