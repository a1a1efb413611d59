"""What becomes of some quantities as one number changes."""

from reprise.plots import dqn_ablations
from reprise.plots.dqn_ablations import Response
from reprise.stats.intervals import Interval


def test_a_number_that_one_panel_lacks_is_named_in_all_of_them():
    found = {number: Interval(1.0, 0.5, 1.5, 9, False) for number in (0.001, 0.01, 0.03)}
    fewer = {number: found[number] for number in (0.01, 0.03)}
    figure = dqn_ablations.responses(
        [Response("return (steps)", found), Response("share that forgets", fewer)],
        chapter=0.01, x_label="learning rate",
    )  # fmt: skip
    for axes in figure.axes:
        assert [text.get_text() for text in axes.get_xticklabels()] == ["0.001", "0.01", "0.03"]
