"""Differences between revisions: parameters, outcomes, verdicts.

Seeds of two revisions are compared unpaired, because the same seed draws other numbers after a
change of hyperparameters. The probability of improvement gives the verdict (`stats.improvement`).
If a revision lacks a result, a note says so, and the comparison goes on.
"""

import contextlib
import io
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.compare.revisions import MissingResult, Revision
from reprise.errors import UserError, closest
from reprise.measures import outcomes
from reprise.measures.outcomes import VERDICTS, Sense
from reprise.stats import improvement, intervals
from reprise.stats.intervals import Interval, known

SAMPLES = "samples.csv"
LEDGER = "data/claims/ledger.csv"
BASELINE, SAME, FEW = "baseline", "same values", "too few seeds"

Seeds = dict[str, NDArray[np.float64]]
"""One value per seed, [N], by revision; NaN for a seed without a number."""


class Row(NamedTuple):
    """The outcome of one revision; one seed has no interval."""

    revision: str
    values: NDArray[np.float64]  # [N]
    verdict: str
    mean: Interval | None
    difference: Interval | None = None  # mean of the revision minus mean of the baseline
    chance: Interval | None = None  # probability of beating a baseline seed; a tie counts half

    @property
    def missing(self) -> int:
        """The number of seeds without a value."""
        return int(np.isnan(self.values).sum())


class Outcome(NamedTuple):
    """An outcome that differs, in one group of seeds."""

    stage: str
    table: str  # the path of its table
    group: str  # such as a variant; empty for the only group
    name: str
    sense: Sense
    rows: list[Row]  # one for each revision, best first


@dataclass
class Findings:
    """All differences between revisions; the first is the baseline."""

    revisions: Sequence[Revision]
    params: dict[str, dict[str, Any]]  # values by dotted name and by the revisions that have it
    stale: dict[str, dict[str, list[str]]]  # changed inputs of stale stages, by revision and stage
    claims: dict[str, dict[str, str]]  # verdicts by claim and revision; empty without the claim
    outcomes: list[Outcome] = field(default_factory=list)
    more: dict[str, list[str]] = field(default_factory=dict)  # other outcomes that differ, by stage
    same: list[str] = field(default_factory=list)  # stages with the same results, not stale
    notes: list[str] = field(default_factory=list)


def compare(
    revisions: Sequence[Revision], only: Collection[str] = (), *, every: bool = False
) -> Findings:
    """Compare the first revision with each of the others.

    Args:
        revisions: at least two; the first one is the baseline.
        only: the stages to compare, by default all.
        every: compare all outcomes of a stage, not only the first one that differs.

    Raises:
        UserError: if a revision is given twice, or if no revision has one of the stages.
    """
    names = [revision.name for revision in revisions]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"revision {twice[0]!r} is given twice; name revisions that differ")
    stages = list(dict.fromkeys(stage for each in revisions for stage in each.results))
    if unknown := [stage for stage in only if stage not in stages]:
        meant = closest(unknown[0], stages)
        hint = f"did you mean {meant}?" if meant else f"allowed: {', '.join(stages)}"
        raise UserError(f"no stage {unknown[0]!r} in {' or '.join(names)}; {hint}")
    chosen = [stage for stage in stages if not only or stage in only]
    params = _changed({each.name: each.params for each in revisions}, len(revisions))
    stale = {
        revision.name: stages
        for revision in revisions
        if (stages := {key: x for key, x in revision.stale.items() if key in chosen})
    }
    found = Findings(
        revisions,
        {key: values for key, values in params if not only or key.partition(".")[0] in only},
        stale,
        _judged(revisions, only),
    )
    for stage in chosen:
        _compare_stage(found, stage, every)
    return found


def _changed(
    values: Mapping[str, Any], number: int, key: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and values of each parameter that differs.

    A mapping counts as one value if some revisions lack it. A list counts as one value too, except
    a list of items with a `name`, as in a grid: each item is a parameter.
    """
    inner = {revision: _by_name(value) for revision, value in values.items()}
    if len(inner) == number and all(isinstance(value, Mapping) for value in inner.values()):
        for name in dict.fromkeys(name for value in inner.values() for name in value):
            below = {revision: value[name] for revision, value in inner.items() if name in value}
            yield from _changed(below, number, f"{key}.{name}" if key else str(name))
    elif len(values) < number or len(set(map(repr, values.values()))) > 1:
        yield key, dict(values)


def _by_name(value: Any) -> Any:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return value
    named = {item.get("name"): {k: v for k, v in item.items() if k != "name"} for item in value}
    return named if value and None not in named and len(named) == len(value) else value


def _compare_stage(found: Findings, stage: str, every: bool) -> None:
    """Add the differences between the results of a stage."""
    names = [revision.name for revision in found.revisions]
    having = [revision for revision in found.revisions if stage in revision.results]
    if len(having) < len(names):
        only = ", ".join(revision.name for revision in having)
        found.notes.append(f"{stage}: only in {only}.")
    files: dict[str, dict[str, bytes]] = {}  # tables and metrics by path and revision
    for revision in having:
        missing: dict[str, list[str]] = {}
        for path in revision.results[stage]:
            if path.endswith((".csv", "/metrics.json")):
                try:
                    files.setdefault(path, {})[revision.name] = revision.read(path)
                except MissingResult as error:
                    missing.setdefault(str(error), []).append(Path(path).name)
        for why, lacking in missing.items():
            found.notes.append(f"{stage}: {revision.name} lacks {', '.join(lacking)}: {why}.")
    both = {path: texts for path, texts in files.items() if names[0] in texts and len(texts) > 1}
    differing = {path: texts for path, texts in both.items() if len({*texts.values()}) > 1}
    first = sorted(differing, key=lambda path: Path(path).name != SAMPLES)
    groups = [(path, *each) for path in first for each in _groups(found, path, differing[path])]
    columns = list(dict.fromkeys((path, name) for path, name, *_ in groups))
    shown = columns if every else columns[:1]
    for path, name, group, seeds in groups:
        if (path, name) in shown:
            sense = outcomes.sense(name)
            rows = ranked(seeds, names[0], sense)
            found.outcomes.append(Outcome(stage, path, group, name, sense, rows))
    if more := [name for _, name in columns[len(shown) :]]:
        found.more[stage] = list(dict.fromkeys(more))
    if groups and (keys := [key for key in found.params if key.startswith(f"{stage}.environment")]):
        why = "returns in different environments do not show which training is better"
        found.notes.append(f"{stage}: {', '.join(keys)} differs, and {why}.")
    if differing and not groups and LEDGER not in both:
        others = ", ".join(Path(path).name for path in differing)
        found.notes.append(f"{stage}: no outcome of a seed differs, only the bytes of {others}.")
    if both and not differing and not any(stage in stale for stale in found.stale.values()):
        found.same.append(stage)


def _groups(
    found: Findings, path: str, texts: Mapping[str, bytes]
) -> Iterator[tuple[str, str, Seeds]]:
    """Yield each outcome and group of seeds that differs."""
    if not path.endswith(".csv"):
        return
    try:
        read = {name: pd.read_csv(io.BytesIO(text)) for name, text in texts.items()}
    except ValueError as error:
        found.notes.append(f"{path}: not CSV: {' '.join(str(error).split())}.")
        return
    tables = {name: samples for name in read if (samples := outcomes.samples(read[name]))}
    values: dict[tuple[str, str], Seeds] = {}
    for revision, table in tables.items():
        for name, (group, seeds) in itertools.product(table.outcomes, table.groups.items()):
            column = seeds[name].to_numpy(np.float64, na_value=np.nan)
            finite = np.where(np.isfinite(column), column, np.nan)
            values.setdefault((name, group), {})[revision] = finite
    for (name, group), seeds in values.items():
        if len(seeds) < len(tables):
            alone = any(group not in table.groups for table in tables.values())
            what = (group or "all seeds") if alone else name
            note = f"{path}: {what} only in {', '.join(seeds)}."
            if note not in found.notes:
                found.notes.append(note)
        base = seeds.get(found.revisions[0].name)
        if base is not None and not all(_equal(base, other) for other in seeds.values()):
            yield name, group, seeds


def _equal(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def ranked(samples: Seeds, baseline: str, sense: Sense) -> list[Row]:
    """Compare samples with the baseline; rank the best first.

    The probability of improvement gives the order; the baseline itself counts as 50%. Means leave
    out a seed without a value. Among returns and times it ranks last.
    """
    base, rows = samples[baseline], []
    for name, values in samples.items():
        mean = _bounded(intervals.known_mean(values))
        if name == baseline or _equal(values, base):
            verdict = BASELINE if name == baseline else SAME
            rows.append((improvement.EVEN, Row(name, values, verdict, mean)))
            continue
        difference, chance = _bounded(intervals.known_difference(values, base)), None
        one, other = (known(values), known(base)) if sense == "other" else (values, base)
        fewest = min(len(one), len(other))
        if fewest >= 2:
            sign = -1 if sense == "time" else 1
            groups = {BASELINE: sign * other, name: sign * one}
            chance = improvement.compared(groups, BASELINE, intervals.CONFIDENCE)[name].chance
        verdict = FEW
        if chance and fewest >= intervals.FEWEST:
            verdict = VERDICTS[sense][improvement.side(chance, improvement.EVEN)]
        row = Row(name, values, verdict, mean, difference, chance)
        rows.append((chance.estimate if chance else 0, row))
    return [row for _, row in sorted(rows, key=lambda each: -each[0])]


def _bounded(interval: Interval) -> Interval | None:
    return interval if interval.bounded else None


def _judged(revisions: Sequence[Revision], only: Collection[str]) -> dict[str, dict[str, str]]:
    """Find the claims with different verdicts in some stages."""
    ledgers: dict[str, Any] = {}
    for revision in revisions:
        with contextlib.suppress(MissingResult, ValueError):
            content = io.BytesIO(revision.read(LEDGER))
            table = pd.read_csv(content, dtype=str, keep_default_na=False)
            chosen = [not only or bool({*stages.split()} & {*only}) for stages in table["stage"]]
            ledgers[revision.name] = table[chosen].set_index("claim")["verdict"]
    table = pd.DataFrame(ledgers).fillna("")
    different = table[table.nunique(axis=1) > 1]
    return {str(claim): row.to_dict() for claim, row in different.iterrows()}
