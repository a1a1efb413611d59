"""The stage that the README shows is whole: it runs in DVC as it stands, and tells mistakes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import environment
from tests.tiny import ROOT

SECTION = re.compile(r"^## Add a stage\n(.*?)^## ", flags=re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has nothing but the README's stage."""
    section = SECTION.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert section
    (_, script), (_, params), (_, stage) = BLOCK.findall(section[1])
    tmp_path = tmp_path_factory.mktemp("readme")
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/fair_coin.py").write_text(script)
    (tmp_path / "params.yaml").write_text(params)
    (tmp_path / "dvc.yaml").write_text(f"stages:\n{stage}")
    assert run(tmp_path, "-m", "dvc", "init", "--no-scm", "--quiet").returncode == 0
    return tmp_path


def test_it_runs_and_a_second_time_has_nothing_to_do(folder):
    done = run(folder, "-m", "dvc", "repro", "fair_coin")
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "data/fair_coin/metrics.json").read_text())
    assert found["n"] == 1000
    assert found["low"] < 0.5 < found["high"]
    assert "didn't change" in run(folder, "-m", "dvc", "repro", "fair_coin").stdout
    lines = (folder / "stages/fair_coin.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 20


def test_a_mistake_in_its_parameters_is_one_line(folder):
    (folder / "params.yaml").write_text("fair_coin:\n  seed: 42\n  flip: 10\n")
    done = run(folder, "-m", "stages.fair_coin")
    said = "fair_coin: fair_coin.flip is unknown; did you mean flips?\n"
    assert (done.returncode, done.stderr) == (2, said)
