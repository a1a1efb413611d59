"""The findings as text for a terminal, as Markdown or as JSON."""

import json
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

from reprise.compare.contrasts import ALIKE, BASELINE, SAME, Row, written
from reprise.compare.findings import Findings, Outcome
from reprise.compare.revisions import ABSENT
from reprise.stats.improvement import percent
from reprise.stats.intervals import CONFIDENCE, Interval

LONGEST = 40  # characters of a parameter's value
SHOWN = 4  # changes that made stages stale, by name
FORMAT = 2  # of the JSON

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
        rows = [
            (key, *(_value(value, values[names[0]]) for value in values.values()))
            for key, values in found.params.items()
        ]
        blocks.append(table([("parameter", *names), *rows]))
    shown = [outcome for outcome in found.outcomes if every or not _dull(outcome)]
    if shown:
        blocks.append(table(_rows(shown, names[0])))
    if found.outcomes:
        blocks.append(lines(_rule(found, len(found.outcomes) - len(shown))))
    if found.claims:
        rows = [
            (claim, *(verdicts.get(name) or "(none)" for name in names))
            for claim, verdicts in found.claims.items()
        ]
        blocks.append(table([("claim with another verdict", *names), *rows]))
    blocks += [lines(found.notes), lines(_left_out(found))]
    return "\n\n".join(block for block in blocks if block)


def document(found: Findings) -> str:
    """Return the findings as JSON, with stable keys."""
    named = {
        "format": FORMAT,
        "revisions": [{"name": each.name, "commit": each.commit} for each in found.revisions],
        "confidence": CONFIDENCE,
        "params": {
            key: {name: value for name, value in values.items() if value is not ABSENT}
            for key, values in found.params.items()
        },
        "outcomes": [
            outcome._asdict() | {"rows": [_record(row) for row in outcome.rows]}
            for outcome in found.outcomes
        ],
        **{key: getattr(found, key) for key in ("claims", "more", "same", "stale", "notes")},
    }
    return json.dumps(named, indent=2, ensure_ascii=False, default=str)


def _record(row: Row) -> dict[str, Any]:
    intervals = {
        "mean": row.mean,
        "difference": row.difference,
        "probability_of_improvement": row.chance,
    }
    return {
        "revision": row.revision,
        "verdict": row.verdict,
        "seeds": len(row.values),
        "missing": row.missing,
        **{name: _interval(interval) for name, interval in intervals.items()},
    }


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None or interval.degenerate:
        return interval and interval._asdict()
    return {key: value for key, value in interval._asdict().items() if key != "degenerate"}


def _dull(outcome: Outcome) -> bool:
    """Return True for one group of many without a clear difference."""
    verdicts = {row.verdict for row in outcome.rows}
    return bool(outcome.group) and verdicts <= {BASELINE, SAME, ALIKE}


def _rows(outcomes: Sequence[Outcome], base: str) -> Rows:
    """Return the table of outcomes, its header first; a repeated name is blank."""
    rows: list[dict[str, str]] = []
    before = ""
    for outcome in outcomes:
        name, group = f"{outcome.stage} {outcome.name}", outcome.group
        for row in outcome.rows:
            seeds = len(row.values)
            rows.append(
                {
                    "outcome": name if name != before else "",
                    "group": group,
                    "revision": row.revision,
                    "mean": written(row.mean),
                    f"minus {base}": written(row.difference, signed=True),
                    f"beats {base}": percent(row.chance) if row.chance else "",
                    "verdict": row.verdict,
                    "seeds": f"{seeds - row.missing} of {seeds}" if row.missing else f"{seeds}",
                }
            )
            before, group = name, ""
    used = [column for column in rows[0] if any(row[column] for row in rows)]
    return [used, *([row[column] for column in used] for row in rows)]


def _rule(found: Findings, folded: int) -> list[str]:
    """Return how a verdict is reached, and what many intervals do not promise."""
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
    """Return other outcomes that differ, stale stages, and the number of equal ones."""
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


def _value(value: Any, base: Any) -> str:
    """Return a parameter's value as in YAML; of a long list, what it adds and removes."""
    if value is ABSENT:
        return "(none)"
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list) and isinstance(base, list) and value != base and len(said) > LONGEST:
        added = [f"+{item}" for item in value if item not in base]
        said = ", ".join([*added, *(f"-{item}" for item in base if item not in value)]) or said
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 3]}..."


def _wrapped(lines: Sequence[str]) -> str:
    width = shutil.get_terminal_size((120, 24)).columns
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) for line in lines
    )


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _aligned(rows: Rows) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def _markdown(rows: Rows) -> str:
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    lines = [f"| {' | '.join(row)} |" for row in escaped]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])
