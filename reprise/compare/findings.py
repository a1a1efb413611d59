"""The differences between revisions: parameters, outcomes of seeds, verdicts on claims.

A result that a revision lacks is noted in one line and stops nothing.
"""

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.compare import contrasts
from reprise.compare.contrasts import Row
from reprise.compare.revisions import ABSENT, MissingResult, Revision
from reprise.errors import UserError, closest
from reprise.measures import outcomes
from reprise.measures.outcomes import Sense

SAMPLES, METRICS = "samples.csv", "metrics.json"
LEDGER = "data/claims/ledger.csv"

Seeds = dict[str, NDArray[np.float64]]
"""One value per seed, by revision."""


class Outcome(NamedTuple):
    """An outcome that differs between revisions, in one group of seeds."""

    stage: str
    table: str  # its path
    group: str  # such as a variant; empty if there is one group only
    name: str
    sense: Sense
    rows: list[Row]  # one for each revision, best first


@dataclass
class Findings:
    """Everything that differs between revisions; the first one is the baseline."""

    revisions: Sequence[Revision]
    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Values by dotted name and revision; ABSENT where a revision lacks it."""
    outcomes: list[Outcome] = field(default_factory=list)
    more: dict[str, list[str]] = field(default_factory=dict)  # other outcomes that differ, by stage
    claims: dict[str, dict[str, str]] = field(default_factory=dict)
    """Verdicts by claim and revision, where they differ; empty where a ledger lacks the claim."""
    same: list[str] = field(default_factory=list)
    """Stages with the same results and nothing changed since they ran."""
    stale: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """What changed since a stage ran, by revision and stage."""
    notes: list[str] = field(default_factory=list)


def compare(
    revisions: Sequence[Revision], only: Collection[str] = (), *, every: bool = False
) -> Findings:
    """Compare revisions with the first of them.

    Args:
        revisions: at least two.
        only: names of stages; all stages if empty.
        every: compare all outcomes, not only the first one of each stage.

    Raises:
        UserError: if a revision is given twice, or no revision has one of the stages.
    """
    names = [revision.name for revision in revisions]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"revision {twice[0]!r} is given twice; name revisions that differ")
    stages = list(dict.fromkeys(stage for each in revisions for stage in each.stages))
    if unknown := [stage for stage in only if stage not in stages]:
        meant = closest(unknown[0], stages)
        hint = f"did you mean {meant}?" if meant else f"allowed: {', '.join(stages)}"
        raise UserError(f"no stage {unknown[0]!r} in {' or '.join(names)}; {hint}")
    chosen = [stage for stage in stages if not only or stage in only]
    found = Findings(revisions)
    params = dict(changed({each.name: each.params for each in revisions}))
    found.params = {k: v for k, v in params.items() if not only or k.partition(".")[0] in only}
    found.stale = {each.name: stale for each in revisions if (stale := each.stale(chosen))}
    for stage in chosen:
        _compare_stage(found, stage, every)
    found.claims = dict(_judged(revisions, only))
    return found


def changed(values: dict[str, Any], key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the dotted name and the values of each parameter that differs.

    A mapping that only some revisions have is one value. So is a list, unless each of its items
    has a `name`, as in a grid: then each item is a parameter of its own.

    >>> grids = {"a": [{"name": "tau", "values": [1]}], "b": [{"name": "tau", "values": [1, 2]}]}
    >>> dict(changed(grids, "grid"))
    {'grid.tau.values': {'a': [1], 'b': [1, 2]}}
    """
    inner = {revision: _by_name(value) for revision, value in values.items()}
    if all(isinstance(value, Mapping) for value in inner.values()):
        for name in dict.fromkeys(name for value in inner.values() for name in value):
            below = {revision: value.get(name, ABSENT) for revision, value in inner.items()}
            yield from changed(below, f"{key}.{name}" if key else str(name))
    elif len({repr(value) for value in values.values()}) > 1:
        yield key, values


