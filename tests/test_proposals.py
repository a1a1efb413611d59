"""Every experiment that notebooks and README propose runs, and its notebook is executed.

A proposal's changes are made to tiny parameters, as DVC makes them. Sizes that tests/tiny.py
shrinks are shrunk in the proposal, too, by the same factor. Proposals of one notebook that change
different keys are tried in one run, which spares minutes.
"""

import re
import shlex
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import pytest
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from reprise.pipeline import artifacts, execution, parameters
from stages import reporting
from tests import prose, shown, tiny

ROOT = tiny.ROOT
TEXTS = [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "README.md"]
# A command on a line of its own, or within a sentence: `dvc exp run -S a=0.1 target`, or `=1`
PROPOSED = re.compile(
    r"^(?: {4}|\$ )(dvc exp run .*)$|`(dvc exp run [^`]*)`(?:, or `(=[^`]*)`)?", re.MULTILINE
)
SHARED = "go back with `git checkout . && dvc checkout`"
COMMITTED = parameters.read(ROOT / "params.yaml")
KNOWN = {
    name
    for part in ("dvc.yaml", "extra/dvc.yaml")
    for name in YAML(typ="safe").load(ROOT / part)["stages"]
}
SMALLER: dict[str, dict[str, Any]] = {
    # It takes so long until weights overflow.
    "approximate_q_learning": {
        "total_steps": 1000, "evaluation": {"episodes": 1, "limits": [200]},
        "feature_sets": {"observations": tiny.ABSENT},
    },
    "exploration": {"problems": {
        "frozen_lake": {"iterations": 5000, "epsilon_decay": 2500}, "taxi": {"iterations": 5000},
    }},
    "dqn_ablations": {
        "variants": dict.fromkeys(
            ("relu", "learning_rate_0_001", "in_order", "double", "target_hard"), tiny.ABSENT
        ),
        "partners": {"double": tiny.ABSENT},
    },
    "partial_observability": {"variants": dict.fromkeys(
        ("positions", "positions_and_previous", "positions_and_rates"), tiny.ABSENT
    )},
}  # fmt: skip
SHARES = {"hyperparameter_study.sample": 8 / 27}  # of the settings of the grid, tiny and not
OPTIONS_WITH_VALUE = {"-S", "--set-param", "--name", "-n"}
APART = {
    "approximate_q_learning.learning_rate=0.1",  # too much for the deep network's proposal
    "lunar_lander.environment.id=Acrobot-v1",  # has no wind
}
# What tests of the algorithms change; it moves no figure's shape.
PLAIN = re.compile(
    r"[^+].*(=([\d.]+|true|false)|(hidden_sizes|activation|optimizer|target_network)=.*)"
)


class Proposal(NamedTuple):
    """An experiment that a text proposes."""

    where: str
    changes: tuple[str, ...]
    targets: tuple[str, ...]


Group = list[Proposal]


def parsed(where: str, command: str) -> Proposal:
    """Return a command's changes and targets."""
    words = iter(shlex.split(command)[3:])
    changes, targets = [], []
    for word in words:
        value = next(words) if word in OPTIONS_WITH_VALUE else None
        if word in {"-S", "--set-param"}:
            changes.append(str(value))
        elif value is None and not word.startswith("-"):
            targets.append(word)
    return Proposal(where, tuple(changes), tuple(targets))


@cache
def text(path: Path) -> str:
    if path.suffix == ".md":  # a command may go on in the next line
        return re.sub(r" *\\\n\s*", " ", path.read_text(encoding="utf-8"))
    return "\n\n".join(said.text for said in prose.markdown(path))


def proposals(path: Path) -> list[Proposal]:
    """Return all experiments that a text proposes."""
    found = []
    for line, within, instead in PROPOSED.findall(text(path)):
        proposal = parsed(path.stem, line or within)
        if not proposal.changes:  # a way to run experiments, such as `dvc exp run --temp`
            continue
        found.append(proposal)
        if instead:
            *others, last = proposal.changes
            changes = (*others, last.partition("=")[0] + instead)
            found.append(proposal._replace(changes=changes))
    return found


def keys(group: Group) -> set[str]:
    """Return which parameters a group changes."""
    return {change.lstrip("+").partition("=")[0] for change in changes(group)}


def changes(group: Group) -> list[str]:
    return [change for proposal in group for change in proposal.changes]


def grouped(proposals: Iterable[Proposal]) -> list[Group]:
    """Return proposals together that one run can try."""
    groups: list[Group] = []
    for proposal in proposals:
        for group in groups:
            apart = APART & {*changes(group), *proposal.changes}
            same = group[0].where == proposal.where
            if same and not apart and not keys(group) & keys([proposal]):
                group.append(proposal)
                break
        else:
            groups.append([proposal])
    return groups


