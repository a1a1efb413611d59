"""The house is in order: one name in seven places, each dependency declared, each value tracked."""

import ast
import functools
import importlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reprise.pipeline import parameters
from reprise.pipeline.execution import SECTION

ROOT = Path(__file__).parents[1]
PACKAGES = ("reprise", "stages")
REPORTING = "reporting"  # runs the notebooks of the other stages, one at a time
REPORT = "report"  # makes pages of them, in the same folder

# Each level imports from those above it in this list only.
LEVELS = [
    ("errors",),
    ("hyperparameters", "seeds"),
    ("nn", "stats", "pipeline"),
    ("environments", "measures", "tabular"),
    ("agents", "policies", "settings", "claims"),
    ("plots", "stored"),
    ("trained",),
    ("api",),
    ("site", "compare"),
    ("__init__", "__main__"),
]

STAGES = sorted(path.stem for path in (ROOT / "stages").glob("[!_]*.py"))


class Stage(NamedTuple):
    """A stage of dvc.yaml, its templates filled in."""

    address: str
    deps: list[str]
    tracked: list[str]
    outs: list[str]

    @property
    def file(self) -> str:
        """Return its file, if that is not dvc.yaml."""
        return self.address.rpartition(":")[0]

    @property
    def name(self) -> str:
        """Return its name without its file, and without the item of a foreach or a matrix."""
        return self.address.rpartition(":")[2].partition("@")[0]


@functools.cache
def pipeline() -> list[Stage]:
    """Return the stages of dvc.yaml and of extra/dvc.yaml as DVC understands them."""
    from dvc.dependency import ParamsDependency
    from dvc.repo import Repo

    def of(stage: Any) -> Stage:
        keyed = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
        return Stage(
            stage.addressing,
            [dep.def_path for dep in stage.deps if dep not in keyed],
            [key for dep in keyed if dep.def_path == "params.yaml" for key in dep.params],
            [out.def_path for out in stage.outs],
        )

    with Repo(str(ROOT)) as repo:
        return [of(stage) for stage in repo.index.stages]


def folder(name: str) -> str:
    return f"data/{REPORTING if name == REPORT else name}"


