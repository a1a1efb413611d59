"""What two revisions differ in: parameters, and for each stage the outcomes of its seeds.

What one of them lacks is told, a line each, and stops nothing.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.compare import contrasts
from reprise.compare.contrasts import Contrast
from reprise.compare.revisions import MissingResult, Revision
from reprise.errors import UserError, closest
from reprise.measures import outcomes
from reprise.measures.outcomes import Samples
from reprise.stats import metrics
from reprise.stats.intervals import CONFIDENCE

SEED = 0  # of each bootstrap: the same two revisions always say the same
Values = tuple[NDArray[np.float64], NDArray[np.float64]]
ABSENT: Any = object()  # a parameter that a revision does not have
SAMPLES, METRICS = "samples.csv", "metrics.json"


class Finding(NamedTuple):
    """An outcome that differs."""

    stage: str
    table: str
    """Its path."""
    group: str
    """Of seeds, such as a variant; empty where there is one group."""
    outcome: str
    contrast: Contrast
    values: Values
    """Those of a, and of b, NaN for none."""

    @property
    def what(self) -> str:
        """Return the outcome and where it is from."""
        return " ".join(filter(None, (self.stage, self.group, self.outcome)))


@dataclass
class Findings:
    """All that two revisions, a and b, differ in."""

    a: Revision
    b: Revision
    params: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Those that differ: the values of a and of b, either ABSENT."""
    found: list[Finding] = field(default_factory=list)
    more: dict[str, list[str]] = field(default_factory=dict)
    """By stage, what differs as well and was not asked for."""
    same: list[str] = field(default_factory=list)
    """Stages whose results are the same bytes, and those of what they depend on."""
    stale: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By the revision's name and by stage, what has changed there since the stage ran."""
    notes: list[str] = field(default_factory=list)
    """What is missing, and what differs and has no seeds; a line each."""


def between(a: Revision, b: Revision, only: Iterable[str] = (), every: bool = False) -> Findings:
    """Compare two revisions.

    Args:
        a: the one to compare with.
        b: the one to compare.
        only: the names of stages; all of them if it is empty.
        every: whether all outcomes of all tables are compared, or the first of each stage.

    Raises:
        UserError: if neither has one of the stages.
    """
    names = list(b.stages | a.stages)
    for name in only:
        if name not in names:
            meant = closest(name, names)
            hint = f"did you mean {meant}?" if meant else f"allowed: {', '.join(names)}"
            raise UserError(f"neither {a.name} nor {b.name} has a stage {name!r}; {hint}")
    chosen = [name for name in names if not only or name in only]
    findings = Findings(a, b, _changed(a.params, b.params))
    if only:
        findings.params = {
            key: values for key, values in findings.params.items() if _section(key) in chosen
        }
    if a.commit == b.commit:
        what = "the workspace" if a.commit is None else f"commit {a.commit[:7]}"
        findings.notes.append(f"{a.name} and {b.name} are both {what}: there is one side only")
    for side in {a.name: a, b.name: b}.values():
        changed = {name: side.changed(name) for name in chosen if name in side.stages}
        if stale := {name: found for name, found in changed.items() if found}:
            findings.stale[side.name] = stale
    for name in chosen:
        _compare_stage(findings, name, every)
    return findings


