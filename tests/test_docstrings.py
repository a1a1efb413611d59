"""What docstrings show is what comes out."""

import ast
import doctest
import importlib
import re

import pytest

from tests.tiny import ROOT

FEWEST = 60
"""Lines of examples that there are at least: a search that finds nothing proves nothing."""


def written() -> dict[str, int]:
    """Return how many examples the modules of the library have, those that have any."""
    counts = {}
    for path in sorted((ROOT / "reprise").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        text = path.read_text(encoding="utf-8")
        counts[module] = len(re.findall(r"^ *>>> ", text, flags=re.MULTILINE))
    return {module: count for module, count in counts.items() if count}


def examples(module: str) -> list[doctest.DocTest]:
    found = doctest.DocTestFinder().find(importlib.import_module(module))
    return [each for each in found if each.examples]


@pytest.mark.parametrize("module", written())
def test_the_examples_of_a_module_are_true(module, monkeypatch):
    monkeypatch.chdir(ROOT)  # they name files of the repository
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    for each in examples(module):
        runner.run(each, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_there_are_examples_and_all_that_are_written_run():
    run = {module: sum(len(each.examples) for each in examples(module)) for module in written()}
    assert run == written()
    assert sum(run.values()) >= FEWEST


def test_a_docstrings_first_line_has_at_most_ten_words():
    kinds = ast.Module, ast.ClassDef, ast.FunctionDef
    files = [path for folder in ("reprise", "stages") for path in (ROOT / folder).rglob("*.py")]
    nodes = [(path, n) for path in files for n in ast.walk(ast.parse(path.read_text("utf-8")))]
    said = [(path, ast.get_docstring(n) or "") for path, n in nodes if isinstance(n, kinds)]
    assert sum(bool(text) for _, text in said) > 500
    assert [f"{path}: {text}" for path, text in said if len(text.split("\n")[0].split()) > 10] == []
