"""Figures of variants name the baseline, keep who never arrives, and are the same bytes again."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from reprise.plots import style, variant_panels
from reprise.stats import improvement
from tests.plots import drawing

RNG = np.random.default_rng(0)
GROUPS = {
    "plain": RNG.normal(100, 5, 12),
    "better": RNG.normal(120, 5, 12),
    "worse": RNG.normal(90, 5, 12),
    "alike": RNG.normal(100, 5, 12),
}
CURVES = {name: pd.DataFrame(RNG.uniform(0, 200, (30, 6))) for name in ("plain", "a", "b")}
TIMES = {
    "plain": np.array([10.0, 30.0, np.nan, 20.0]),
    "fast": np.array([4.0, 5.0, 6.0, 7.0]),
    "never": np.full(4, np.nan),
}


def forest() -> Figure:
    found = improvement.compared(GROUPS, "plain", 0.9, seed=1)
    return variant_panels.forest(GROUPS, found, "plain", confidence=0.9, x_label="return (steps)")


def small_multiples() -> Figure:
    panels = {"one": {"plain": CURVES["plain"], "a": CURVES["a"]}, "two": {"a": CURVES["b"]}}
    return _multiples(panels)


def _multiples(panels: dict[str, dict[str, pd.DataFrame]]) -> Figure:
    reference, top = ("plain", CURVES["plain"]), style.Label(200, "the most")
    return variant_panels.small_multiples(panels, reference, top=top)


def reached() -> Figure:
    panels = {"return 100": TIMES, "return 150": {"plain": TIMES["never"]}}
    return variant_panels.reached(panels, x_label="steps", y_label="seeds")


def test_a_row_is_coloured_by_its_verdict_and_the_baseline_is_named():
    left, right = forest().axes
    assert [label.get_text() for label in left.get_yticklabels()] == list(GROUPS)
    colours = {text.get_text(): to_hex(text.get_color()) for text in right.texts}
    assert next(iter(colours)) == "the baseline"
    assert "90% intervals" in drawing.texts(forest())
    lines = [np.asarray(line.get_xdata()) for line in left.lines]
    np.testing.assert_array_equal([x for x in lines if len(x) == 12], list(GROUPS.values()))
    expected = (style.INK, style.BLUE, style.VERMILION, style.GREY)
    assert list(colours.values()) == [colour.lower() for colour in expected]


def test_a_variant_has_one_colour_in_all_panels():
    one, two = small_multiples().axes
    texts = [text for axes in (one, two) for text in axes.texts if text.get_text() == "a"]
    assert [to_hex(text.get_color()) for text in texts] == [style.VERMILION.lower()] * 2


def test_the_reference_is_dotted_in_the_panels_that_lack_it_only():
    one, two = small_multiples().axes
    dotted = [[line for line in axes.lines if line.get_linestyle() == ":"] for axes in (one, two)]
    assert [len(lines) for lines in dotted] == [0, 1]
    np.testing.assert_allclose(np.asarray(dotted[1][0].get_ydata()), CURVES["plain"].median(axis=1))


def test_a_reference_that_every_panel_has_is_not_explained():
    assert "Dotted" not in drawing.texts(_multiples({"one": {"plain": CURVES["plain"]}}))


def test_lines_end_at_the_share_that_arrives_and_a_dot_marks_when_half_of_the_seeds_are_there():
    above, below = reached().axes
    assert {text.get_text() for text in above.texts} == {"plain: 75%", "fast: 100%", "never: 0%"}
    assert [text.get_text() for text in below.texts] == ["plain: 0%"]
    marked = [[line for line in axes.lines if line.get_marker() == "o"] for axes in (above, below)]
    dots = [[np.asarray(line.get_xdata()).item() for line in lines] for lines in marked]
    assert dots == [[20.0, 5.0], []]


def test_shares_can_be_drawn_where_no_seed_ever_arrives():
    never = {"": {"never": TIMES["never"]}}
    figure = variant_panels.reached(never, x_label="steps", y_label="seeds")
    assert figure.axes[0].get_xlim() == (0, 1)
