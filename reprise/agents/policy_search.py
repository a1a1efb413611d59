"""Searches for good policy parameters by nothing but trying policies.

A search is a generator: it proposes a batch of policies, receives their scores, and goes on. With
each batch it recommends the policy that looks best so far. A score is one noisy try and costs one
evaluation, also for a policy that was tried before.

A policy is a point of the unit cube, one gene for each parameter; the caller knows their meaning.

Axes: B policies of a batch, G genes.

Source: the chapter, "Policy search"; A. Eiben and J. Smith, Introduction to evolutionary computing,
2015, chapters 4 and 5; J. Peters and S. Schaal, Policy gradient methods for robotics, 2006, II.A.
"""

from collections.abc import Callable, Generator
from typing import Annotated, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from reprise.hyperparameters import AtLeastTwo, Frozen, NonNegativeInt, PositiveFloat, PositiveInt

Floats = NDArray[np.float64]


class Recommendation(NamedTuple):
    """The policy that looks best to a search, and its estimated score."""

    policy: Floats  # [G]
    score: float


class Proposal(NamedTuple):
    """The next policies to try, and the current recommendation."""

    policies: Floats  # [B, G]
    recommendation: Recommendation | None


Search = Generator[Proposal, Floats, None]
Evaluate = Callable[[Floats], Floats]  # from policies [B, G] to one score for each, [B]


class Grid(Frozen):
    """Every combination of equally spaced genes, from 0 to 1."""

    points: AtLeastTwo  # of each gene


class Genetic(Frozen):
    """A genetic algorithm's population and its variation."""

    survivors: AtLeastTwo  # of each generation
    offspring: PositiveInt  # of each survivor
    mutation: Annotated[float, Field(gt=0, le=1)]  # the largest change of a gene, up or down
    weak_survivors: NonNegativeInt  # survivors drawn at random from the policies below the best

    @property
    def population(self) -> int:
        """Return the number of policies in a generation."""
        return self.survivors * (1 + self.offspring)

    @model_validator(mode="after")
    def _has_strong_survivors(self) -> Self:
        if self.weak_survivors >= self.survivors:
            raise ValueError(
                f"weak_survivors is {self.weak_survivors}; allowed: below survivors, "
                f"{self.survivors}"
            )
        return self


class GradientAscent(Frozen):
    """Finite differences and the steps along them."""

    difference: Annotated[float, Field(gt=0, le=0.5)]  # to either side of a gene
    repeats: PositiveInt  # tries at each side
    learning_rate: PositiveFloat


def combinations(points: int, genes: int) -> Floats:
    """Return every combination of equally spaced genes, the last gene changing fastest, [N, G]."""
    axis = np.linspace(0, 1, points)
    return np.stack(np.meshgrid(*[axis] * genes, indexing="ij"), axis=-1).reshape(-1, genes)


def grid_search(grid: Grid, genes: int, batch: int) -> Search:
    """Try every combination in turn, then all of them again; recommend the highest mean score."""
    policies = combinations(grid.points, genes)
    sums, tries = np.zeros(len(policies)), np.zeros(len(policies))
    recommendation, first = None, 0
    while True:
        tried = np.arange(first, first + batch) % len(policies)
        scores = yield Proposal(policies[tried], recommendation)
        np.add.at(sums, tried, scores)
        np.add.at(tries, tried, 1)
        means = np.where(tries > 0, sums / np.maximum(tries, 1), -np.inf)
        recommendation = _best(policies, means)
        first += batch


def random_search(genes: int, batch: int, generator: np.random.Generator) -> Search:
    """Try policies drawn uniformly; recommend the one with the highest score of all."""
    recommendation = None
    while True:
        policies = generator.random((batch, genes))
        scores = yield Proposal(policies, recommendation)
        found = _best(policies, scores)
        if recommendation is None or found.score > recommendation.score:
            recommendation = found


