"""Compares metrics with the committed ones where their bytes may differ: by the intervals.

A metric has an interval where its own mapping says so: `mean` beside `mean_low` and `mean_high`, or
any value that stands just before `low` and `high`. It has to lie within the committed interval,
bounds included. A metric without one (a minimum, a quantile, a count) has no range to lie in: it is
told where it has moved, and decides nothing. Only where a stage has no interval at all, because
nothing in it is left to chance, all its metrics have to be the committed ones but for rounding.

An interval of 95% holds the mean of an independent repetition in five of six cases only, since that
mean errs as well. A run on another processor is less than independent: its seeds are the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

TOLERANCE = 1e-6
"""The share of a value's size by which it may differ and still be the same but for rounding."""

SHOWN = 5
"""How many of the metrics that decide nothing are told one by one."""

Metrics = Mapping[str, Any]


class Comparison(NamedTuple):
    """How metrics stand to the committed ones; in both lists a line each."""

    compared: int
    """How many have a committed interval, or have to be the same."""
    outside: list[str]
    """Those of them that are not where they have to be."""
    moved: list[str]
    """The metrics that have no interval and are not the committed ones."""

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
    """Return how metrics stand to the committed ones.

    Args:
        committed: what each file of metrics holds, by its path.
        current: the same of this run.
    """
    compared, outside, moved = 0, [], []
    for path, metrics in committed.items():
        before, after = dict(leaves(metrics)), dict(leaves(current.get(path, {})))
        ranges = dict(intervals(metrics))
        bounds = {bound for low, high in ranges.values() for bound in (low, high)}
        exact = not ranges
        for key, value in before.items():
            if key in bounds:
                continue
            compared += exact or key in ranges
            where = f"{path}: {key}"
            if key in ranges:
                low, high = (before[bound] for bound in ranges[key])
                if key not in after:
                    outside.append(f"{where} is missing; committed: {_told(low, high)}")
                elif after[key] != value and not _within(after[key], low, high):
                    outside.append(f"{where} is {after[key]}; committed: {_told(low, high)}")
            elif key not in after or not _same(value, after[key]):
                found = f"is {after[key]}" if key in after else "is missing"
                (outside if exact else moved).append(f"{where} {found}; committed: {value}")
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


def intervals(metrics: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the dotted name of each metric with an interval, and the names of its two bounds."""
    if isinstance(metrics, list):
        metrics = {str(number): inner for number, inner in enumerate(metrics)}
    if not isinstance(metrics, Mapping):
        return
    names = list(metrics)
    for place, name in enumerate(names):
        stem = name.removesuffix("low")
        if name != stem and f"{stem}high" in metrics:
            owner = stem.removesuffix("_") or names[place - 1]
            yield (
                ".".join((*keys, owner)),
                (".".join((*keys, name)), ".".join((*keys, f"{stem}high"))),
            )
        yield from intervals(metrics[name], (*keys, name))


def _within(value: Any, low: float | None, high: float | None) -> bool:
    """Whether a value lies in an interval; a bound that is not there bounds nothing."""
    if not _number(value):
        return False
    margin = TOLERANCE * max(abs(bound) for bound in (low or 0, high or 0))
    above = low is None or value >= low - margin
    return above and (high is None or value <= high + margin)


def _same(before: Any, after: Any) -> bool:
    """Whether two values are the same, numbers but for rounding."""
    if _number(before) and _number(after):
        return abs(after - before) <= TOLERANCE * max(abs(before), abs(after))
    return type(before) is type(after) and before == after


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(low: float | None, high: float | None) -> str:
    return f"[{'-inf' if low is None else low}, {'inf' if high is None else high}]"