def _by_name(value: Any) -> Any:
    """Return a list of named items as a mapping, anything else as it is."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return value
    named = {item.get("name"): {k: v for k, v in item.items() if k != "name"} for item in value}
    return named if value and None not in named and len(named) == len(value) else value


def _compare_stage(found: Findings, stage: str, every: bool) -> None:
    """Add the differences between the results of a stage."""
    having = [revision for revision in found.revisions if stage in revision.stages]
    if len(having) < len(found.revisions):
        names = ", ".join(revision.name for revision in having)
        found.notes.append(f"{stage}: a stage of {names} only.")
    files = _results(found, stage, having)
    differing = {path: texts for path, texts in files.items() if len(set(texts.values())) > 1}
    moved = {
        (path, name, group): seeds
        for path, texts in differing.items()
        for name, group, seeds in _moved(found, path, texts)
    }
    names = list(dict.fromkeys((path, name) for path, name, _ in moved))
    shown = names if every else names[:1]
    for (path, name, group), seeds in moved.items():
        if (path, name) in shown:
            sense = outcomes.sense(name)
            rows = contrasts.ranked(seeds, sense)
            found.outcomes.append(Outcome(stage, path, group, name, sense, rows))
    if more := [name for _, name in names[len(shown) :]]:
        found.more[stage] = list(dict.fromkeys(more))
    if moved and (keys := [key for key in found.params if key.startswith(f"{stage}.environment")]):
        found.notes.append(
            f"{stage}: {', '.join(keys)} differs: returns in different environments do not show "
            "which training is better."
        )
    if differing and not moved and LEDGER not in files:
        names = ", ".join(Path(path).name for path in differing)
        found.notes.append(f"{stage}: no outcome of a seed differs; other bytes in {names}.")
    if files and not differing and not any(stage in stale for stale in found.stale.values()):
        found.same.append(stage)


def _results(
    found: Findings, stage: str, revisions: Sequence[Revision]
) -> dict[str, dict[str, bytes]]:
    """Return the tables and metrics that the baseline and others have, by path and revision."""
    files: dict[str, dict[str, bytes]] = {}
    for revision in revisions:
        every = revision.stages[stage]
        paths = [p for p in every if Path(p).suffix == ".csv" or Path(p).name == METRICS]
        missing = {}
        for path in sorted(paths, key=lambda path: Path(path).name != SAMPLES):
            try:
                files.setdefault(path, {})[revision.name] = revision.read(path)
            except MissingResult as error:
                missing[path] = str(error)
        if missing and len(missing) == len(paths):
            missing = {f"{stage}: results": " or ".join(dict.fromkeys(missing.values()))}
        found.notes += [f"{what} not in {revision.name}: {why}." for what, why in missing.items()]
    baseline = found.revisions[0].name
    return {path: of for path, of in files.items() if baseline in of and len(of) > 1}


def _moved(
    found: Findings, path: str, texts: Mapping[str, bytes]
) -> Iterator[tuple[str, str, Seeds]]:
    """Yield each outcome of a table, its group and its values, where they differ."""
    if Path(path).suffix != ".csv":
        return
    try:
        read = {name: pd.read_csv(io.BytesIO(text)) for name, text in texts.items()}
    except ValueError as error:
        found.notes.append(f"{path}: not CSV: {' '.join(str(error).split())}.")
        return
    tables = {name: samples for name in read if (samples := outcomes.samples(read[name]))}
    values: dict[tuple[str, str], Seeds] = {}
    for revision, table in tables.items():
        for name in table.outcomes:
            for group, seeds in table.groups.items():
                values.setdefault((name, group), {})[revision] = _numbers(seeds[name])
    partly: dict[str, None] = {}  # a set that keeps the order
    for (name, group), seeds in values.items():
        if len(seeds) < len(tables):
            alone = any(group not in table.groups for table in tables.values())
            what = group or "all seeds" if alone else name
            partly[f"{path}: {what} only in {', '.join(seeds)}."] = None
        base = seeds.get(found.revisions[0].name)
        if base is not None and not all(
            np.array_equal(base, other, equal_nan=True) for other in seeds.values()
        ):
            yield name, group, seeds
    found.notes += partly


def _numbers(column: Any) -> NDArray[np.float64]:
    numbers = column.to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _judged(
    revisions: Sequence[Revision], only: Collection[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each claim with different verdicts; of named stages, those on their results."""
    ledgers: dict[str, dict[str, str]] = {}
    for revision in revisions:
        try:
            table = pd.read_csv(io.BytesIO(revision.read(LEDGER)), dtype=str).fillna("")
        except (MissingResult, ValueError):
            continue
        ledgers[revision.name] = {
            row["claim"]: row["verdict"]
            for row in table.to_dict("records")
            if not only or {*row["stage"].split()} & {*only}
        }
    for claim in dict.fromkeys(claim for ledger in ledgers.values() for claim in ledger):
        verdicts = {revision: ledger.get(claim, "") for revision, ledger in ledgers.items()}
        if len(set(verdicts.values())) > 1:
            yield claim, verdicts