def _changed(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    pairs = {key: (a.get(key, ABSENT), b.get(key, ABSENT)) for key in [*a, *b]}
    return {
        key: pair
        for key, pair in pairs.items()
        if pair[0] != pair[1] or type(pair[0]) is not type(pair[1])
    }


def _section(key: str) -> str:
    return key.partition(".")[0]


def _compare_stage(findings: Findings, stage: str, every: bool) -> None:
    """Add what a stage's results differ in."""
    a, b = findings.a, findings.b
    for one, other in ((a, b), (b, a)):
        if stage not in one.stages:
            findings.notes.append(f"{stage}: a stage of {other.name} only")
            return
    results = _Results(findings, stage)
    differ = [path for path, (before, after) in results.files.items() if before != after]
    moved = [
        (path, outcome, groups)
        for path in differ
        if (pair := results.samples(path))
        for outcome, groups in _moved(findings, path, pair)
    ]
    shown = moved if every else moved[:1]
    for path, outcome, groups in shown:
        sense = outcomes.sense(outcome)
        for group, values in groups.items():
            found = contrasts.contrast(*values, sense, CONFIDENCE, seed=SEED)
            findings.found.append(Finding(stage, path, group, outcome, found, values))
    if more := [outcome for _, outcome, _ in moved[len(shown) :]]:
        findings.more[stage] = more
    if moved and (other := [key for key in findings.params if key.startswith(f"{stage}.environ")]):
        findings.notes.append(
            f"{stage}: {', '.join(other)} differs: returns in different environments say nothing "
            f"of which training is better"
        )
    if differ and not moved:
        findings.notes.append(f"{stage}: no outcome of a seed differs, {results.difference()}")
    if results.files and not differ and not any(stage in of for of in findings.stale.values()):
        findings.same.append(stage)
        if any(_section(key) == stage for key in findings.params):
            findings.notes.append(
                f"{stage}: its parameters differ and its results are the same bytes; has it run "
                f"with both? (dvc repro {stage})"
            )


def _moved(
    findings: Findings, path: str, pair: tuple[Samples, Samples]
) -> Iterator[tuple[str, dict[str, Values]]]:
    """Yield each outcome of a table that differs, with the values of the groups in which it does.

    What only one of the two tables has is noted.
    """
    a, b = pair
    for kind, before, after in (
        ("group", list(a.groups), list(b.groups)),
        ("outcome", a.outcomes, b.outcomes),
    ):
        for name in dict.fromkeys([*before, *after]):
            if name not in before or name not in after:
                where = findings.a.name if name in before else findings.b.name
                findings.notes.append(f"{path}: {kind} {name or '(all seeds)'} in {where} only")
    for outcome in [name for name in b.outcomes if name in a.outcomes]:
        groups = {
            group: (_numbers(a.groups[group][outcome]), _numbers(b.groups[group][outcome]))
            for group in b.groups
            if group in a.groups
        }
        differ = {
            group: (before, after)
            for group, (before, after) in groups.items()
            if not np.array_equal(before, after, equal_nan=True)
        }
        if differ:
            yield outcome, differ


def _numbers(column: Any) -> NDArray[np.float64]:
    numbers = column.to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


class _Results:
    """The files of a stage that say what it found, of both revisions."""

    def __init__(self, findings: Findings, stage: str) -> None:
        self._findings = findings
        sides = findings.a, findings.b
        paths = [
            path
            for path in dict.fromkeys(path for side in sides for path in side.stages[stage])
            if Path(path).suffix == ".csv" or Path(path).name == METRICS
        ]
        paths.sort(key=lambda path: Path(path).name != SAMPLES)
        contents: list[dict[str, bytes]] = []
        for side in sides:
            here, missing = {}, {}
            for path in paths:
                try:
                    here[path] = side.read(path)
                except MissingResult as error:
                    missing[path] = str(error)
            contents.append(here)
            if missing and not here:
                why = " or ".join(dict.fromkeys(missing.values()))
                findings.notes.append(f"{stage}: no results in {side.name}: {why}")
            else:
                findings.notes += [
                    f"{path}: not in {side.name}: {why}" for path, why in missing.items()
                ]
        a, b = contents
        self.files = {path: (a[path], b[path]) for path in paths if path in a and path in b}
        """What both have, by path: the bytes of a and of b."""

    def samples(self, path: str) -> tuple[Samples, Samples] | None:
        """Return a file's samples in both revisions, if it holds samples in both."""
        if Path(path).suffix != ".csv":
            return None
        try:
            a, b = (outcomes.samples(pd.read_csv(io.BytesIO(text))) for text in self.files[path])
        except ValueError as error:
            self._findings.notes.append(f"{path}: not CSV: {' '.join(str(error).split())}")
            return None
        return (a, b) if a and b else None

    def difference(self) -> str:
        """Return in words what differs: how many metrics if any do, or else which files."""
        for path, texts in self.files.items():
            if Path(path).name == METRICS and texts[0] != texts[1]:
                try:
                    a, b = (dict(metrics.leaves(json.loads(text))) for text in texts)
                except ValueError as error:
                    return f"and {path} is not JSON: {error}"
                moved = sum(a.get(key, ABSENT) != b.get(key, ABSENT) for key in a | b)
                return f"{moved} of {len(a | b)} metrics do (dvc metrics diff --targets {path})"
        names = ", ".join(Path(path).name for path, (a, b) in self.files.items() if a != b)
        return f"but {names} is not the same bytes"