PROPOSALS = [proposal for path in TEXTS for proposal in proposals(path)]
DISTINCT = {proposal.changes: proposal for proposal in reversed(PROPOSALS)}  # the README's are last
# A plain change is only checked, unless a group runs for another reason.
GROUPS = [
    group
    for group in grouped(reversed(DISTINCT.values()))
    if not all(PLAIN.fullmatch(change) for change in changes(group))
]


def section(name: str) -> dict[str, Any]:
    """Return a stage's section, made tiny."""
    return tiny.section(name, **SMALLER.get(name, {}))


def parameter(key: str, sections: dict[str, Any] | None = None) -> Any:
    """Return a parameter, by default the tiny one; None where there is none."""
    name, *path = key.lstrip("+").split(".")
    found = sections[name] if sections else section(name)
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def shrunk(change: str) -> str:
    """Return a change in proportion to the tiny parameters."""
    key, _, value = change.partition("=")
    if key.endswith("hidden_sizes"):  # a program's size, and its compilation, grow with them
        return re.sub(r"\d+", "4", change)
    if value == "null":  # the registered limit takes long, and other tests try it
        return f"{key}={parameter(key)}"
    if not re.fullmatch(r"\d+", value):
        return change
    committed, here = parameter(key, COMMITTED), parameter(key)
    share = SHARES.get(key, 1)
    if type(committed) is int and type(here) is int and committed:
        share = here / committed
    return f"{key}={max(min(int(value), 2), round(int(value) * share))}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with tiny parameters and the committed results, and go there."""
    YAML().dump({name: section(name) for name in COMMITTED}, tmp_path / "params.yaml")
    (tmp_path / "dvc.yaml").symlink_to(ROOT / "dvc.yaml")
    (tmp_path / "data").mkdir()
    for path in (ROOT / "data").iterdir():
        (tmp_path / "data" / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(execution.WORKERS, "1")
    return tmp_path


def test_proposals_are_found_in_every_notebook_and_in_the_readme():
    assert {path.stem for path in TEXTS} == {proposal.where for proposal in PROPOSALS}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_proposal_names_what_dvc_knows_and_several_say_how_to_go_back(path: Path):
    found = proposals(path)
    for proposal in found:
        assert proposal.targets
        for stage, _, item in (target.partition("@") for target in proposal.targets):
            assert stage in KNOWN or (ROOT / stage).is_file()
            assert not item or (ROOT / "notebooks" / f"{item}.ipynb").is_file()
    assert len(found) == 1 or SHARED in " ".join(text(path).split())


@pytest.mark.parametrize("proposal", DISTINCT.values(), ids=lambda found: " ".join(found.changes))
def test_what_is_proposed_is_allowed_and_changes_something(proposal: Proposal, tmp_path: Path):
    path = shutil.copy(ROOT / "params.yaml", tmp_path)
    apply_overrides(path, list(proposal.changes))  # refuses a key that is not there
    changed = parameters.read(Path(path))
    sections = {name for name in changed if changed[name] != COMMITTED[name]}
    assert sections == {change.lstrip("+").partition(".")[0] for change in proposal.changes}
    for name in sections - {execution.SECTION}:
        parameters.load(name, tiny.stage(name).Params, Path(path))


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: " ".join(changes(group)))
def test_what_is_proposed_runs_and_its_notebook_is_executed(group: Group, folder: Path):
    apply_overrides("params.yaml", [shrunk(change) for change in changes(group)])
    sections = {change.lstrip("+").partition(".")[0] for change in changes(group)}
    if execution.SECTION in sections:
        parameters.load(execution.SECTION, execution.Execution)
    for name in sorted(sections - {execution.SECTION}):  # claims read committed results first
        run(name, folder)


def test_the_readmes_environment_is_trained_on_and_its_notebook_is_executed(folder: Path):
    name = "reinforce_training"
    said = text(ROOT / "README.md").partition("\n## Play something else\n")[2]
    (block,) = re.findall(r"^```yaml\n( +environment:\n.*?)^```", said, re.DOTALL | re.MULTILINE)
    sections = parameters.read()
    sections[name] |= YAML(typ="safe", pure=True).load(block)
    YAML().dump(sections, Path("params.yaml"))
    results = run(name, folder)
    assert results["median_seed.gif"][:3] == b"GIF"
    low = results["returns.csv"].filter(like="seed_").to_numpy().min()
    limit = sections[name]["maximum_steps"] or gym.spec("MountainCar-v0").max_episode_steps
    assert -low == limit  # each step costs 1


def run(name: str, folder: Path) -> dict[str, Any]:
    """Run a stage, write its results into the folder and execute its notebook."""
    stage = tiny.stage(name)
    results = stage.run(parameters.load(name, stage.Params))
    assert stage.headline(results)
    (folder / "data" / name).unlink()
    artifacts.write_all(folder / "data" / name, results)
    given = reporting.given(parameters.load("reporting", reporting.Params), name)
    shown.by(ROOT / "notebooks" / f"{name}.ipynb", **given)
    return results
