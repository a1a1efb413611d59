"""A small picture of a verdict: an interval and the claimed range."""

import itertools
import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 132, 18, 6


def interval(
    ends: Sequence[float], margins: Sequence[float], holds: Callable[[float], bool]
) -> Markup:
    """Return an interval as SVG, empty if an end is missing or not finite.

    Args:
        ends: low end, estimate and high end.
        margins: borders of the claimed range.
        holds: tells whether a number lies in the claimed range.
    """
    if not ends or not all(map(math.isfinite, ends)):
        return Markup("")
    points = [*ends, *margins]
    middle, half = (min(points) + max(points)) / 2, (max(points) - min(points)) / 2 or 1
    left, right = middle - 1.3 * half, middle + 1.3 * half

    def x(value: float) -> float:
        return EDGE + (value - left) / (right - left) * (WIDTH - 2 * EDGE)

    cuts = [left, *margins, right]
    claimed = [(a, b) for a, b in itertools.pairwise(cuts) if holds((a + b) / 2)]
    low, estimate, high = (f"{x(end):.1f}" for end in ends)
    parts = [
        f'<rect class="claimed" x="{x(a):.1f}" y="2" width="{x(b) - x(a):.1f}" height="14"/>'
        for a, b in claimed
    ]
    parts += [
        f'<line class="axis" x1="{EDGE}" y1="9" x2="{WIDTH - EDGE}" y2="9"/>',
        *(
            f'<line class="margin" x1="{x(m):.1f}" y1="2" x2="{x(m):.1f}" y2="16"/>'
            for m in margins
        ),
        f'<line class="interval" x1="{low}" y1="9" x2="{high}" y2="9"/>',
        f'<circle class="estimate" cx="{estimate}" cy="9" r="3.6"/>',
    ]
    return Markup(
        f'<svg class="mark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )
