"""The findings as plain text, as Markdown or as JSON."""

import itertools
import json
import math
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd
from tabulate import tabulate

from reprise.compare.findings import BASELINE, SAME, Findings, Outcome, Row
from reprise.measures.outcomes import ALIKE
from reprise.stats.improvement import percent
from reprise.stats.intervals import CONFIDENCE, Interval

LONGEST = 40  # characters at most in a parameter's value
SHOWN = 4  # names at most of the inputs that made stages stale
FORMAT = 2  # the version of the JSON
NONE = "(none)"


def text(found: Findings, *, markdown: bool = False, every: bool = False) -> str:
    """Write the findings for a reader: tables, then notes.

    Args:
        found: the differences.
        markdown: write tables and lists in Markdown.
        every: show groups without a clear difference too.
    """
    names = [revision.name for revision in found.revisions]
    width = shutil.get_terminal_size((120, 24)).columns

    def table(rows: Any, header: Any) -> str:
        kind, bar = ("pipe", "\\|") if markdown else ("plain", "|")
        cells = [[cell.replace("|", bar) for cell in row] for row in rows]
        return tabulate(cells, header, kind, disable_numparse=True) if rows else ""

    def lines(notes: Sequence[str]) -> str:
        wrap = {"width": width, "subsequent_indent": "  ", "break_on_hyphens": False}
        return "\n".join(f"- {each}" if markdown else textwrap.fill(each, **wrap) for each in notes)

    shown = [outcome for outcome in found.outcomes if every or not _dull(outcome)]
    outcomes = _table(shown, names[0])
    titles = [] if markdown or not shown else list(outcomes.pop("outcome"))
    seeds = table(outcomes.to_numpy().tolist(), list(outcomes))
    params = [(key, *_values(values, names)) for key, values in found.params.items()]
    claims = [
        (claim, *(verdicts.get(name) or NONE for name in names))
        for claim, verdicts in found.claims.items()
    ]
    first, *others = map(str, found.revisions)
    blocks = [
        f"{', '.join(others)} compared with {first}",
        table(params, ["parameter", *names]),
        _titled(seeds, titles) if titles else seeds,
        lines(_rule(found, len(found.outcomes) - len(shown))) if found.outcomes else "",
        table(claims, ["claim with different verdicts", *names]),
        lines(found.notes),
        lines(_rest(found)),
    ]
    return "\n\n".join(filter(None, blocks))


def document(found: Findings) -> str:
    """Write the findings as JSON, with stable keys."""

    def columns(row: Row) -> dict[str, Any]:
        return {
            "revision": row.revision,
            "verdict": row.verdict,
            "seeds": len(row.values),
            "missing": row.missing,
            "mean": row.mean and row.mean.entry(),
            "difference": row.difference and row.difference.entry(),
            "probability_of_improvement": row.chance and row.chance.entry(),
        }

    content = vars(found) | {
        "format": FORMAT,
        "revisions": [{"name": each.name, "commit": each.commit} for each in found.revisions],
        "confidence": CONFIDENCE,
        "outcomes": [
            outcome._asdict() | {"rows": [columns(row) for row in outcome.rows]}
            for outcome in found.outcomes
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, default=str)


def _dull(outcome: Outcome) -> bool:
    return bool(outcome.group) and {row.verdict for row in outcome.rows} <= {BASELINE, SAME, ALIKE}


def _table(outcomes: Sequence[Outcome], base: str) -> pd.DataFrame:
    """Make the table of outcomes, without empty columns."""
    table = pd.DataFrame(
        {
            "outcome": "" if at else f"{outcome.stage} {outcome.name} {outcome.group}".rstrip(),
            "revision": row.revision,
            "verdict": row.verdict,
            "mean": written(row.mean),
            f"minus {base}": written(row.difference, signed=True),
            f"beats {base}": percent(row.chance) if row.chance else "",
            "seeds": (f"{n - row.missing} of " if row.missing else "") + str(n),
        }
        for outcome in outcomes
        for at, row in enumerate(outcome.rows)
        for n in [len(row.values)]
    )
    return table.loc[:, (table != "").any()]


def _titled(table: str, titles: Sequence[str]) -> str:
    """Put titles on their own lines in a narrow table."""
    head, *rows = table.split("\n")
    lines = [f"  {head}"]
    for title, row in zip(titles, rows, strict=True):
        lines += [title, f"  {row}"] if title else [f"  {row}"]
    return "\n".join(lines)


def _rule(found: Findings, folded: int) -> list[str]:
    """Explain the verdicts and the limits of the intervals."""
    base, level = found.revisions[0].name, f"{100 * CONFIDENCE:g}%"
    lines = [
        f"Better or worse means: the {level} interval of the probability that a seed beats one of "
        f"{base} excludes 50%."
    ]
    if any(outcome.sense != "return" for outcome in found.outcomes):
        lines.append("By the same rule, times are sooner or later, other outcomes higher or lower.")
    count = sum(row.chance is not None for outcome in found.outcomes for row in outcome.rows)
    if count > 1:
        lines.append(
            f"Nothing corrects for many comparisons: even if nothing differed, about "
            f"{(1 - CONFIDENCE) * count:.2g} of these {count} would seem to."
        )
    if folded:
        groups = "1 group" if folded == 1 else f"{folded} groups"
        lines.append(f"--all also shows {groups} without a clear difference.")
    return lines


def _rest(found: Findings) -> list[str]:
    """Name further outcomes and stale stages; count equal stages."""
    lines = [f"{stage}: --all also shows {', '.join(more)}." for stage, more in found.more.items()]
    for name, stages in found.stale.items():
        changes = list(dict.fromkeys(itertools.chain.from_iterable(stages.values())))
        more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
        since = f"Changed since they ran: {', '.join(changes[:SHOWN])}{more}."
        lines.append(f"Stale in {name}: {', '.join(stages)}. {since} `dvc repro` runs them.")
    if found.same and not (found.outcomes or found.notes or found.stale or found.claims):
        lines.append("No difference: all results are byte-identical.")
    elif found.same:
        lines.append(f"Byte-identical: {len(found.same)} other stage{'s' * (len(found.same) > 1)}.")
    return lines


def written(interval: Interval | None, *, signed: bool = False) -> str:
    """Write an interval, as many digits as its width allows."""
    if interval is None:
        return ""
    width = interval.high - interval.low
    # Two digits of the width. Without a width, as many digits as results have.
    form = f",.{min(9, max(0, 1 - math.floor(math.log10(width))))}f" if width > 0 else ",.9g"
    form = f"+{form}" if signed else form
    estimate, low, high = (f"{x:{form}}".replace("-", "\N{MINUS SIGN}") for x in interval[:3])
    return f"{estimate} [{'no width' if interval.degenerate else f'{low}, {high}'}]"


def _values(values: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Write a parameter's values; of a long list, only changes."""
    base, cells = values.get(names[0]), []
    for value in (values.get(name, NONE) for name in names):
        cell = value
        if not isinstance(value, str):
            cell = json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, list) and isinstance(base, list) and len(cell) > LONGEST:
            added = [f"+{item}" for item in value if item not in base]
            cell = ", ".join([*added, *(f"-{item}" for item in base if item not in value)]) or cell
        cells.append(cell if len(cell) <= LONGEST else f"{cell[: LONGEST - 3]}...")
    return cells
