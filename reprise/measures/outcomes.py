"""Groups and outcomes of a table of samples.

A table of samples has a column `seed` or `network`, with one row for each value in each
group. The columns before it (`variant`, `learning_rate`) and all columns of text define the groups.
Every other column is an outcome. A higher return is better. A shorter time is better, and a missing
time is later than any other. Of other outcomes neither direction is better.
"""

import re
from typing import Literal, NamedTuple

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

UNITS = ("seed", "network")
NUMBER = "setting"  # numbers groups that other columns already define

Sense = Literal["return", "time", "other"]

_RETURNS = r"(final|greedy|best|sampled|return)_\d+|return|last_return|share"
_TIMES = r"steps_to_\d+|first_at_cap|within_\d+_percent|steps|first_steps"
# Outcomes in order: the results of a training first, then its course.
_FIRST = (r"(final|greedy|return)_\d+", r"return|share", _RETURNS, _TIMES, "end")


class Samples(NamedTuple):
    """A table of samples, by group."""

    groups: dict[str, pd.DataFrame]  # by name, such as `taxi random`, `discount 0.9`, or ``
    outcomes: list[str]  # columns with a value for each seed, final returns first


def samples(table: pd.DataFrame) -> Samples | None:
    """Return a table's samples, or None for another table."""
    unit = next((name for name in UNITS if name in table), None)
    if unit is None:
        return None
    numbers = [  # or true and false, or nothing
        str(name)
        for name, column in table.items()
        if is_numeric_dtype(column) or is_bool_dtype(column.dropna().infer_objects())
    ]
    columns = [str(name) for name in table]
    before = columns[: columns.index(unit)]
    outcomes = [name for name in numbers if name != unit and name not in before]
    keys = [name for name in columns if name != unit and name not in outcomes]
    if not outcomes or table.duplicated([*keys, unit]).any():
        return None
    keys = [name for name in keys if name != NUMBER or len(keys) == 1]
    groups = {"": table}
    if keys:
        parts = [f"{key} " * (key in numbers) + table[key].astype(str) for key in keys]
        names = pd.concat(parts, axis=1).agg(" ".join, axis=1)
        groups = {str(name): group for name, group in table.groupby(names, sort=False)}
    return Samples(groups, sorted(outcomes, key=_rank))


def _rank(outcome: str) -> int:
    matches = [bool(re.fullmatch(form, outcome)) for form in _FIRST]
    return matches.index(True) if any(matches) else len(matches)


def sense(outcome: str) -> Sense:
    """Tell the kind of an outcome from its name."""
    if re.fullmatch(_RETURNS, outcome):
        return "return"
    return "time" if re.fullmatch(_TIMES, outcome) else "other"
