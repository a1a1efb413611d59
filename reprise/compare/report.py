"""What was found between two revisions, for a terminal, as Markdown, or as JSON."""

import json
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

from reprise.compare import contrasts
from reprise.compare.findings import ABSENT, Finding, Findings
from reprise.stats.intervals import CONFIDENCE, Interval

LONGEST = 40  # characters of a parameter
CHANGED = 4  # dependencies that are named
FORMAT = 1  # of the JSON; a change that a reader could not take makes it another

Rows = Sequence[Sequence[str]]


def text(findings: Findings, *, markdown: bool = False) -> str:
    """Return the findings to read: what changed, a table, a sentence each, and what is missing.

    Args:
        findings: what differs.
        markdown: whether tables and lists are Markdown's.
    """
    a, b = findings.a.name, findings.b.name
    table, lines = (_markdown, _listed) if markdown else (_aligned, _wrapped)
    blocks = [f"{findings.a} beside {findings.b}"]
    if findings.params:
        rows = [(key, *map(_value, pair)) for key, pair in findings.params.items()]
        blocks.append(table([("parameter", a, b), *rows]))
    if findings.found:
        blocks.append(table(_rows(findings)))
        blocks += [lines(_sentences(findings)), lines(_explained(findings))]
    blocks += [lines(findings.notes), lines(_left_out(findings))]
    return "\n\n".join(block for block in blocks if block)


def document(findings: Findings) -> str:
    """Return the findings as JSON, whose names stay what they are."""
    return json.dumps(
        {
            "format": FORMAT,
            "a": {"name": findings.a.name, "commit": findings.a.commit},
            "b": {"name": findings.b.name, "commit": findings.b.commit},
            "confidence": CONFIDENCE,
            "params": [
                {"param": key}
                | ({} if a is ABSENT else {"a": a})
                | ({} if b is ABSENT else {"b": b})
                for key, (a, b) in findings.params.items()
            ],
            "outcomes": [_record(found, findings) for found in findings.found],
            "more": findings.more,
            "same": findings.same,
            "stale": findings.stale,
            "notes": findings.notes,
        },
        indent=2,
        ensure_ascii=False,
        default=str,
    )


def _record(found: Finding, findings: Findings) -> dict[str, Any]:
    def plain(interval: Interval | None) -> dict[str, Any] | None:
        return interval and interval._asdict()

    contrast = found.contrast
    return {
        "stage": found.stage,
        "table": found.table,
        "group": found.group,
        "outcome": found.outcome,
        "sense": contrast.sense,
        "n": list(contrast.n),
        "missing": list(contrast.missing),
        "mean_a": plain(contrast.a),
        "mean_b": plain(contrast.b),
        "difference_of_means": plain(contrast.difference),
        "probability_of_improvement": plain(contrast.chance),
        "verdict": contrast.verdict,
        "sentence": _sentence(found, findings),
    }


def _rows(findings: Findings) -> Rows:
    """Return the table of what differs, its header first."""
    a, b = findings.a.name, findings.b.name
    grouped = any(found.group for found in findings.found)
    header = ("stage", *(["group"] if grouped else []), "outcome", a, b,
              "difference", "improvement", "n")  # fmt: skip
    rows = [
        (
            found.stage,
            *([found.group] if grouped else []),
            found.outcome,
            contrasts.told(found.contrast.a),
            contrasts.told(found.contrast.b),
            contrasts.told(found.contrast.difference, signed=True),
            found.contrast.chance_told,
            found.contrast.n_told,
        )
        for found in findings.found
    ]
    return [header, *rows]


def _sentences(findings: Findings) -> list[str]:
    """Return a sentence for each outcome; groups of one outcome share one, by verdict."""
    lines, blocks = [], {}
    for found in findings.found:
        blocks.setdefault((found.stage, found.outcome), []).append(found)
    for (stage, outcome), block in blocks.items():
        if len(block) == 1:
            lines.append(_sentence(block[0], findings))
            continue
        verdicts: dict[str, list[str]] = {}
        for found in block:
            verdicts.setdefault(found.contrast.verdict, []).append(found.group)
        said = "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in verdicts.items())
        lines.append(
            f"{stage} {outcome}, {findings.b.name} beside {findings.a.name}, each group with "
            f"itself: {said}."
        )
    return lines


def _sentence(found: Finding, findings: Findings) -> str:
    return contrasts.sentence(found.contrast, found.what, findings.a.name, findings.b.name)


def _explained(findings: Findings) -> list[str]:
    """Return what the table's columns are, and what its intervals do not promise."""
    a, b = findings.a.name, findings.b.name
    level = f"{100 * CONFIDENCE:g}%"
    lines = [
        f"{a}, {b}: means. Difference: {b} less {a}. Improvement: the probability that a seed of "
        f"{b} is better (or sooner, or higher) than one of {a}. Brackets: {level} intervals."
    ]
    if len(findings.found) > 1:
        lines.append(
            f"Each interval is {level} by itself: of {len(findings.found)} comparisons of what is "
            f"alike, about {(1 - CONFIDENCE) * len(findings.found):.2g} would differ by chance."
        )
    return lines


def _left_out(findings: Findings) -> list[str]:
    """Return what differs and is not shown, and what is the same."""
    lines = []
    for stage, names in findings.more.items():
        told = ", ".join(dict.fromkeys(names))
        lines.append(f"{stage} differs in more (--all): {told}.")
    for name, stages in findings.stale.items():
        changed = list(dict.fromkeys(key for keys in stages.values() for key in keys))
        shown = ", ".join(changed[:CHANGED]) + (
            f" and {len(changed) - CHANGED} more" if len(changed) > CHANGED else ""
        )
        lines.append(
            f"Stale in {name}, not run since {shown} changed (dvc repro): {', '.join(stages)}."
        )
    if findings.same and not (findings.found or findings.notes or findings.stale):
        lines.append("No difference: the results are the same bytes.")
    elif findings.same:
        count = len(findings.same)
        lines.append(f"The same bytes: {count} more {'stage' if count == 1 else 'stages'}.")
    return lines


def _value(value: Any) -> str:
    """Return a parameter as YAML has it, cut if long."""
    if value is ABSENT:
        return "(not there)"
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 3]}..."


def _wrapped(lines: Sequence[str]) -> str:
    width = shutil.get_terminal_size((120, 24)).columns
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) for line in lines
    )


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _aligned(rows: Rows) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _markdown(rows: Rows) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in escaped]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])
