"""Policy search: try policies, and prefer those that score well.

A search is a generator. It proposes a batch of policies, receives their scores, and proposes the
next batch. With each batch it recommends the policy that looks best so far. A score is the result
of one noisy try. Each try costs one evaluation, even if the policy was tried before.

A policy is a list of genes from 0 to 1. A gene stands for a parameter; the caller knows which.

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
    """The policy that looks best, and its estimated score."""

    policy: Floats  # [G]
    score: float


# Yields the policies to try [B, G] and a recommendation, and receives a score for each [B].
Search = Generator[tuple[Floats, Recommendation | None], Floats, None]


class Grid(Frozen):
    """Every combination of equally spaced genes, from 0 to 1."""

    points: AtLeastTwo  # values of each gene


class Genetic(Frozen):
    """Hyperparameters of the genetic algorithm."""

    survivors: AtLeastTwo  # of each generation
    offspring: PositiveInt  # of each survivor
    mutation: Annotated[float, Field(gt=0, le=1)]  # the largest change of a gene, up or down
    weak_survivors: NonNegativeInt  # of the survivors, drawn at random from the weaker policies

    @property
    def population(self) -> int:
        """The number of policies in a generation."""
        return self.survivors * (1 + self.offspring)

    @model_validator(mode="after")
    def _has_strong_survivors(self) -> Self:
        if self.weak_survivors >= self.survivors:
            allowed = f"allowed: below survivors, {self.survivors}"
            raise ValueError(f"weak_survivors is {self.weak_survivors}; {allowed}")
        return self


class GradientAscent(Frozen):
    """Hyperparameters of gradient ascent by finite differences."""

    difference: Annotated[float, Field(gt=0, le=0.5)]  # h, to either side of a gene
    repeats: PositiveInt  # tries on each side
    learning_rate: PositiveFloat


def combinations(points: int, genes: int) -> Floats:
    """List all combinations of equally spaced genes, [B, G].

    The last gene changes fastest.
    """
    axis = np.linspace(0, 1, points)
    return np.stack(np.meshgrid(*[axis] * genes, indexing="ij"), axis=-1).reshape(-1, genes)


def grid_search(grid: Grid, genes: int, batch: int) -> Search:
    """Try all combinations, over and over; recommend the highest mean."""
    policies = combinations(grid.points, genes)
    sums, tries = np.zeros((2, len(policies)))
    recommendation, first = None, 0
    while True:
        tried = np.arange(first, first + batch) % len(policies)
        scores = yield policies[tried], recommendation
        np.add.at(sums, tried, scores)
        np.add.at(tries, tried, 1)
        recommendation = _best(policies, np.where(tries > 0, sums / np.maximum(tries, 1), -np.inf))
        first += batch


def random_search(genes: int, batch: int, generator: np.random.Generator) -> Search:
    """Try uniformly drawn policies; recommend the highest score so far."""
    recommendation = None
    while True:
        policies = generator.random((batch, genes))
        best = _best(policies, (yield policies, recommendation))
        if recommendation is None or best.score > recommendation.score:
            recommendation = best


def genetic_search(
    genetic: Genetic, parents: int, genes: int, generator: np.random.Generator
) -> Search:
    """Let the best survive and multiply; recommend a generation's best.

    Survivors are tried again with their offspring: a lucky score does not last. With one parent an
    offspring is a mutated copy. With more, each gene is a mutated copy of one parent's.
    """
    policies, recommendation = generator.random((genetic.population, genes)), None
    while True:
        scores = yield policies, recommendation
        recommendation = _best(policies, scores)
        survivors = policies[select(scores, genetic, generator)]
        children = crossed(survivors, genetic.offspring, parents, generator)
        moves = genetic.mutation * (2 * generator.random(children.shape) - 1)
        policies = np.concatenate([survivors, np.clip(children + moves, 0, 1)])


def gradient_ascent(ascent: GradientAscent, genes: int, generator: np.random.Generator) -> Search:
    """Climb along central differences; recommend the current policy.

        g_i = (f(θ + h e_i) - f(θ - h e_i)) / 2h,    θ ← clip(θ + η g, 0, 1)

    f is the mean score of several tries. A gene stays between 0 and 1; where that brings the two
    sides closer together, the difference is divided by their actual distance.
    """
    policy, recommendation = generator.random(genes), None
    while True:
        shifts = ascent.difference * np.stack([np.eye(genes), -np.eye(genes)])
        sides = np.clip(policy + shifts, 0, 1)  # [2, G, G]: side, shifted gene, genes
        scores = yield np.repeat(sides.reshape(-1, genes), ascent.repeats, axis=0), recommendation
        means = scores.reshape(2, genes, ascent.repeats).mean(axis=-1)
        slopes = (means[0] - means[1]) / np.diagonal(sides[0] - sides[1])
        policy = np.clip(policy + ascent.learning_rate * slopes, 0, 1)
        recommendation = Recommendation(policy, float(scores.mean()))


def select(scores: Floats, genetic: Genetic, generator: np.random.Generator) -> NDArray[np.int64]:
    """Select survivors: the best policies and some random others."""
    order = np.argsort(-scores, kind="stable")
    strong = genetic.survivors - genetic.weak_survivors
    weak = generator.choice(order[strong:], genetic.weak_survivors, replace=False)
    return np.concatenate([order[:strong], weak])


def crossed(
    survivors: Floats, offspring: int, parents: int, generator: np.random.Generator
) -> Floats:
    """Cross survivors: each gene comes from a random parent.

    A child's first parent is the survivor itself; the others are random other survivors. Returns
    the children of all survivors [C, G].
    """
    first = np.repeat(np.arange(len(survivors)), offspring)
    strides = generator.integers(1, len(survivors), (parents - 1, len(first)))
    family = np.concatenate([first[None], (first + strides) % len(survivors)])  # [parents, C]
    giver = generator.integers(parents, size=(len(first), survivors.shape[1]))  # [C, G]
    chosen = family[giver, np.arange(len(first))[:, None]]
    return survivors[chosen, np.arange(survivors.shape[1])]


def run(
    search: Search, evaluate: Callable[[Floats], Floats], evaluations: int, record_every: int
) -> list[Recommendation | None]:
    """Run a search; record its recommendation every `record_every` evaluations.

    Before the end of its first batch a search recommends nothing. The batches must add up to the
    evaluations.
    """
    records: list[Recommendation | None] = []
    (policies, recommendation), used = next(search), 0
    while used < evaluations:
        scores = evaluate(policies)
        used += len(scores)
        records += [recommendation] * ((used - 1) // record_every - len(records))
        policies, recommendation = search.send(scores)
        if used % record_every == 0:
            records.append(recommendation)
    return records


def _best(policies: Floats, scores: Floats) -> Recommendation:
    best = int(np.argmax(scores))
    return Recommendation(policies[best].copy(), float(scores[best]))
