"""Results, verdicts and tables of numbers for notebooks.

results = show.Results(data, params, changed, confidence)
show.verdicts(results)
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import Image, Markdown, display

from reprise.claims import ledger
from reprise.pipeline import artifacts, parameters
from reprise.plots import style
from reprise.stats import words
from reprise.stats.intervals import Interval

CLAIMS = "claims"


class Results:
    """The results of a stage, each file read once."""

    def __init__(
        self,
        folder: str | Path,
        params: Mapping[str, Any] | None = None,
        changed: Sequence[str] = (),
        confidence: float = 0.95,
    ) -> None:
        """Read nothing yet.

        Args:
            folder: such as data/dqn_training.
            params: the stage's section of params.yaml; read from there if None.
            changed: which parameters differ from the chapter's, in words.
            confidence: of the intervals that the notebook computes.
        """
        style.use_style()
        self.folder, self.changed, self.confidence = Path(folder), list(changed), confidence
        root = self.folder.resolve().parents[1]
        self.params = dict(params or parameters.read(root / parameters.PARAMETERS)[self.stage])
        self._tables: dict[str, pd.DataFrame] = {}

    @property
    def stage(self) -> str:
        """The stage's name."""
        return self.folder.name

    @property
    def limits(self) -> list[int]:
        """The time limits of the evaluation, in steps."""
        return list(self.params["evaluation"]["limits"])

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        return artifacts.read_json(self.folder / "metrics.json")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """The rows of the ledger on this stage."""
        return artifacts.read_csv(self.folder.parent / CLAIMS / f"{self.stage}.csv")

    def table(self, name: str, index: str | None = None) -> Any:
        """Return a table such as `samples`, with a column as its index if one is named."""
        if name not in self._tables:
            self._tables[name] = artifacts.read_csv(self.folder / f"{name}.csv")
        found = self._tables[name]
        return found.copy() if index is None else pd.DataFrame(found.set_index(index))

    def metric(self, path: str) -> Any:
        """Return the metric at a dotted path, such as `final.limit_200.mean`."""
        return reduce(getitem, path.split("."), self.metrics)

    def _ipython_display_(self) -> None:
        """Show which parameters differ from the chapter's; nothing if none does."""
        if self.changed:
            display(Markdown(f"> **Experiment.** {'; '.join(map('`{}`'.format, self.changed))}."))


def verdicts(results: Results, *claims: str) -> Markdown:
    """Show the ledger's rows on a stage, or those of some claims.

    Raises:
        KeyError: the ledger has no such claim.
    """
    rows = results.ledger
    if claims:
        rows = rows.set_index("claim", drop=False).loc[list(claims)]
    if rows.empty:
        return Markdown("The chapter claims nothing that this stage measures.")
    columns = ("claim", "verdict", "measured", "n", "claimed")
    text = ledger.markdown(rows, ".", columns=columns)
    if results.changed:
        text = text.replace("| verdict |", "| verdict under your settings |", 1)
    return Markdown(text)


def settings(results: Results, *keys: str) -> Markdown:
    """Show parameters as a table, by their dotted keys in the stage's section."""
    values = {key: reduce(getitem, key.split("."), results.params) for key in keys}
    rows = [(f"`{key}`", f"{v:,}" if type(v) is int else f"{v}") for key, v in values.items()]
    return table(rows, ("parameter", "value"))


def numbers(results: Results, rows: Mapping[str, Any], form: str = ",.1f") -> Markdown:
    """Show numbers with their intervals as a table.

    Args:
        results: of the stage.
        rows: what each number is, to the dotted path of its metric or to its Interval.
        form: how to write the numbers.
    """
    shown = []
    for name, given in rows.items():
        value = results.metric(given) if isinstance(given, str) else given
        shown.append((name, cell(value, form)))
    return table(shown, ("", f"{results.confidence:.0%} interval in brackets"))


def cell(value: Any, form: str = ",.1f") -> str:
    """Return a number, an Interval or a mapping with the keys of one as a table's cell."""
    if isinstance(value, Mapping):
        middle = value.get("estimate", value.get("mean", value.get("share")))
        n = f", n = {value['n']:,}" if "n" in value else ""
        low, high = (value.get(bound, value.get(f"mean_{bound}")) for bound in ("low", "high"))
        bounds = f"{words.number(low, form)}, {words.number(high, form)}"
        return f"{words.number(middle, form)} [{bounds}]{n}"
    if isinstance(value, Interval):
        return f"{words.bracketed(value, form)}, n = {value.n:,}"
    return value if isinstance(value, str) else words.number(value, form)


def table(rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> Markdown:
    """Show rows of text and numbers as a table in Markdown."""
    head = [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    return Markdown("\n".join([*head, *(f"| {' | '.join(map(str, row))} |" for row in rows)]))


def animation(results: Results, name: str, text: str) -> Image:
    """Show one of the stage's animations, with a text for those who do not see it."""
    return Image(data=(results.folder / f"{name}.gif").read_bytes(), format="gif", alt=text)
