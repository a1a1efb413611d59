"""The sources of a claim's values: metrics and tables."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Name, PositiveInt
from reprise.measures.outcomes import sense

KINDS = ("metric", "logarithm_of", "table")

Cell = str | int | float


class ResultFiles(Protocol):
    """The results of stages; a UserError names a missing one."""

    def metrics(self, stage: str) -> dict[str, Any]:
        """Read a stage's metrics."""
        ...

    def table(self, stage: str, name: str) -> pd.DataFrame:
        """Read a stage's table."""
        ...


class LogarithmOf(Frozen):
    """The decimal logarithm of a power."""

    base: PositiveInt
    exponent: PositiveInt


class Source(Frozen):
    """A metric, a logarithm, or a column of a table."""

    stage: Name | None = None
    metric: Name | None = None  # its keys, joined by dots
    logarithm_of: LogarithmOf | None = None
    table: Name | None = None
    where: Mapping[Name, Cell | Annotated[tuple[Cell, ...], Field(strict=False)]] = Field({})
    """For each column, the value, or one of the values, of the rows to take."""
    largest: Name | None = None  # take only rows with the largest value in this column
    known: Name | None = None  # take only rows with a value in this column
    column: Name | None = None
    last_ratio_by: Name | None = None
    """Group the rows by this column; take each group's last value over the one before."""
    over: Name | None = None  # a metric of the stage, by which all values are divided
    missing: Literal["dropped", "late"] = "dropped"

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            names = " and ".join(given) or "none of them"
            raise ValueError(f"a source has {names}; allowed: one of {', '.join(KINDS)}")
        if given == ["logarithm_of"] and self.stage:
            raise ValueError("a source with logarithm_of has stage; allowed: no stage")
        if given != ["logarithm_of"] and self.stage is None:
            raise ValueError(f"a source with {given[0]} needs stage")
        if self.table is None and (extra := self.model_fields_set - {"stage", *KINDS}):
            raise ValueError(f"a source with {given[0]} has {min(extra)}; allowed: only with table")
        if self.table and self.column is None:
            raise ValueError("a source with table needs column")
        return self

    def __str__(self) -> str:
        return f"data/{self.stage}/{self.table}"


class Sample(NamedTuple):
    """Values (infinite for never), and the number of missing ones."""

    values: NDArray[np.float64]
    dropped: int


def value(source: Source, results: ResultFiles) -> float | str | None:
    """Read a source's single value; None if missing."""
    if source.logarithm_of:
        return source.logarithm_of.exponent * math.log10(source.logarithm_of.base)
    if source.metric:
        return _metric(source.metric, source, results)
    values = sample(source, results).values
    if len(values) != 1:
        raise UserError(f"{source} has {len(values)} values; allowed: one")
    return float(values[0])


def sample(source: Source, results: ResultFiles, *, ranked: bool = False) -> Sample:
    """Read a table's column, one value for each seed.

    If `ranked`, a seed that diverged is not dropped: it gets minus infinity, below all others.
    """
    rows = _rows(source, results)
    cells = _cells(str(source.column), rows, source)
    if not pd.api.types.is_numeric_dtype(cells):
        raise UserError(f"{source} has text in the column {source.column}; allowed: numbers")
    values = cells.to_numpy(float)
    if source.last_ratio_by:
        groups = cells.groupby(_cells(source.last_ratio_by, rows, source), sort=False)
        ratios = [each.iloc[-1] / each.iloc[-2] for _, each in groups if len(each) > 1]
        values = np.array(ratios, float)
    if source.over:
        divisor = _metric(source.over, source, results)
        if isinstance(divisor, str) or divisor == 0:
            what = f"data/{source.stage}/metrics.json has {source.over} = {divisor!r}"
            raise UserError(f"{what}, which is no divisor; allowed: a number other than 0")
        values = values / (np.nan if divisor is None else divisor)
    missing = np.isnan(values)
    if source.missing == "late":
        return Sample(np.where(missing, np.inf, values), 0)
    if ranked and sense(str(source.column)) == "return":
        return Sample(np.where(missing, -np.inf, values), 0)
    return Sample(values[~missing], int(missing.sum()))


def unknown(place: object, kind: str, name: object, known: Iterable[object]) -> str:
    """Describe an unknown name, with the closest known one."""
    names = [str(other) for other in known]
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    meant = closest(name, names)
    hint = f"did you mean {meant!r}?" if meant else f"allowed: {listed or 'none'}"
    return f"{place} has no {kind} {name!r}; {hint}"


def _leaves(value: Any, *keys: str) -> Iterator[tuple[str, Any]]:
    """Yield the values inside mappings and lists, by dotted name."""
    if isinstance(value, Mapping | list):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _leaves(inner, *keys, str(key))
    else:
        yield ".".join(keys), value


def _metric(path: str, source: Source, results: ResultFiles) -> float | str | None:
    every = dict(_leaves(results.metrics(str(source.stage))))
    if path not in every:
        raise UserError(unknown(f"data/{source.stage}/metrics.json", "metric", path, every))
    found = every[path]
    return found if found is None or isinstance(found, str) else float(found)


def _rows(source: Source, results: ResultFiles) -> pd.DataFrame:
    rows = results.table(str(source.stage), str(source.table))
    for column, wanted in source.where.items():
        cells = _cells(column, rows, source)
        every = wanted if isinstance(wanted, tuple) else (wanted,)
        for cell in every:
            if not (cells == cell).to_numpy().any():
                raise UserError(unknown(source, column, cell, cells.unique()))
        rows = rows.loc[cells.isin(every).to_numpy()]
    if source.largest:
        cells = _cells(source.largest, rows, source)
        rows = rows.loc[(cells == cells.max()).to_numpy()]
    if source.known:
        rows = rows.loc[_cells(source.known, rows, source).notna().to_numpy()]
    return rows


def _cells(column: str, rows: pd.DataFrame, source: Source) -> pd.Series:
    if column not in rows:
        raise UserError(unknown(source, "column", column, rows.columns))
    return pd.Series(rows[column])
