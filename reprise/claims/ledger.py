"""The ledger: all claims with their results and verdicts."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reprise.claims.judge import Answer
from reprise.claims.model import VERDICTS, Claim
from reprise.stats.intervals import Interval

FORMS = {  # in words, where they differ from the form's name
    "every": "each value",
    "ratio": "ratio of means",
    "difference": "difference of means",
    "improvement": "probability of improvement",
    "correlation": "rank correlation",
}
NOTHING = Interval(np.nan, np.nan, np.nan, 0)
FIELDS = (
    "claim family place stage statement measured form claimed region matters seeds verdict "
    "estimate low high low_95 high_95 word n dropped confidence degenerate reason"
)
EDITIONS = ["claim", "statement", "first", "first_measured", "second", "second_measured", "why"]

DECLARED, JUDGED = "311cea5", "8bdf196"  # the commits of the tests and of their first results
ADDED = ("7335fe9", "d196f48")  # the commits of later claims, each before its result was computed
PROCEDURE = (
    "The first edition's results are the pilot: they showed which tests are fair, and how many "
    f"seeds decide them. Commit `{DECLARED}` declares every test, with its margin, the smallest "
    "effect that matters, and its seeds. Only then did other seeds run, and only these are judged: "
    f"commit `{JUDGED}`. Later claims were declared before what they measure was computed: commit "
    f"{' and '.join(f'`{commit}`' for commit in ADDED)}. `git show COMMIT` shows each."
)
COLUMNS = ("claim", "verdict", "measured", "n", "claimed", "place", "notebook")
SIGNS = (
    "The first brackets hold the 95% interval over n seeds. The interval after *verdict* "
    "decides: Holm's procedure widens it, so that all verdicts of a family hold together. A claim "
    "is confirmed if this whole interval lies in the claimed range. It is refuted if no part of it "
    "does, or if the whole interval lies short of the smallest effect that matters. An unresolved "
    "claim says how many seeds would decide it."
)

Row = Mapping[Hashable, Any]


def table(claims: Mapping[str, Claim], answers: Mapping[str, Answer]) -> pd.DataFrame:
    """Write the claims as rows; an infinite number is missing."""
    rows = []
    for name, claim in claims.items():
        test, answer = claim.test, answers[name]
        row = {"claim": name, "stage": " ".join(test.stages), "form": test.form}
        row |= claim.model_dump(exclude={"test"})
        region = test.claimed.model_dump_json(exclude_none=True)
        row |= {"claimed": test.claimed.words(), "region": region, "matters": test.matters}
        row |= answer._asdict() | (answer.interval or NOTHING)._asdict()
        usual = answer.usual or NOTHING
        rows.append(row | {"low_95": usual.low, "high_95": usual.high})
    found: Any = pd.DataFrame(rows)[FIELDS.split()]
    ends = found[["estimate", "low", "high", "low_95", "high_95"]]
    found[ends.columns] = ends.where(np.isfinite(ends))
    found["matters"] = found["matters"].astype(float)
    found["seeds"] = found["seeds"].astype("Int64")
    return found.assign(n=found["n"].astype("Int64").replace(0, pd.NA))


def editions(
    first: pd.DataFrame, second: pd.DataFrame, claims: Mapping[str, Claim]
) -> pd.DataFrame:
    """Compare the verdicts of two editions.

    The first edition's ledger, `data/inputs/claims-1.csv`, has one interval for each claim.
    """
    first = first.assign(low_95=first["low"], high_95=first["high"])
    before, now = (
        {row["claim"]: row for row in each.to_dict("records")} for each in (first, second)
    )
    by = {old: name for name, claim in claims.items() for old in claim.replaces}
    rows = []
    for name in [*now, *(name for name in before if name not in now)]:
        one, other = before.get(name), now.get(name)
        why = claims[name].why if other else f"replaced by {by.get(name, 'none')}"
        row: dict[str, Any] = {"claim": name, "statement": (other or one or {})["statement"]}
        row["why"] = why or ("other seeds" if one else "new")
        for edition, each in (("first", one), ("second", other)):
            row |= {edition: each["verdict"], f"{edition}_measured": measured(each)} if each else {}
        rows.append(row)
    return pd.DataFrame(rows, columns=pd.Index(EDITIONS))


def summary(ledger: pd.DataFrame) -> dict[str, Any]:
    """Count verdicts, in all and by family; list each claim's."""
    families = ledger.groupby("family", sort=False)
    return {
        "claims": len(ledger),
        **counts(ledger),
        "without_width": int(np.count_nonzero(ledger["degenerate"])),
        "families": {str(name): counts(pd.DataFrame(group)) for name, group in families},
        "verdicts": dict(zip(ledger["claim"], ledger["verdict"], strict=True)),
    }


