"""Searches use their tries as the chapter describes."""

import random  # noqa: TID251 (what neat-python must leave as it was)
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise.agents import neat, policy_search
from reprise.agents.policy_search import Floats, Genetic, GradientAscent, Grid
from reprise.errors import UserError
from reprise.hyperparameters import Evaluation

GENETIC = Genetic(survivors=20, offspring=4, mutation=0.1, weak_survivors=0)
PEAK = np.array([0.7, 0.3])
NEAT_INI = Path("data/inputs/neat.ini")
NEAT = neat.Neat(
    seeds=1, population=20, generations=3, episodes=1, maximum_steps=60,
    evaluation=Evaluation(episodes=2, first_seed=1000, limits=(60,), solved_share=0.9),
)  # fmt: skip


def hill(policies: Floats) -> Floats:
    """Score policies without noise; the best is the peak."""
    return 1 - ((policies - PEAK) ** 2).sum(axis=1)


def all_searches() -> dict[str, policy_search.Search]:
    generator = np.random.default_rng
    ascent = GradientAscent(difference=0.1, repeats=5, learning_rate=0.25)
    return {
        "grid": policy_search.grid_search(Grid(points=10), 2, 20),
        "random": policy_search.random_search(2, 20, generator(1)),
        "asexual": policy_search.genetic_search(GENETIC, 1, 2, generator(2)),
        "sexual": policy_search.genetic_search(GENETIC, 2, 2, generator(3)),
        "gradient": policy_search.gradient_ascent(ascent, 2, generator(4)),
    }


@pytest.mark.parametrize("name", all_searches())
def test_every_search_nears_the_top_of_a_smooth_hill_in_500_tries(name: str):
    tried = []

    def evaluate(policies: Floats) -> Floats:
        assert ((policies >= 0) & (policies <= 1)).all()
        tried.append(len(policies))
        return hill(policies)

    recommended = policy_search.run(all_searches()[name], evaluate, 500, 20)
    assert sum(tried) == 500
    assert len(recommended) == 25
    last = recommended[-1]
    assert last is not None
    assert hill(last.policy[None])[0] > 0.99


def test_the_best_of_the_chapters_100_policies_survive_and_if_asked_some_of_the_weak():
    assert GENETIC.population == 100
    scores = np.arange(100.0)
    survivors = policy_search.select(scores, GENETIC, np.random.default_rng(1))
    assert sorted(survivors) == list(range(80, 100))
    diverse = GENETIC.model_copy(update={"weak_survivors": 8})
    survivors = policy_search.select(scores, diverse, np.random.default_rng(1))
    assert len(set(survivors.tolist())) == 20
    assert set(survivors[:12].tolist()) == set(range(88, 100))
    assert (survivors[12:] < 88).all()


@given(st.integers(2, 9), st.integers(1, 5), st.integers(1, 4), st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_each_gene_of_an_offspring_is_one_of_its_parents(survivors, offspring, parents, seed):
    genes = np.arange(3 * survivors, dtype=float).reshape(survivors, 3)
    children = policy_search.crossed(genes, offspring, parents, np.random.default_rng(seed))
    assert children.shape == (survivors * offspring, 3)
    assert (children % 3 == np.arange(3)).all()  # a gene stays in its place
    givers = children // 3
    assert max(len(set(child)) for child in givers.tolist()) <= parents
    if parents == 1:
        assert (children == np.repeat(genes, offspring, axis=0)).all()


def test_gradient_ascent_follows_the_true_slope_of_a_plane():
    ascent = GradientAscent(difference=0.1, repeats=2, learning_rate=0.05)
    search = policy_search.gradient_ascent(ascent, 2, np.random.default_rng(3))
    slope = np.array([0.5, -0.25])
    probes, _ = next(search)
    start = np.random.default_rng(3).random(2)
    assert (np.unique(probes, axis=0).shape, len(probes)) == ((4, 2), 8)
    _, recommendation = search.send(probes @ slope)
    assert recommendation is not None
    assert recommendation.policy == pytest.approx(start + 0.05 * slope)


def test_a_search_of_neat_depends_on_its_seed_only_and_restores_pythons_randomness():
    before = random.getstate()
    first, _, again = (neat.run(NEAT, NEAT_INI, "CartPole-v1", 1, n) for n in (0, 1, 0))
    assert random.getstate() == before
    assert first.winner == again.winner
    assert first.fitness.equals(again.fitness)
    assert (first.returns == again.returns).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("num_outputs", "num_output"), "num_output"),
        (("[DefaultStagnation]", "[Stagnation]"), "DefaultStagnation"),
        (("[NEAT]", ""), "no section headers"),
    ],
)
def test_bad_settings_of_neat_python_are_refused(change: tuple[str, str], message: str, tmp_path):
    path = tmp_path / "neat.ini"
    path.write_text(NEAT_INI.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        neat.configuration(NEAT, path)
    with pytest.raises(UserError, match="does not exist"):
        neat.configuration(NEAT, tmp_path / "none.ini")
