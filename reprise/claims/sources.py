"""Sources of a claim: one value of a stage's metrics, or a sample from its tables.

`Results` gives metrics and tables by stage and name; nothing here reads a file.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator

from reprise.errors import UserError, closest
from reprise.hyperparameters import Frozen, Name, PositiveFloat, PositiveInt
from reprise.measures.outcomes import sense
from reprise.measures.training import steps_to

Cell = str | int | float
Cells = Cell | Annotated[tuple[Cell, ...], Field(strict=False)]


class Results(Protocol):
    """The results of stages."""

    def metrics(self, stage: str) -> dict[str, Any]:
        """Return a stage's metrics; raises UserError if there is no such stage."""
        ...

    def table(self, stage: str, name: str) -> pd.DataFrame:
        """Return a stage's table; raises UserError if there is no such stage or table."""
        ...


class Reaches(Frozen):
    """A time read off returns: the environment steps until their mean reaches a target.

    CartPole pays 1 a step: returns are steps.
    """

    target: PositiveFloat
    rows: PositiveInt  # of the table, averaged
    episodes_per_row: PositiveInt  # averaged in a row


class LogarithmOf(Frozen):
    """The decimal logarithm of a power."""

    base: PositiveInt
    exponent: PositiveInt


class Source(Frozen):
    """Source of values: a metric, a logarithm, or rows of a table."""

    stage: Name | None = None
    metric: Name | None = None  # its keys, dotted
    logarithm_of: LogarithmOf | None = None
    table: Name | None = None
    where: Mapping[Name, Cells] = Field({})  # only rows with this value, or one of these
    largest: Name | None = None  # only rows with the largest value in this column
    known: Name | None = None  # only rows with a value in this column
    column: Name | None = None
    last_ratio_by: Name | None = None  # of each group of rows, the last value to the one before
    reaches: Reaches | None = None  # of each seed's column
    over: Name | None = None  # a metric of the stage that divides all values
    missing: Literal["dropped", "late"] = "dropped"

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        kinds = ("metric", "logarithm_of", "table")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none of them"
            raise ValueError(f"a source has {said}; allowed: one of {', '.join(kinds)}")
        if (self.stage is None) != (given == ["logarithm_of"]):
            raise ValueError(f"a source with {given[0]} has {self.stage} as its stage")
        if self.table is None:
            extra = self.model_fields_set - {"stage", *kinds}
            if extra:
                raise ValueError(f"a source with {given[0]} has {min(extra)}; allowed: with table")
        elif (self.column is None) == (self.reaches is None):
            raise ValueError("a source with table has column or reaches; allowed: one of them")
        return self

    @property
    def is_sample(self) -> bool:
        """Return whether the source is a table."""
        return self.table is not None


class Sample(NamedTuple):
    """Values, infinite for those that never came, and the number of missing ones."""

    values: NDArray[np.float64]
    dropped: int


def value(source: Source, results: Results) -> float | str | None:
    """Return the single value of a source, None if the results have none.

    Raises:
        UserError: the source names something missing, or has several values.
    """
    if source.logarithm_of:
        return source.logarithm_of.exponent * math.log10(source.logarithm_of.base)
    if source.metric:
        return metric(source.metric, source, results)
    values = sample(source, results).values
    if len(values) != 1:
        raise UserError(f"{_place(source)} has {len(values)} values; allowed: one")
    return float(values[0])


def sample(source: Source, results: Results, *, ranked: bool = False) -> Sample:
    """Return the values of a table's rows, one a seed.

    Args:
        source: where they come from.
        results: of the stages.
        ranked: whether only their order counts: then a diverged seed is not dropped but ranks
            below all others, at minus infinity.

    Raises:
        UserError: if the source names what is not there.
    """
    rows = _rows(source, results)
    if source.reaches:
        values = _times(source.reaches, rows.filter(like="seed_").dropna(axis="columns", how="all"))
    elif source.last_ratio_by:
        values = _last_ratios(rows, source)
    else:
        values = _numbers(str(source.column), rows, source)
    if source.over:
        divisor = metric(source.over, source, results)
        if isinstance(divisor, str) or divisor == 0:
            raise UserError(f"{source.stage}: the metric {source.over} is {divisor!r}, no divisor")
        values = values / (np.nan if divisor is None else divisor)
    missing = np.isnan(values)
    if source.missing == "late":
        return Sample(np.where(missing, np.inf, values), 0)
    if ranked and sense(str(source.column)) == "return":
        return Sample(np.where(missing, -np.inf, values), 0)
    return Sample(values[~missing], int(missing.sum()))


def metric(path: str, source: Source, results: Results) -> float | str | None:
    """Return the metric at a dotted path.

    Raises:
        UserError: there is none, or it is more than a value.
    """
    metrics = results.metrics(str(source.stage))
    every = dict(_leaves(metrics))
    if path not in every:
        raise UserError(unknown(f"data/{source.stage}/metrics.json", "metric", path, every))
    found = every[path]
    return found if found is None or isinstance(found, str) else float(found)


def _rows(source: Source, results: Results) -> pd.DataFrame:
    rows = results.table(str(source.stage), str(source.table))
    for column, wanted in source.where.items():
        cells = _cells(column, rows, source)
        every = wanted if isinstance(wanted, tuple) else (wanted,)
        for cell in every:
            if not (cells == cell).to_numpy().any():
                raise UserError(unknown(_place(source), column, cell, cells.unique()))
        rows = rows.loc[cells.isin(every).to_numpy()]
    if source.largest:
        cells = _cells(source.largest, rows, source)
        rows = rows.loc[(cells == cells.max()).to_numpy()]
    if source.known:
        rows = rows.loc[_cells(source.known, rows, source).notna().to_numpy()]
    return rows


def _cells(column: str, rows: pd.DataFrame, source: Source) -> pd.Series:
    if column not in rows:
        raise UserError(unknown(_place(source), "column", column, rows.columns))
    return pd.Series(rows[column])


def _numbers(column: str, rows: pd.DataFrame, source: Source) -> NDArray[np.float64]:
    cells = _cells(column, rows, source)
    if not pd.api.types.is_numeric_dtype(cells):
        raise UserError(f"{_place(source)}: the column {column} holds no numbers")
    return cells.to_numpy(np.float64)


def _times(reaches: Reaches, returns: pd.DataFrame) -> NDArray[np.float64]:
    means = returns.to_numpy(np.float64)  # [K, N]
    if len(means) < reaches.rows:
        return np.full(means.shape[1], np.nan)
    steps = np.cumsum(means * reaches.episodes_per_row, axis=0)
    return steps_to(means, steps, reaches.target, reaches.rows)


def _last_ratios(rows: pd.DataFrame, source: Source) -> NDArray[np.float64]:
    groups = _cells(str(source.last_ratio_by), rows, source)
    values = pd.Series(_numbers(str(source.column), rows, source))
    sizes = [group.to_numpy() for _, group in values.groupby(groups.to_numpy(), sort=False)]
    return np.array([each[-1] / each[-2] for each in sizes if len(each) > 1], np.float64)


def _leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(values, dict):
        for key, inner in values.items():
            yield from _leaves(inner, (*path, key))
    elif not isinstance(values, list):
        yield ".".join(path), values


def _place(source: Source) -> str:
    return f"data/{source.stage}/{source.table}"


def unknown(place: str, kind: str, name: object, known: Iterable[object]) -> str:
    """Return in words what is missing, with the closest match."""
    names = [str(other) for other in known]
    meant = closest(name, names)
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"{place} has no {kind} {name!r}; " + (
        f"did you mean {meant!r}?" if meant else f"there are {listed or 'none'}"
    )