def genetic_search(
    genetic: Genetic, parents: int, genes: int, generator: np.random.Generator
) -> Search:
    """Let the best survive and multiply; recommend the best of the latest generation.

    Survivors are tried again with their offspring, which exposes a lucky score.

    Args:
        genetic: the population and its variation.
        parents: of each offspring: 1 is asexual, a mutated copy; with more, each gene comes from
            one of the parents and mutates.
        genes: G.
        generator: of all random numbers except those of the scores.
    """
    policies, recommendation = generator.random((genetic.population, genes)), None
    while True:
        scores = yield Proposal(policies, recommendation)
        recommendation = _best(policies, scores)
        survivors = policies[select(scores, genetic, generator)]
        children = crossed(survivors, genetic.offspring, parents, generator)
        children = mutated(children, genetic.mutation, generator)
        policies = np.concatenate([survivors, children])


def gradient_ascent(ascent: GradientAscent, genes: int, generator: np.random.Generator) -> Search:
    """Climb from a random policy along central differences; recommend the current policy.

        g_i = (f(θ + h e_i) - f(θ - h e_i)) / 2h,    θ ← clip(θ + η g, 0, 1)

    f is the mean of some tries. A side outside the cube is tried at the cube's surface, and the
    difference is divided by the actual distance.
    """
    policy, recommendation = generator.random(genes), None
    while True:
        shifts = ascent.difference * np.stack([np.eye(genes), -np.eye(genes)])
        sides = np.clip(policy + shifts, 0, 1)  # [2, G, G]: side, shifted gene, genes
        probes = np.repeat(sides.reshape(-1, genes), ascent.repeats, axis=0)
        scores = yield Proposal(probes, recommendation)
        means = scores.reshape(2, genes, ascent.repeats).mean(axis=-1)
        ways = np.diagonal(sides[0] - sides[1])
        slopes = (means[0] - means[1]) / ways
        policy = np.clip(policy + ascent.learning_rate * slopes, 0, 1)
        recommendation = Recommendation(policy, float(scores.mean()))


def select(scores: Floats, genetic: Genetic, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return the indices of the survivors: the best policies, and some others at random."""
    order = np.argsort(-scores, kind="stable")
    strong = genetic.survivors - genetic.weak_survivors
    weak = generator.choice(order[strong:], genetic.weak_survivors, replace=False)
    return np.concatenate([order[:strong], weak])


def crossed(
    survivors: Floats, offspring: int, parents: int, generator: np.random.Generator
) -> Floats:
    """Return each survivor's offspring, every gene from one of its parents, [S·offspring, G].

    The first parent is the survivor itself; the others are other survivors drawn at random.
    """
    first = np.repeat(np.arange(len(survivors)), offspring)
    strides = generator.integers(1, len(survivors), (parents - 1, len(first)))
    family = np.concatenate([first[None], (first + strides) % len(survivors)])  # [parents, N]
    giver = generator.integers(parents, size=(len(first), survivors.shape[1]))  # [N, G]
    chosen = family[giver, np.arange(len(first))[:, None]]
    return survivors[chosen, np.arange(survivors.shape[1])]


def mutated(policies: Floats, mutation: float, generator: np.random.Generator) -> Floats:
    """Return policies with a random change of each gene, within the cube."""
    moves = mutation * (2 * generator.random(policies.shape) - 1)
    return np.clip(policies + moves, 0, 1)


def run(
    search: Search, evaluate: Evaluate, evaluations: int, record_every: int
) -> list[Recommendation | None]:
    """Run a search and return its recommendation after every `record_every` evaluations, [K].

    A search recommends nothing before the end of its first batch. Batches must add up to the
    evaluations.
    """
    recommended: list[Recommendation | None] = []
    proposal, used = next(search), 0
    while used < evaluations:
        scores = evaluate(proposal.policies)
        known, used = proposal.recommendation, used + len(scores)
        proposal = search.send(scores)
        recommended += [known] * ((used - 1) // record_every - len(recommended))
        if used % record_every == 0:
            recommended.append(proposal.recommendation)
    return recommended


def _best(policies: Floats, scores: Floats) -> Recommendation:
    best = int(np.argmax(scores))
    return Recommendation(policies[best].copy(), float(scores[best]))