def counts(ledger: pd.DataFrame) -> dict[str, int]:
    """Count the claims with each verdict."""
    return {verdict: int(np.count_nonzero(ledger["verdict"] == verdict)) for verdict in VERDICTS}


def in_words(count: Mapping[str, Any]) -> str:
    """Write the counts in a line."""
    parts = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS)
    return f"{count['claims']} claims of the chapter: {parts}"


def markdown(
    ledger: pd.DataFrame,
    notebooks: str,
    *,
    in_full: bool = False,
    changed: bool = False,
    columns: Sequence[str] = COLUMNS,
) -> str:
    """Write some of the ledger's `COLUMNS` in Markdown, with `signs`.

    `notebooks` is their folder, relative to the page. `in_full` adds each claim's family and
    measure. `changed` says that the verdicts are those of an experiment.
    """
    heads = [
        f"{each} under your settings" if changed and each == "verdict" else each for each in columns
    ]
    rows = [heads, ["---:" if column == "n" else "---" for column in columns]]
    for row in ledger.to_dict("records"):
        statement = row["statement"]
        if in_full:
            statement += f" *{row['measured']}* ({row['family'].replace('_', ' ')})"
        stage = next(iter(_text(row["stage"]).split()), "claims")
        cells = {
            "claim": statement,
            "verdict": f"**{row['verdict']}**",
            "measured": measured(row),
            "n": "" if pd.isna(row["n"]) or row["form"] == "value" else f"{row['n']:,.0f}",
            "claimed": claimed(row),
            "place": row["place"],
            "notebook": f"[{stage}]({notebooks}/{stage}.ipynb)",
        }
        rows.append([cells[column] for column in columns])
    return "\n".join([*(f"| {' | '.join(cells)} |" for cells in rows), "", signs(ledger)])


def claimed(row: Row) -> str:
    """Write the claimed range, such as `mean above 195`."""
    text = f"{FORMS.get(row['form'], row['form'])} {row['claimed']}"
    return text if pd.isna(row["matters"]) else f"{text}; matters from {row['matters']:.10g}"


def measured(row: Row) -> str:
    """Write the measured value with its intervals."""
    word, reason = _text(row["word"]), _text(row["reason"])
    if word or pd.isna(row["n"]):
        return word or reason
    ends = (row[end] for end in ("low", "estimate", "high", "low_95", "high_95"))
    low, estimate, high, *usual = ("never" if pd.isna(end) else number(end) for end in ends)
    if row["form"] == "value":
        return estimate
    if row["form"] == "every":
        return low if low == high else f"{low} to {high}"
    width = ", no width" if row["degenerate"] else ""
    wider = f"; verdict [{low}, {high}]" if [low, high] != usual else ""
    text = f"{estimate} [{', '.join(usual)}{width}]{wider}"
    return f"{text} ({reason})" if reason else text


def number(value: float) -> str:
    """Write a number in few digits, such as `8,120`."""
    size = abs(value)
    form = ",.0f" if size >= 1000 else ".1f" if size >= 100 else ".3g"
    return f"{value:{form}}".replace("-", "\N{MINUS SIGN}")


def signs(ledger: pd.DataFrame) -> str:
    """Explain the ledger's signs in Markdown."""
    flat = " *No width*: all seeds agree, which is not certainty."
    return SIGNS + flat if bool(ledger["degenerate"].any()) else SIGNS


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""  # pandas reads an empty cell as NaN
