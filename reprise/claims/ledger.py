"""The ledger: every claim with its result and verdict, as a table and in words."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reprise.claims.judge import Answer
from reprise.claims.model import VERDICTS, Claim

FORMS = {
    "every": "each value",
    "ratio": "ratio of means",
    "difference": "difference of means",
    "improvement": "probability of improvement",
}
"""Forms of a test in words, where the words are not the form's name."""
AFTERWARDS = "†"
COLUMNS = ("claim", "verdict", "measured", "n", "claimed", "place", "notebook")


def table(claims: Mapping[str, Claim], answers: Mapping[str, Answer]) -> pd.DataFrame:
    """Return a row for each claim; a time that never came has no number."""
    rows = []
    for name, claim in claims.items():
        test, answer, interval = claim.test, answers[name], answers[name].interval
        ends = [end if np.isfinite(end) else None for end in interval[:3]] if interval else []
        row = {
            "claim": name,
            "family": claim.family,
            "place": claim.place,
            "stage": " ".join(test.stages),
            "statement": claim.statement,
            "measured": claim.measured,
            "form": test.form,
            "claimed": test.claimed.words(),
            "verdict": answer.verdict,
            **dict(zip(("estimate", "low", "high"), ends or [None] * 3, strict=True)),
            "word": answer.word,
            "n": interval.n if interval else pd.NA,
            "dropped": answer.dropped,
            "confidence": answer.confidence,
            "degenerate": bool(interval and interval.degenerate),
            "reason": answer.reason,
            "written_after_results": claim.written_after_results,
        }
        rows.append(row)
    return pd.DataFrame(rows).astype({"n": "Int64"})


def summary(ledger: pd.DataFrame) -> dict[str, Any]:
    """Return metrics.json: the counts, those of each family, and each claim's verdict."""
    return {
        "claims": len(ledger),
        **counts(ledger),
        "written_after_results": int(np.count_nonzero(ledger["written_after_results"])),
        "without_width": int(np.count_nonzero(ledger["degenerate"])),
        "families": {
            str(name): counts(pd.DataFrame(group))
            for name, group in ledger.groupby("family", sort=False)
        },
        "verdicts": dict(zip(ledger["claim"], ledger["verdict"], strict=True)),
    }


def counts(ledger: pd.DataFrame) -> dict[str, int]:
    """Return the number of claims with each verdict."""
    return {verdict: int(np.count_nonzero(ledger["verdict"] == verdict)) for verdict in VERDICTS}


def in_words(count: Mapping[str, Any]) -> str:
    """Return counts in one line."""
    said = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS)
    return f"{count['claims']} claims of the chapter: {said}"


def markdown(
    ledger: pd.DataFrame,
    notebooks: str,
    *,
    in_full: bool = False,
    columns: Sequence[str] = COLUMNS,
) -> str:
    """Return the ledger as a table in Markdown, with an explanation of its signs.

    Args:
        ledger: as `table` gives it, or as read from its file.
        notebooks: the folder of the executed notebooks, relative to the page.
        in_full: whether the table also has each claim's family and exact measure.
        columns: some of `COLUMNS`.
    """
    rows = [columns, ["---:" if column == "n" else "---" for column in columns]]
    for row in ledger.to_dict("records"):
        statement = row["statement"] + (AFTERWARDS if row["written_after_results"] else "")
        if in_full:
            statement += f" *{row['measured']}* ({row['family'].replace('_', ' ')})"
        stage = next(iter(_text(row["stage"]).split()), "claims")
        n = "" if pd.isna(row["n"]) or row["form"] == "value" else f"{row['n']:,.0f}"
        cells = (statement, f"**{row['verdict']}**", measured(row), n, claimed(row), row["place"])
        link = f"[{stage}]({notebooks}/{stage}.ipynb)"
        named: dict[str, Any] = dict(zip(COLUMNS, (*cells, link), strict=True))
        rows.append([named[column] for column in columns])
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in rows]
    return "\n".join([*lines, "", signs(ledger)])


def claimed(row: Mapping[Hashable, Any]) -> str:
    """Return the claimed range in words, such as `mean above 195`."""
    return f"{FORMS.get(row['form'], row['form'])} {row['claimed']}"


def measured(row: Mapping[Hashable, Any]) -> str:
    """Return the measured value with its interval."""
    word, reason = _text(row["word"]), _text(row["reason"])
    if word or pd.isna(row["n"]):
        return word or reason
    low, estimate, high = (
        "never" if pd.isna(row[end]) else number(row[end]) for end in ("low", "estimate", "high")
    )
    if row["form"] == "value":
        return estimate
    if row["form"] == "every":
        return f"{low} to {high}"
    width = ", no width" if row["degenerate"] else ""
    return f"{estimate} [{low}, {high}{width}]" + (f" ({reason})" if reason else "")


def number(value: float) -> str:
    """Return a number with about four digits, such as `8,120`, `196.7` or `0.613`."""
    size = abs(value)
    form = ",.0f" if size >= 1000 else ".1f" if size >= 100 else ".3g"
    return f"{value:{form}}".replace("-", "\N{MINUS SIGN}")


def signs(ledger: pd.DataFrame) -> str:
    """Return an explanation of the ledger's signs, in Markdown."""
    said = [
        "Brackets hold an interval over n seeds or runs. Holm's procedure widens the intervals, so "
        "that all verdicts of a family hold together. A claim is confirmed if its whole interval "
        "lies in the claimed range, and refuted if no part of it does."
    ]
    if bool(ledger["degenerate"].any()):
        said.append("*No width*: all resamples agree, which is not certainty.")
    if bool(ledger["written_after_results"].any()):
        said.append(f"{AFTERWARDS} written after results were seen.")
    return " ".join(said)


def _text(cell: Any) -> str:
    """Return a cell that may be empty as text."""
    return cell if isinstance(cell, str) else ""
