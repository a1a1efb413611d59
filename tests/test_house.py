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
        """Return the file that it stands in, if that is not dvc.yaml."""
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


def names_in(place: str) -> set[str]:
    """Return the names of stages that a place holds."""
    match place:
        case "dvc.yaml":
            return {stage.name for stage in pipeline()}
        case "params.yaml":
            return set(parameters.read(ROOT / "params.yaml")) - {SECTION}
        case "data/*/":
            tracked = subprocess.run(
                ["git", "ls-files", "data"], cwd=ROOT, capture_output=True, text=True, check=True
            )
            paths = [out for stage in pipeline() for out in stage.outs] + tracked.stdout.split("\n")
            names = {Path(path).parts[1] for path in paths if path.startswith("data/")}
            return names - {"inputs"}
        case "notebooks/*.ipynb":
            return {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
        case "tests/stages/test_*.py":
            paths = (ROOT / "tests" / "stages").glob("test_*.py")
            return {path.stem.removeprefix("test_") for path in paths}
    text = (ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").exists() else ""
    first_cells = set(re.findall(r"^\|\s*[`\[]*(\w+)", text, flags=re.MULTILINE))
    return first_cells & set(STAGES)


def folder(name: str) -> str:
    """Return the folder of a stage's results."""
    return f"data/{REPORTING if name == REPORT else name}"


def test_there_are_stages():
    assert STAGES


@pytest.mark.parametrize(
    "place",
    [
        "dvc.yaml",
        "params.yaml",
        "data/*/",
        "notebooks/*.ipynb",
        "tests/stages/test_*.py",
        "README.md",
    ],
)
def test_a_stage_has_one_name_in_seven_places(place):
    lacking = {"notebooks/*.ipynb": {REPORTING, REPORT}, "data/*/": {REPORT}}
    expected = set(STAGES) - lacking.get(place, set())
    names = names_in(place)
    missing, unknown = sorted(expected - names), sorted(names - expected)
    assert not missing, f"stages/ has {missing}, {place} does not"
    assert not unknown, f"{place} has {unknown}, stages/ does not"


def test_a_stage_writes_into_its_own_folder_only():
    outside = [
        f"{stage.address}: {out}"
        for stage in pipeline()
        for out in stage.outs
        if not f"{out}/".startswith(f"{folder(stage.name)}/")
    ]
    assert not outside


def test_every_file_that_a_stage_imports_is_among_its_deps():
    assert not (lines := [line for stage in pipeline() for line in undeclared(stage)]), listed(
        lines
    )


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
    assert not upward, listed(upward)


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


def test_every_dep_exists_or_is_made_by_a_stage():
    made = [out for stage in pipeline() for out in stage.outs]
    lines = [
        f"{stage.address}: {dep}"
        for stage in pipeline()
        for dep in stage.deps
        if not covered(dep, made) and not (ROOT / dep).exists()
    ]
    assert not lines, listed(lines)


def test_every_value_in_params_yaml_is_tracked_by_a_stage():
    tracked = [key for stage in pipeline() for key in stage.tracked]
    sections = parameters.read(ROOT / "params.yaml")
    del sections[SECTION]  # decides how stages run, and nothing of what they find
    every = list(leaves(sections))
    lost = [leaf for leaf in every if not any(within(leaf, key) for key in tracked)]
    assert not lost, f"no stage in dvc.yaml tracks {lost}"
    stale = [key for key in tracked if not any(within(leaf, key) for leaf in every)]
    assert not stale, f"dvc.yaml tracks {stale}, which params.yaml does not have"


def test_the_report_depends_on_every_notebook_of_its_pipeline_and_the_animations_of_their_stages():
    reports = [stage for stage in pipeline() if stage.name == REPORT]
    assert len(reports) == 2
    for report in reports:
        siblings = [stage for stage in pipeline() if stage.file == report.file]
        executed = [out for stage in siblings if stage.name == REPORTING for out in stage.outs]
        moving = [out for stage in siblings for out in stage.outs if out.endswith(".gif")]
        assert executed
        assert {dep for dep in report.deps if dep.endswith(".ipynb")} == set(executed)
        assert all({out, str(Path(out).parent)} & set(report.deps) for out in moving)


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
    """Return the modules that a file imports, and the names it imports from them.

    What a package's functions import is left out: importing a module of the package runs none.
    """
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
    text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
    if not path.endswith(".ipynb"):
        return text
    cells = json.loads(text or '{"cells": []}')["cells"]
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


def listed(lines: list[str]) -> str:
    return "not in dvc.yaml, or not there:\n  " + "\n  ".join(lines)


def test_the_readme_states_the_committed_results(monkeypatch):
    from reprise.site import readme

    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.committed(text) == text, "`make readme` brings the ledger and results up to date"


def test_every_value_in_params_yaml_can_be_set_on_the_command_line():
    def keys(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
            for inner in value.values():
                yield from keys(inner)

    odd = [k for k in keys(parameters.read(ROOT / "params.yaml")) if not re.fullmatch(r"\w+", k)]
    # `dvc exp run -S` splits a key at its dots; those of notebooks' parameters are no keys' parts.
    assert not odd
