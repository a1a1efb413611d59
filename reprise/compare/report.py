"""The findings as plain text, as Markdown or as JSON."""

import json
import math
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reprise.compare.findings import ALIKE, BASELINE, SAME, Findings, Outcome
from reprise.stats.improvement import percent
from reprise.stats.intervals import CONFIDENCE, Interval

LONGEST = 40  # characters of a parameter's value
SHOWN = 4  # changes that made stages stale, by name
FORMAT = 2  # of the JSON
NONE = "(none)"

Rows = Sequence[Sequence[str]]


def text(found: Findings, *, markdown: bool = False, every: bool = False) -> str:
    """Return the findings for readers: tables, then notes.

    Args:
        found: the differences.
        markdown: write tables and lists of Markdown.
        every: show all groups of seeds, also those without a clear difference.
    """
    names = [revision.name for revision in found.revisions]
    table, lines = (_markdown, _listed) if markdown else (_aligned, _wrapped)
    first, *others = map(str, found.revisions)
    blocks = [f"{', '.join(others)} compared with {first}"]
    if found.params:
        rows = [(key, *_values(of, names)) for key, of in found.params.items()]
        blocks.append(table([("parameter", *names), *rows]))
    shown = [outcome for outcome in found.outcomes if every or not _dull(outcome)]
    if shown:
        blocks.append(table(_rows(shown, names[0])))
    if found.outcomes:
        blocks.append(lines(_rule(found, len(found.outcomes) - len(shown))))
    if found.claims:
        rows = [
            (key, *(of.get(name) or NONE for name in names)) for key, of in found.claims.items()
        ]
        blocks.append(table([("claim with another verdict", *names), *rows]))
    blocks += [lines(found.notes), lines(_left_out(found))]
    return "\n\n".join(block for block in blocks if block)


def document(found: Findings) -> str:
    """Return the findings as JSON, with stable keys."""

    def interval(of: Interval | None) -> dict[str, Any] | None:
        return of and {key: x for key, x in of._asdict().items() if key != "degenerate" or x}

    named = vars(found) | {
        "format": FORMAT,
        "revisions": [{"name": each.name, "commit": each.commit} for each in found.revisions],
        "confidence": CONFIDENCE,
        "outcomes": [outcome._asdict() for outcome in found.outcomes],
    }
    for outcome in named["outcomes"]:
        outcome["rows"] = [
            {
                "revision": row.revision,
                "verdict": row.verdict,
                "seeds": len(row.values),
                "missing": row.missing,
                "mean": interval(row.mean),
                "difference": interval(row.difference),
                "probability_of_improvement": interval(row.chance),
            }
            for row in outcome["rows"]
        ]
    return json.dumps(named, indent=2, ensure_ascii=False, default=str)


def _dull(outcome: Outcome) -> bool:
    return bool(outcome.group) and {row.verdict for row in outcome.rows} <= {BASELINE, SAME, ALIKE}


def _rows(outcomes: Sequence[Outcome], base: str) -> Rows:
    """Return the table of outcomes without empty columns."""
    table = pd.DataFrame(
        {
            "outcome": f"{outcome.stage} {outcome.name}",
            "group": "" if at else outcome.group,
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
    repeated = table["outcome"] == table["outcome"].shift()
    table["outcome"] = table["outcome"].mask(repeated, "")
    table = table.loc[:, (table != "").any()]
    return [list(table.columns), *table.to_numpy().tolist()]


def _rule(found: Findings, folded: int) -> list[str]:
    """Return the rule of verdicts and the limits of intervals."""
    base, level = found.revisions[0].name, f"{100 * CONFIDENCE:g}%"
    lines = [
        f"Better or worse: the {level} interval of the probability that a seed beats one of {base} "
        f"excludes 50%; else {ALIKE}."
    ]
    if any(outcome.sense != "return" for outcome in found.outcomes):
        lines.append("In the same way, times are sooner or later, other outcomes higher or lower.")
    count = sum(row.chance is not None for outcome in found.outcomes for row in outcome.rows)
    if count > 1:
        lines.append(
            f"Each interval holds by itself: of {count} comparisons of equals, about "
            f"{(1 - CONFIDENCE) * count:.2g} would seem to differ."
        )
    if folded:
        groups = "1 group" if folded == 1 else f"{folded} groups"
        lines.append(f"Left out: {groups} without a clear difference (--all).")
    return lines


def _left_out(found: Findings) -> list[str]:
    """Return other outcomes, stale stages, the number of equal ones."""
    lines = [f"{stage}: more with --all: {', '.join(of)}." for stage, of in found.more.items()]
    for name, stages in found.stale.items():
        changes = list(dict.fromkeys(change for of in stages.values() for change in of))
        more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
        lines.append(
            f"Stale in {name}: {', '.join(stages)}. Changed since they ran: "
            f"{', '.join(changes[:SHOWN])}{more}. `dvc repro` runs them."
        )
    if found.same and not (found.outcomes or found.notes or found.stale or found.claims):
        lines.append("No difference: all results are the same bytes.")
    elif found.same:
        lines.append(f"Same bytes: {len(found.same)} other stage{'s' * (len(found.same) > 1)}.")
    return lines


def written(interval: Interval | None, *, signed: bool = False) -> str:
    """Return an interval, as many digits as its width allows."""
    if interval is None:
        return ""
    width = interval.high - interval.low
    # Two digits of the width; without a width, as many as results have.
    form = f",.{min(9, max(0, 1 - math.floor(math.log10(width))))}f" if width > 0 else ",.9g"
    form = f"+{form}" if signed else form
    estimate, low, high = (f"{x:{form}}".replace("-", "\N{MINUS SIGN}") for x in interval[:3])
    return f"{estimate} [{'no width' if interval.degenerate else f'{low}, {high}'}]"


def _values(of: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Return a parameter; of a long list, only its changes."""
    base, cells = of.get(names[0]), []
    for name in names:
        value = of.get(name, NONE)
        said = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        )
        if isinstance(value, list) and isinstance(base, list) and len(said) > LONGEST:
            added = [f"+{item}" for item in value if item not in base]
            said = ", ".join([*added, *(f"-{item}" for item in base if item not in value)]) or said
        cells.append(said if len(said) <= LONGEST else f"{said[: LONGEST - 3]}...")
    return cells


def _wrapped(lines: Sequence[str]) -> str:
    width = shutil.get_terminal_size((120, 24)).columns
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) for line in lines
    )


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _aligned(rows: Rows) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _markdown(rows: Rows) -> str:
    cells = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    header, *lines = (f"| {' | '.join(row)} |" for row in cells)
    return "\n".join([header, "|---" * len(rows[0]) + "|", *lines])