def test_a_stage_has_one_name_in_seven_places():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = subprocess.run(
        ["git", "ls-files", "data"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    results = [out for stage in pipeline() for out in stage.outs] + listed.stdout.split()
    scripts = (ROOT / "tests/stages").glob("test_*.py")
    places = {
        "dvc.yaml": {stage.name for stage in pipeline()},
        "params.yaml": set(parameters.read(ROOT / "params.yaml")) - {SECTION},
        "data/*/": {Path(out).parts[1] for out in results if out.startswith("data/")} - {"inputs"},
        "notebooks/*.ipynb": {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")},
        "tests/stages/test_*.py": {path.stem.removeprefix("test_") for path in scripts},
        "README.md": {*re.findall(r"^\|\s*[`\[]*(\w+)", readme, flags=re.MULTILINE)} & {*STAGES},
    }
    lacking = {"notebooks/*.ipynb": {REPORTING, REPORT}, "data/*/": {REPORT}}
    for place, names in places.items():
        assert names == {*STAGES} - lacking.get(place, set()), place


def test_a_stage_writes_into_its_own_folder_only():
    outside = [
        f"{stage.address}: {out}"
        for stage in pipeline()
        for out in stage.outs
        if not f"{out}/".startswith(f"{folder(stage.name)}/")
    ]
    assert not outside


def test_every_file_that_a_stage_imports_is_among_its_deps():
    assert [line for stage in pipeline() for line in undeclared(stage)] == []


def test_a_stage_that_plays_an_environment_depends_on_the_folder_of_the_users_own():
    modules = {name: importlib.import_module(f"stages.{name}") for name in STAGES}
    playing = {
        name for name, module in modules.items()
        if "environment" in module.Params.model_fields or hasattr(module.Params, "environment")
    }  # fmt: skip
    assert playing == {stage.name for stage in pipeline() if "environments" in stage.deps}


def test_imports_run_downward_only():
    rank = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
    modules = (path.relative_to(ROOT / "reprise") for path in (ROOT / "reprise").rglob("*.py"))
    rooms = {module.with_suffix("").parts[0] for module in modules}
    assert rooms == set(rank)
    upward = []
    for path in sorted((ROOT / "reprise").rglob("*.py")):
        room = path.relative_to(ROOT / "reprise").with_suffix("").parts[0]
        for module in imports(str(path.relative_to(ROOT))):
            parts = module.split(".")
            other = parts[1] if parts[0] == "reprise" and len(parts) > 1 else room
            if rank.get(other, 0) >= rank[room] and other != room:
                upward.append(f"{path.relative_to(ROOT)}: {module}")
    assert not upward


@pytest.mark.parametrize("room", ["stats", "measures", "claims", "plots", "pipeline", "site"])
def test_what_judges_and_shows_does_not_load_tensorflow(room):
    paths = (ROOT / "reprise" / room).rglob("*.py")
    found = {name for path in paths for name in imports(str(path.relative_to(ROOT)))}
    banned = ("tensorflow", "reprise.nn", "reprise.environments", "reprise.agents")
    assert not [name for name in found if name.startswith(banned)]


def test_the_committed_parameters_are_the_chapters():
    """Other values are marked as an experiment in every notebook, ledger and page."""
    chapter = (ROOT / "data/inputs/chapter.yaml").read_text(encoding="utf-8")
    assert (ROOT / "params.yaml").read_text(encoding="utf-8") == chapter


def test_every_value_in_params_yaml_is_tracked_by_a_stage():
    tracked = [key for stage in pipeline() for key in stage.tracked]
    sections = parameters.read(ROOT / "params.yaml")
    del sections[SECTION]  # decides how stages run, and nothing of what they find
    every = list(leaves(sections))
    lost = [leaf for leaf in every if not any(within(leaf, key) for key in tracked)]
    assert not lost, f"no stage in dvc.yaml tracks {lost}"
    stale = [key for key in tracked if not any(within(leaf, key) for leaf in every)]
    assert not stale, f"dvc.yaml tracks {stale}, which params.yaml does not have"


def undeclared(stage: Stage) -> Iterator[str]:
    """Yield each file that a stage runs and does not declare as a dep."""
    needed = {f"stages/{stage.name}.py", "requirements.lock"} | imported(f"stages/{stage.name}.py")
    if stage.name == REPORTING:
        notebook = f"notebooks/{stage.address.partition('@')[2]}.ipynb"
        shown = re.findall(r"source\.of\(\"([^\"]+)\"", source(notebook))
        needed |= {notebook} | imported(notebook) | {f"reprise/{path}" for path in shown}
    for path in sorted(needed):
        if not covered(path, stage.deps):
            yield f"{stage.address}: {path}"


def imported(path: str) -> set[str]:
    """Return the first-party files that a script or a notebook imports, however indirectly."""
    found: set[str] = set()
    open_paths = [path]
    while open_paths:
        for module in imports(open_paths.pop()):
            for file in files(module) - found:
                found.add(file)
                open_paths.append(file)
    return found


@functools.cache
def imports(path: str) -> list[str]:
    """Return the modules that importing a file imports, and the names it imports from them."""
    found = []
    tree = ast.parse(source(path), filename=path)
    if path.endswith("__init__.py"):
        tree.body = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    for node in running(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree except those that only a type checker reads."""
    yield node
    typing = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    for child in node.orelse if isinstance(node, ast.If) and typing else ast.iter_child_nodes(node):
        yield from running(child)


def source(path: str) -> str:
    """Return a file's Python; of a notebook, that of its code cells."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if not path.endswith(".ipynb"):
        return text
    cells = json.loads(text)["cells"]
    lines = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code").split("\n")
    return "\n".join("" if line.startswith(("%", "!")) else line for line in lines)


@functools.cache
def files(module: str) -> set[str]:
    """Return the files that importing a first-party module runs: itself and its packages."""
    parts = module.split(".")
    if parts[0] not in PACKAGES:
        return set()
    stems = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    candidates = [f"{stem}{ending}" for stem in stems for ending in (".py", "/__init__.py")]
    return {path for path in candidates if (ROOT / path).is_file() and not only_says(path)}


@functools.cache
def only_says(path: str) -> bool:
    """Whether a file holds a docstring and nothing that runs."""
    return all(isinstance(node, ast.Expr) for node in ast.parse(source(path)).body)


def covered(path: str, declared: list[str]) -> bool:
    return any(path == other or path.startswith(f"{other.rstrip('/')}/") for other in declared)


def within(leaf: str, key: str) -> bool:
    return leaf == key or leaf.startswith(f"{key}.")


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the dotted name of each value; a list is one."""
    if not isinstance(value, dict) or not value:
        yield ".".join(path)
        return
    for key, inner in value.items():
        yield from leaves(inner, (*path, str(key)))


def test_the_readme_states_the_committed_results(monkeypatch):
    from reprise.site import readme

    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.committed(text) == text, "`make readme` brings the ledger and results up to date"
