"""Figures of credit show every step with its number, and half-lives where a reward counts half."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprise.plots import credit_assignment
from tests.plots import drawing

STEPS = pd.DataFrame({
    "episode": [0, 0, 0, 1, 1],
    "step": [0, 1, 2, 0, 1],
    "reward": [10, 0, -50, 10, 20],
    "return": [-22.0, -40.0, -50.0, 26.0, 20.0],
})  # fmt: skip


def worked_example() -> Figure:
    quantities = {"reward": "reward", "return": "return"}
    return credit_assignment.worked_example(STEPS, quantities, titles=["first", "second"])


def discount_weights() -> Figure:
    return credit_assignment.discount_weights({0.5: 1.0, 0.25: 0.5}, title="ahead")


drawn = drawing.drawn(worked_example, discount_weights)


@drawn
def test_a_figure_is_the_same_bytes_when_drawn_again_and_not_left_open(draw: Callable[[], Figure]):
    assert drawing.leaves_no_trace(draw)


def test_every_step_has_a_bar_of_its_value_with_the_number_at_it():
    grid = np.array(worked_example().axes).reshape(2, 2)
    for row, column in zip(grid, ("reward", "return"), strict=True):
        for axes, episode in zip(row, (0, 1), strict=True):
            values = STEPS.loc[STEPS["episode"] == episode, column].tolist()
            assert [bar.get_height() for bar in axes.patches] == values
            written = [float(text.get_text().replace("−", "-")) for text in axes.texts]
            assert written == values


def test_episodes_have_their_titles_and_quantities_their_labels():
    grid = np.array(worked_example().axes).reshape(2, 2)
    assert [axes.get_title(loc="left") for axes in grid[0]] == ["first", "second"]
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["reward", "return"]


def test_a_single_episode_of_equal_rewards_can_be_drawn():
    steps = pd.DataFrame({"episode": [0, 0], "step": [0, 1], "advantage": [0.0, 0.0]})
    figure = credit_assignment.worked_example(steps, {"advantage": "advantage"}, titles=["flat"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["0", "0"]


def test_weights_are_powers_of_the_discount_and_the_half_life_is_marked():
    (axes,) = discount_weights().axes
    lines = [(line.get_marker(), np.asarray(line.get_xydata()).tolist()) for line in axes.lines]
    assert ("None", [[0, 1], [1, 0.5], [2, 0.25]]) in lines
    assert ("None", [[0, 1], [1, 0.25], [2, 0.0625]]) in lines
    assert [points for mark, points in lines if mark == "o"] == [[[1.0, 0.5]], [[0.5, 0.5]]]
    assert {text.get_text() for text in axes.texts} == {
        "1.0 steps", "0.5 steps", "γ = 0.5", "γ = 0.25",
    }  # fmt: skip
