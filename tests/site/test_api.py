"""pdoc makes the library's pages from its docstrings."""

import re
import subprocess
import sys

from tests.tiny import ROOT


def test_the_pages_of_the_library_are_made_without_a_warning(tmp_path):
    recipe = re.search(r"^docs: .*\n\t@python (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    assert "-m pdoc --docformat google --output-directory .reprise/docs $(MODULES)" in recipe[1]
    options = ["--docformat", "google", "--no-search", "--output-directory", str(tmp_path)]
    command = [sys.executable, "-W", "ignore:Error parsing type annotation", "-m", "pdoc"]
    done = subprocess.run(
        [*command, *options, "reprise.pipeline"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    page = (tmp_path / "reprise/pipeline/packs.html").read_text(encoding="utf-8")
    assert "Return the task" in page
