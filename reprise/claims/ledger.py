"""The ledger: every claim with its result and verdict, as a table and in words."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reprise.claims.judge import Answer
from reprise.claims.model import VERDICTS, Claim

FORMS = {
    "value": "value",
    "every": "each value",
    "share": "share",
    "mean": "mean",
    "median": "median",
    "spread": "spread",
    "ratio": "ratio of means",
    "difference": "difference of means",
    "improvement": "probability of improvement",
}
AFTERWARDS = "†"


def table(claims: Mapping[str, Claim], answers: Mapping[str, Answer]) -> pd.DataFrame:
    """Return a row for each claim; a time that never came has no number."""
    rows = []
    for name, claim in claims.items():
        answer = answers[name]
        interval = answer.interval
        numbers = [_finite(bound) for bound in interval[:3]] if interval else [None] * 3
        rows.append({
            "claim": name, "family": claim.family, "place": claim.place,
            "stage": " ".join(claim.test.stages), "statement": claim.statement,
            "measured": claim.measured, "form": claim.test.form,
            "claimed": claim.test.claimed.words(), "verdict": answer.verdict,
            "estimate": numbers[0], "low": numbers[1], "high": numbers[2], "word": answer.word,
            "n": pd.NA if interval is None else interval.n, "dropped": answer.dropped,
            "confidence": answer.confidence, "degenerate": bool(interval and interval.degenerate),
            "reason": answer.reason, "written_after_results": claim.written_after_results,
        })  # fmt: skip
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
    """Return how many claims have each verdict."""
    return {verdict: int(np.count_nonzero(ledger["verdict"] == verdict)) for verdict in VERDICTS}


def in_words(count: Mapping[str, Any]) -> str:
    """Return counts in one line."""
    said = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS)
    return f"{count['claims']} claims of the chapter: {said}"


COLUMNS = ("claim", "verdict", "measured", "n", "claimed", "place", "notebook")


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
    rows = [list(columns), ["---:" if column == "n" else "---" for column in columns]]
    for row in ledger.to_dict("records"):
        statement = row["statement"] + (AFTERWARDS if row["written_after_results"] else "")
        if in_full:
            statement += f" *{row['measured']}* ({row['family'].replace('_', ' ')})"
        link = notebook(row["stage"], notebooks)
        claimed = f"{FORMS[row['form']]} {row['claimed']}"
        n = "" if pd.isna(row["n"]) or row["form"] == "value" else f"{row['n']:,.0f}"
        verdict = f"**{row['verdict']}**"
        cells = (statement, verdict, measured(row), n, claimed, row["place"], link)
        named: dict[str, Any] = dict(zip(COLUMNS, cells, strict=True))
        rows.append([named[column] for column in columns])
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in rows]
    return "\n".join([*lines, "", signs(ledger)])


def notebook(stages: Any, notebooks: str) -> str:
    """Return a link to the notebook of the first stage, or to that of the ledger."""
    stage = next(iter(_text(stages).split()), "claims")
    return f"[{stage}]({notebooks}/{stage}.ipynb)"


def number(value: float) -> str:
    """Return a number with about four digits, such as `8,120`, `196.7` or `0.613`."""
    if not np.isfinite(value):
        return "never"
    size = abs(value)
    form = ",.0f" if size >= 1000 else ".1f" if size >= 100 else ".3g"
    return f"{value:{form}}".replace("-", "\N{MINUS SIGN}")


def measured(row: Mapping[Hashable, Any]) -> str:
    """Return the measured value with its interval."""
    word, reason = _text(row["word"]), _text(row["reason"])
    if word or pd.isna(row["n"]):
        return word or reason
    low, estimate, high = (_or_never(row[key]) for key in ("low", "estimate", "high"))
    if row["form"] == "value":
        return estimate
    if row["form"] == "every":
        return f"{low} to {high}"
    width = ", no width" if row["degenerate"] else ""
    return f"{estimate} [{low}, {high}{width}]" + (f" ({reason})" if reason else "")


def _text(cell: Any) -> str:
    """Return a cell that may be empty as text."""
    return cell if isinstance(cell, str) else ""


def _or_never(value: Any) -> str:
    return number(float("inf") if value is None or pd.isna(value) else float(value))


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


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
