"""Absorbing Markov chains: closed forms, paths, refused chains."""

import numpy as np
import pytest

from reprise.tabular import markov_chain
from reprise.tabular.markov_chain import absorption, from_matrix, from_yaml, length_distribution
from tests.tabular.refusal import refusal


@pytest.fixture(scope="module")
def chapter():
    return from_yaml("data/inputs/markov_chain.yaml")


def gamblers_ruin(win, goal):
    """Capital 0 to goal; each bet wins or loses one."""
    matrix = np.zeros((goal + 1, goal + 1))
    matrix[0, 0] = matrix[goal, goal] = 1
    for capital in range(1, goal):
        matrix[capital, capital + 1], matrix[capital, capital - 1] = win, 1 - win
    return from_matrix(matrix, [f"capital {n}" for n in range(goal + 1)])


def walked(chain, start, paths, shown=3):
    generators = [np.random.default_rng([1, path]) for path in range(paths)]
    return markov_chain.simulate(chain, start, generators, shown)


def test_the_chapters_chain_is_absorbed_after_16_steps_with_variance_328(chapter):
    rows = [[0.7, 0.2, 0, 0.1], [0, 0, 0.9, 0.1], [0, 1, 0, 0], [0, 0, 0, 1]]
    assert chapter.probabilities.tolist() == rows
    assert chapter.names(chapter.absorbing) == ["s3"]
    solved = absorption(chapter)
    np.testing.assert_allclose(solved.steps, [16, 19, 20], rtol=1e-13)
    assert solved.variance[0] == pytest.approx(328, rel=1e-12)
    np.testing.assert_allclose(solved.visits[0], [10 / 3, 20 / 3, 6], rtol=1e-13)
    np.testing.assert_allclose(solved.ends, 1, rtol=1e-13)


def test_a_state_left_with_probability_p_is_left_after_a_geometric_time():
    chain = from_matrix([[0.8, 0.2], [0, 1]])
    assert absorption(chain).steps[0] == pytest.approx(1 / 0.2, rel=1e-14)
    assert absorption(chain).variance[0] == pytest.approx(0.8 / 0.2**2, rel=1e-13)
    lengths = length_distribution(chain, 30)[:, 0]
    np.testing.assert_allclose(lengths, 0.2 * 0.8 ** np.arange(30), rtol=1e-12)


def test_the_lengths_have_the_mean_and_the_variance_of_the_closed_form(chapter):
    for chain in (chapter, gamblers_ruin(0.4, 5)):
        solved, n = absorption(chain), np.arange(1, 2001)[:, np.newaxis]
        lengths = length_distribution(chain, 2000)
        np.testing.assert_allclose((n * lengths).sum(axis=0), solved.steps, rtol=1e-9)
        spread = (n * n * lengths).sum(axis=0) - solved.steps**2
        np.testing.assert_allclose(spread, solved.variance, rtol=1e-7, atol=1e-9)


def test_a_fair_game_is_ruin_or_gain_in_proportion_to_the_capital():
    solved = absorption(gamblers_ruin(0.5, 6))
    capital = np.arange(1, 6)
    np.testing.assert_allclose(solved.steps, capital * (6 - capital), rtol=1e-13)
    np.testing.assert_allclose(solved.ends, np.stack([1 - capital / 6, capital / 6], 1), rtol=1e-13)


def test_simulated_paths_agree_with_the_closed_form():
    chain, n = gamblers_ruin(0.4, 5), 4000
    solved, paths = absorption(chain), walked(chain, "capital 3", n)
    steps, won = solved.steps[2], solved.ends[2, 1]
    assert won == pytest.approx((1 - 1.5**3) / (1 - 1.5**5))
    assert (paths.ends == 5).mean() == pytest.approx(won, abs=5 * np.sqrt(won * (1 - won) / n))
    assert set(np.unique(paths.ends)) == {0, 5}
    assert paths.steps.mean() == pytest.approx(steps, abs=5 * np.sqrt(solved.variance[2] / n))
    visits = paths.visits[:, solved.transient]
    assert (visits.sum(axis=1) == paths.steps).all()
    np.testing.assert_allclose(visits.mean(axis=0), solved.visits[2], atol=0.1)


def test_a_path_depends_on_no_other_path_and_keeps_its_states_if_it_is_shown():
    chain = from_matrix([[0.995, 0.005], [0, 1]])
    few, many = walked(chain, "s0", 5), walked(chain, "s0", 50)
    assert (few.steps == many.steps[:5]).all()
    for steps, states in zip(many.steps, many.shown, strict=False):
        assert states.tolist() == [0] * steps + [1]


CIRCLE = from_matrix([[0, 0.5, 0.5, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], list("abcd"))
RARE = from_matrix([[0, 1, 1e-300], [1, 0, 0], [0, 0, 1]])
LONG = from_matrix([[1 - 1e-12, 1e-12], [0, 1]])
CHAPTER = from_matrix([[0.5, 0.5], [0, 1]], ["s0", "end"])


@pytest.mark.parametrize(
    ("chain", "start", "message"),
    [
        (CIRCLE, "a", "no absorbing state is reached from states 'a', 'b', 'c'"),
        (RARE, "s0", "states 's0', 's1': absorption is too rare"),
        (LONG, "s0", "start state 's0': 2 paths of 1e+12 steps on average"),
        (CHAPTER, "end", "start state 'end' is absorbing; allowed: s0"),
        (CHAPTER, "s9", "unknown state 's9'; allowed: s0, end"),
    ],
)
def test_a_chain_that_cannot_be_walked_is_refused(chain, start, message):
    assert refusal(walked, chain, start, 2).startswith(message)


ROW = ".transitions.s0.s1 is"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  s0: {s0: 0.7, s1: 0.2}\n  s1: {s1: 1}", ": state 's0': probabilities sum to 0.9; a"),
        ("  s0: {s1: 1}", ": state 's1': probabilities sum to 0; allowed: 1 within 1e-06"),
        ("  s0: {s1: .nan}\n  s1: {s1: 1}", f"{ROW} nan; allowed: less than or equal to 1"),
        ("  s0: {s1: often}", f"{ROW} 'often'; allowed: a valid number"),
        ("  s0: {s2: 1}", ": unknown state 's2'; allowed: s0, s1"),
        ("  s00: {s1: 1}", ": unknown state 's00'; allowed: s0, s1; closest match: 's0'"),
        (b"\xff", ""),
        (None, " cannot be read: No such file"),
    ],
)
def test_a_bad_file_is_an_error_that_names_file_and_place(tmp_path, text, message):
    path = tmp_path / "chain.yaml"
    if text is not None:
        rows = text.encode() if isinstance(text, str) else text
        path.write_bytes(b"states: [s0, s1]\ntransitions:\n" + rows)
    assert refusal(from_yaml, path).startswith(f"{path}{message}")


def test_a_matrix_that_is_not_square_is_refused():
    message = "probabilities have shape (2, 3); allowed: [S, S]"
    assert refusal(from_matrix, np.ones((2, 3))) == message
