"""Results, verdicts and tables of numbers for notebooks.

results = show.Results(data, params, changed, confidence)
show.verdicts(results)
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import Image, Markdown, display

from reprise.claims import ledger
from reprise.measures.variants import in_words
from reprise.pipeline import artifacts, parameters
from reprise.plots import style
from reprise.stats import words
from reprise.stats.intervals import Interval


class Results:
    """The results of a stage. Each file is read once."""

    def __init__(
        self,
        folder: str | Path,
        params: Mapping[str, Any] | None = None,
        changed: Sequence[str] = (),
        confidence: float = 0.95,
    ) -> None:
        """Take the house style, and read no results yet.

        Args:
            folder: The stage's folder.
            params: The stage's section of params.yaml, by default read from there.
            changed: The parameters that differ from the chapter's, in words.
            confidence: The confidence of intervals.
        """
        style.use_style()
        self.folder, self.changed, self.confidence = Path(folder), list(changed), confidence
        self.stage, root = self.folder.name, self.folder.resolve().parents[1]
        self.params = dict(params or parameters.read(root / parameters.PARAMETERS)[self.stage])
        self.limits = list(self.params.get("evaluation", {}).get("limits", []))  # in steps
        self._tables: dict[str, pd.DataFrame] = {}

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The content of metrics.json."""
        return artifacts.read_json(self.folder / "metrics.json")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """The ledger's rows of this stage."""
        return artifacts.read_csv(self.folder.parent / "claims" / f"{self.stage}.csv")

    def table(self, name: str, index: str | None = None) -> Any:
        """Return a copy of a table, indexed by a column."""
        if name not in self._tables:
            self._tables[name] = artifacts.read_csv(self.folder / f"{name}.csv")
        found = self._tables[name]
        return found.copy() if index is None else found.set_index(index)

    def column(self, name: str) -> str:
        """Name a column of samples.csv, for the first time limit."""
        return name if name in self.table("samples") else f"{name}_{self.limits[0]}"

    def _ipython_display_(self) -> None:
        if self.changed:
            display(Markdown(f"> **Experiment.** {'; '.join(map('`{}`'.format, self.changed))}."))


def verdicts(results: Results) -> Markdown:
    """Show the verdicts on a stage's claims."""
    if results.ledger.empty:
        return Markdown("The chapter claims nothing that this stage measures.")
    columns = ("claim", "verdict", "measured", "n", "claimed")
    changed = bool(results.changed)
    text = ledger.markdown(results.ledger, ".", columns=columns, changed=changed)
    return Markdown(text, metadata={"changed": True} if changed else None)


def settings(results: Results, *keys: str) -> Markdown:
    """Show parameters of the stage, without empty ones."""
    values = {key: _at(results.params, key) for key in keys}
    values = {key: value for key, value in values.items() if value is not None}
    rows = [(f"`{key}`", f"{v:,}" if type(v) is int else f"{v}") for key, v in values.items()]
    return table(rows, ("parameter", "value"))


def numbers(results: Results, rows: Mapping[str, str], form: str = ",.1f") -> Markdown:
    """Show metrics and their intervals, by name and dotted path.

    A path that ends in `limit` makes a row for each time limit.
    """
    every = {}
    for name, path in rows.items():
        limits = results.limits if path.endswith(".limit") else ()
        every |= {f"{name} under {k} steps": f"{path}_{k}" for k in limits} or {name: path}
    shown = [(name, cell(_at(results.metrics, path), form)) for name, path in every.items()]
    return table(shown, ("", f"{results.confidence:.0%} interval in brackets"))


def entries(
    results: Results, path: str, columns: Mapping[str, str], names: Mapping[str, str] | None = None
) -> Markdown:
    """Show a row for each entry at a metrics path.

    Args:
        results: The stage's results.
        path: A dotted path, such as `variants`.
        columns: By head, a path within the entry and a format, such as `final.limit.mean:.1f`. Here
            `limit` is the first time limit.
        names: The entries to show and their names, by default all.
    """
    every, rows = _at(results.metrics, path), []
    first = f"limit_{results.limits[0]}" if results.limits else ""
    for key, name in (names or {key: in_words(key) for key in every}).items():
        rows.append([name])
        for column in columns.values():
            place, _, form = column.replace("limit", first).partition(":")
            rows[-1].append(cell(_at(every[key], place), form, n=False))
    return table(rows, ("", *columns))


def _at(metrics: Any, path: str) -> Any:
    for key in filter(None, path.split(".")):
        metrics = metrics and metrics.get(key)
    return metrics


def cell(value: Any, form: str = ",.1f", n: bool = True) -> str:
    """Write a number or an interval, with its n.

    A mapping is an interval of metrics.json, or a summary, which stands for its mean.
    """
    if isinstance(value, Interval):
        return f"{words.bracketed(value, form)}, n = {value.n:,}"
    if not isinstance(value, Mapping):
        return words.number(value, form)
    found = value.get("mean", value)
    middle, low, high = (words.number(found[key], form) for key in ("estimate", "low", "high"))
    return f"{middle} [{low}, {high}]" + (f", n = {found['n']:,}" if n else "")


def table(rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> Markdown:
    """Show rows as a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return Markdown("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))


def animation(results: Results, name: str, text: str) -> Image:
    """Show an animation of the stage, with alternative text."""
    return Image(data=(results.folder / f"{name}.gif").read_bytes(), format="gif", alt=text)
