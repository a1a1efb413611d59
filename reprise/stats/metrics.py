"""A comparison of metrics with the committed ones, by the committed intervals.

Bytes may differ on another kind of processor. A metric has an interval if its own mapping holds
one: `mean` with `mean_low` and `mean_high`, or a value just before `low` and `high`. It must lie
within the committed interval, bounds included. Other metrics (a minimum, a count) are reported if
they moved, and decide nothing. In a stage without any interval, because it has no randomness, all
metrics must equal the committed ones up to rounding.

A 95% interval holds the mean of an independent repetition in five of six cases only, since that
mean errs too. A run on another processor is not independent: its seeds are the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

TOLERANCE = 1e-6  # the relative difference of rounding
SHOWN = 5  # metrics without an interval that are listed one by one

Metrics = Mapping[str, Any]


class Comparison(NamedTuple):
    """Metrics compared with the committed ones; the lists hold a line for each metric."""

    compared: int  # metrics with a committed interval, or that must be equal
    outside: list[str]  # those of them outside their interval, or not equal
    moved: list[str]  # metrics without an interval that differ

    def __str__(self) -> str:
        lines = [f"{len(self.moved)} metrics without an interval have moved"] if self.moved else []
        lines += [f"  {line}" for line in self.moved[:SHOWN]]
        lines += [f"  and {len(self.moved) - SHOWN} more"] if len(self.moved) > SHOWN else []
        if self.outside:
            count = f"{len(self.outside)} of {self.compared}"
            lines += [f"{count} metrics lie OUTSIDE their committed intervals:"]
            lines += [f"  {line}" for line in self.outside]
        else:
            lines += [f"all {self.compared} metrics lie within their committed intervals"]
        return "\n".join(lines)


def compare(committed: Mapping[str, Metrics], current: Mapping[str, Metrics]) -> Comparison:
    """Compare the metrics of this run with the committed ones, both by the path of their file."""
    compared, outside, moved = 0, [], []
    for path, metrics in committed.items():
        before, after = dict(leaves(metrics)), dict(leaves(current.get(path, {})))
        ranges = intervals(before)
        bounds = {bound for low, high in ranges.values() for bound in (low, high)}
        exact = not ranges
        for key, value in before.items():
            if key in bounds:
                continue
            compared += exact or key in ranges
            found = f"is {after[key]}" if key in after else "is missing"
            if key in ranges:
                low, high = (before[bound] for bound in ranges[key])
                good = key in after and (after[key] == value or _within(after[key], low, high))
                allowed = f"[{'-inf' if low is None else low}, {'inf' if high is None else high}]"
            else:
                good, allowed = key in after and _same(value, after[key]), value
            if not good:
                lines = outside if exact or key in ranges else moved
                lines.append(f"{path}: {key} {found}; committed: {allowed}")
        moved += [
            f"{path}: {key} is {value}; committed: nothing"
            for key, value in after.items()
            if key not in before
        ]
    return Comparison(compared, outside, moved)


def leaves(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the dotted name of each value in nested mappings and lists, and the value."""
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, inner in items:
            yield from leaves(inner, (*keys, str(key)))
    else:
        yield ".".join(keys), value


def intervals(values: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the two bounds' names of each metric with an interval, out of dotted names."""
    found, before = {}, ""
    for key in values:
        stem = key.removesuffix("low")
        if key != stem and f"{stem}high" in values:
            owner = stem.removesuffix("_") if stem.endswith("_") else before
            found[owner] = key, f"{stem}high"
        before = key
    return found


def _within(value: Any, low: float | None, high: float | None) -> bool:
    """Return whether a value lies in an interval; a missing bound is infinite."""
    if not _number(value):
        return False
    margin = TOLERANCE * max(abs(bound) for bound in (low or 0, high or 0))
    above = low is None or value >= low - margin
    return above and (high is None or value <= high + margin)


def _same(before: Any, after: Any) -> bool:
    """Return whether two values are equal, numbers up to rounding."""
    if _number(before) and _number(after):
        return abs(after - before) <= TOLERANCE * max(abs(before), abs(after))
    return type(before) is type(after) and before == after


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
