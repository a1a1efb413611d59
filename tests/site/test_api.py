"""The library's pages say what its docstrings say, as they are written."""

from pathlib import Path

from reprise.site import api
from reprise.site.report import Site
from tests.site.documents import parsed, runs_code
from tests.tiny import ROOT

SOURCE = '''"""Solvers of models.

    V = R + γ T V

More <b>words</b>.
"""

import nothing_that_exists

MOST = 3


class Solution(NamedTuple):
    """What a solver found."""

    values: np.ndarray  # [S]
    _hidden: int = 0

    @property
    def best(self) -> int:
        """Return the best."""

    def unsaid(self) -> int: ...


@cache
def solved(model: Model, *, discount: float = 0.9) -> Solution:
    """Return the solution.

    >>> solved(Model())
    Solution(values=[1, 2])
    >>> 1 > 0
    True

    Args:
        model: of S states.
        discount: γ, from 0 to 1.

    Raises:
        SolverError: says why not.
    """


def _private() -> None:
    """Say nothing."""
'''


def library(root: Path) -> list[api.Package]:
    """Return a library of one module, and of one that offers nothing."""
    folder = root / "rl" / "models"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""All <i>models</i>."""\n', encoding="utf-8")
    (folder / "solvers.py").write_text(SOURCE, encoding="utf-8")
    (folder / "names.py").write_text("NAME = 1\n", encoding="utf-8")
    return api.packages(root, ["rl"])


def written(entry: api.Entry) -> str:
    """Return a signature without its colours."""
    return parsed(f"<pre>{entry.signature}</pre>").text


def test_what_is_public_and_says_what_it_is_has_an_entry(tmp_path):
    (package,) = library(tmp_path)
    assert (package.name, package.summary) == ("rl.models", "All &lt;i&gt;models&lt;/i&gt;.")
    (module,) = package.modules
    assert (module.name, module.summary) == ("rl.models.solvers", "Solvers of models.")
    assert [entry.name for entry in module.entries] == ["Solution", "solved"]
    assert [entry.name for entry in module.entries[0].members] == ["best"]
    assert module.entries[0].members[0].anchor == "rl.models.solvers.Solution.best"


def test_signatures_are_as_they_are_written(tmp_path):
    ((module,),) = [package.modules for package in library(tmp_path)]
    solution, solved = (written(entry) for entry in module.entries)
    assert solution == "class Solution(NamedTuple):\n    values: np.ndarray  # [S]"
    assert solved == (
        "@cache\ndef solved(model: Model, *, discount: float = 0.9) -> Solution:"
    )  # fmt: skip
    best = written(module.entries[0].members[0])
    assert best == "@property\ndef best(self) -> int:"


def test_docstrings_have_their_sections_as_lists_and_equations_as_they_stand(tmp_path):
    ((module,),) = [package.modules for package in library(tmp_path)]
    assert parsed(module.text).pre.text == "V = R + γ T V"
    said = parsed(module.entries[1].text)
    assert [" ".join(item.text.split()) for item in said("li")] == [
        "model: of S states.", "discount: γ, from 0 to 1.", "SolverError: says why not.",
    ]  # fmt: skip
    assert [bold.text for bold in said("strong") if not bold.text.endswith(":")] == [
        "Arguments", "Raises",
    ]  # fmt: skip


def test_examples_are_as_they_stand(tmp_path):
    ((module,),) = [package.modules for package in library(tmp_path)]
    said = parsed(module.entries[1].text)
    assert said.pre.text == ">>> solved(Model())\nSolution(values=[1, 2])\n>>> 1 > 0\nTrue"
    assert not said("blockquote")


def test_html_in_a_docstring_comes_out_as_text(tmp_path):
    for content in Site([], []).api(library(tmp_path)).values():
        found = parsed(content)
        assert not runs_code(found)
        assert not found(["b", "i"])


def test_every_module_of_the_repository_that_defines_something_public_is_there():
    packages = api.packages(ROOT, ["reprise", "stages"])
    found = {module.name for package in packages for module in package.modules}
    paths = [*ROOT.glob("reprise/**/[!_]*.py"), *ROOT.glob("stages/[!_]*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths}
    assert found <= names
    assert len(names - found) <= len(names) / 20, sorted(names - found)
