"""A figure tells those who do not see it what it shows."""

from matplotlib.figure import Figure

from reprise.plots import alt_text, style


def drawn() -> Figure:
    figure = Figure()
    for axes, title in zip(figure.subplots(1, 2), ("Left", "On the\nright"), strict=True):
        axes.plot([0, 1], [0, 1], label="the median")
        style.finish(axes, "episode", "return (steps)", title)
        axes.legend()
    style.note(figure, "Band: 10 to 90%.")
    return figure


def test_a_text_has_titles_in_one_line_axes_labels_and_note_in_this_order_and_each_once():
    assert alt_text.described(drawn()) == (
        "Left; On the right. return (steps) against episode. Labels: the median. Band: 10 to 90%."
    )


def test_numbers_along_an_axis_are_no_labels_and_names_are():
    figure, axes = style.single(3)
    axes.set_xscale("log")
    axes.plot([1, 1000], [0, 2])
    axes.set_yticks([0, 1, 2], ["chance", "a rule", "a network"])
    figure.canvas.draw()
    assert alt_text.described(figure) == "Labels: chance; a rule; a network."
