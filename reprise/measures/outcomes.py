"""What a table of samples holds: a row for each seed, by group, and in it the seed's outcomes.

A table is one of samples if it has a column `seed`, `run` or `seed`. The columns before it
(`variant`, `learning_rate`) and all texts tell groups apart, a seed is there once in each group,
and every other column is an outcome. Of returns more is better, and of times less, none at all
being later than any; of what else stages count and measure nothing here knows which is better.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

UNITS = ("seed", "run")
NUMBER = "setting"  # counts groups that other columns describe: another grid counts differently

Sense = Literal["return", "time", "other"]

_RETURNS = r"(final|greedy|best|sampled|return)_\d+|return|last_return|share"
_TIMES = r"steps_to_\d+|first_at_cap|within_\d+_percent|steps|first_steps"
# What a training comes to, before what it was like on the way.
_FIRST = (r"(final|greedy|return)_\d+", r"return|share", _RETURNS, _TIMES, "end")


class Samples(NamedTuple):
    """A table of samples, by group."""

    groups: dict[str, pd.DataFrame]
    """Seeds by what tells a group apart, such as `taxi random` or `discount 0.9`; or all by ``."""
    outcomes: list[str]
    """The columns with a value for each seed, final returns first."""


def samples(table: pd.DataFrame) -> Samples | None:
    """Return a table's groups and outcomes; None if it is no table of samples."""
    unit = next((name for name in UNITS if name in table), None)
    if unit is None:
        return None
    columns = [str(name) for name in table]
    numbers = [name for name in columns if _numeric(table[name])]
    before = columns[: columns.index(unit)]
    outcomes = [name for name in numbers if name != unit and name not in before]
    keys = [name for name in columns if name != unit and name not in outcomes]
    if not outcomes or table.duplicated([*keys, unit]).any():
        return None
    if len(keys) > 1:
        keys = [name for name in keys if name != NUMBER]
    groups = {"": table}
    if keys:
        told = [f"{key} " * (key in numbers) + table[key].astype(str) for key in keys]
        names = pd.concat(told, axis=1).agg(" ".join, axis=1)
        groups = {str(name): group for name, group in table.groupby(names, sort=False)}
    return Samples(groups, first_things_first(outcomes))


def first_things_first(outcomes: Iterable[str]) -> list[str]:
    """Return outcomes with final returns first, then other returns, then times, then the rest."""

    def rank(name: str) -> int:
        ranks = (place for place, form in enumerate(_FIRST) if re.fullmatch(form, name))
        return next(ranks, len(_FIRST))

    return sorted(outcomes, key=rank)


def sense(outcome: str) -> Sense:
    """Return what an outcome is: a return, the more the better; a time, the sooner; or neither."""
    if re.fullmatch(_RETURNS, outcome):
        return "return"
    return "time" if re.fullmatch(_TIMES, outcome) else "other"


def _numeric(column: Any) -> bool:
    """Whether a column holds numbers, or true and false, or nothing."""
    return bool(is_numeric_dtype(column) or is_bool_dtype(column.dropna().infer_objects()))
