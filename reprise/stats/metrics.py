"""A comparison of metrics with the committed intervals.

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


class Comparison(NamedTuple):
    """Metrics compared with the committed ones, a line for each."""

    compared: int  # metrics with a committed interval, or that must be equal
    outside: list[str]  # those of them outside their interval, or not equal
    moved: list[str]  # metrics without an interval that differ

    def __str__(self) -> str:
        lines = [f"{len(self.moved)} metrics without an interval have moved"] if self.moved else []
        lines += [f"  {line}" for line in self.moved[:SHOWN]]
        lines += [f"  and {len(self.moved) - SHOWN} more"] if len(self.moved) > SHOWN else []
        said = f"all {self.compared} metrics lie within their committed intervals"
        if self.outside:
            count = f"{len(self.outside)} of {self.compared}"
            said = f"{count} metrics lie OUTSIDE their committed intervals:"
        return "\n".join([*lines, said, *(f"  {line}" for line in self.outside)])


def compare(committed: Mapping[str, Any], current: Mapping[str, Any]) -> Comparison:
    """Compare this run's metrics with the committed ones, by path."""
    compared, outside, moved = 0, [], []
    for path, metrics in committed.items():
        before, after = dict(leaves(metrics)), dict(leaves(current.get(path, {})))
        ranges = intervals(before)
        bounds = {bound for pair in ranges.values() for bound in pair}
        for key in [key for key in before if key not in bounds]:
            value, now = before[key], after.get(key)
            decides = not ranges or key in ranges
            compared += decides
            good, allowed = _same(value, now), value
            if key in ranges:
                low, high = (before[bound] for bound in ranges[key])
                good = now == value or _within(now, low, high)
                allowed = f"[{'-inf' if low is None else low}, {'inf' if high is None else high}]"
            if key not in after or not good:
                said = f"is {now}" if key in after else "is missing"
                line = f"{path}: {key} {said}; committed: {allowed}"
                (outside if decides else moved).append(line)
        new = {key: value for key, value in after.items() if key not in before}
        moved += [f"{path}: {key} is {value}; committed: nothing" for key, value in new.items()]
    return Comparison(compared, outside, moved)


def leaves(value: Any, *keys: str) -> Iterator[tuple[str, Any]]:
    """Yield each leaf of mappings and lists, by dotted name."""
    if isinstance(value, Mapping | list):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from leaves(inner, *keys, str(key))
    else:
        yield ".".join(keys), value


def intervals(values: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the names of each metric's two bounds."""
    found, before = {}, ""
    for key in values:
        stem = key.removesuffix("low")
        if key != stem and f"{stem}high" in values:
            found[stem[:-1] if stem.endswith("_") else before] = key, f"{stem}high"
        before = key
    return found


def _within(value: Any, low: float | None, high: float | None) -> bool:
    margin = TOLERANCE * max(abs(low or 0), abs(high or 0))
    above = _number(value) and (low is None or value >= low - margin)
    return above and (high is None or value <= high + margin)


def _same(before: Any, after: Any) -> bool:
    if _number(before) and _number(after):
        return abs(after - before) <= TOLERANCE * max(abs(before), abs(after))
    return type(before) is type(after) and before == after


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
