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

ALIKE = "no clear difference"
VERDICTS: dict[Sense, dict[int, str]] = {  # by the side of 50% on which a comparison lies
    "return": {1: "better", -1: "worse", 0: ALIKE},
    "time": {1: "sooner", -1: "later", 0: ALIKE},
    "other": {1: "higher", -1: "lower", 0: ALIKE},
}

# Outcomes in order, N for a number: the results of a training first, then its course.
RETURN = "final_N", "greedy_N", "return_N", "return", "share", "last_return", "best_N", "sampled_N"
TIME = "first_at_cap", "steps_to_N", "steps", "first_steps", "within_N_percent"


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
    order = [*RETURN, *TIME, "end", *map(_general, outcomes)]
    return Samples(groups, sorted(outcomes, key=lambda name: order.index(_general(name))))


def sense(outcome: str) -> Sense:
    """Tell the kind of an outcome from its name.

    >>> sense("greedy_200"), sense("steps_to_-100"), sense("within_0_5_percent"), sense("falls")
    ('return', 'time', 'time', 'other')
    """
    name = _general(outcome)
    return "return" if name in RETURN else "time" if name in TIME else "other"


def _general(outcome: str) -> str:
    return re.sub(r"-?\d+([._]\d+)?", "N", outcome)
