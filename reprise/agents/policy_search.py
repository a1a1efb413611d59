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
    """The policy that looks best, and its estimated score."""

    policy: Floats  # [G]
    score: float


# It yields the policies to try [B, G] and its recommendation, and receives a score for each [B].
Search = Generator[tuple[Floats, Recommendation | None], Floats, None]


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
        """The number of policies in a generation."""
        return self.survivors * (1 + self.offspring)

    @model_validator(mode="after")
    def _has_strong_survivors(self) -> Self:
        if self.weak_survivors >= self.survivors:
            allowed = f"allowed: below survivors, {self.survivors}"
            raise ValueError(f"weak_survivors is {self.weak_survivors}; {allowed}")
        return self


class GradientAscent(Frozen):
    """Finite differences and the steps along them."""

    difference: Annotated[float, Field(gt=0, le=0.5)]  # to either side of a gene
    repeats: PositiveInt  # tries at each side
    learning_rate: PositiveFloat


def combinations(points: int, genes: int) -> Floats:
    """Return all combinations of equally spaced genes, [N, G].

    The last gene changes fastest.
    """
    axis = np.linspace(0, 1, points)
    return np.stack(np.meshgrid(*[axis] * genes, indexing="ij"), axis=-1).reshape(-1, genes)


def grid_search(grid: Grid, genes: int, batch: int) -> Search:
    """Try all combinations, again and again; recommend the highest mean."""
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
    """Try policies drawn uniformly; recommend the highest score of all."""
    recommendation = None
    while True:
        policies = generator.random((batch, genes))
        found = _best(policies, (yield policies, recommendation))
        if recommendation is None or found.score > recommendation.score:
            recommendation = found


def genetic_search(
    genetic: Genetic, parents: int, genes: int, generator: np.random.Generator
) -> Search:
    """Let the best survive and multiply; recommend a generation's best.

    Survivors are tried again with their offspring, which exposes a lucky score. With one parent an
    offspring is a mutated copy; with more, each gene comes from one of them and mutates.
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

    f is the mean of some tries. A side outside the cube is tried at the cube's surface, and the
    difference is divided by the actual distance.
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
    """Return places of the best policies and random others."""
    order = np.argsort(-scores, kind="stable")
    strong = genetic.survivors - genetic.weak_survivors
    weak = generator.choice(order[strong:], genetic.weak_survivors, replace=False)
    return np.concatenate([order[:strong], weak])


def crossed(
    survivors: Floats, offspring: int, parents: int, generator: np.random.Generator
) -> Floats:
    """Return survivors' offspring, each gene from a parent, [S·offspring, G].

    The first parent is the survivor itself; the others are other survivors drawn at random.
    """
    first = np.repeat(np.arange(len(survivors)), offspring)
    strides = generator.integers(1, len(survivors), (parents - 1, len(first)))
    family = np.concatenate([first[None], (first + strides) % len(survivors)])  # [parents, N]
    giver = generator.integers(parents, size=(len(first), survivors.shape[1]))  # [N, G]
    chosen = family[giver, np.arange(len(first))[:, None]]
    return survivors[chosen, np.arange(survivors.shape[1])]


def run(
    search: Search, evaluate: Callable[[Floats], Floats], evaluations: int, record_every: int
) -> list[Recommendation | None]:
    """Return recommendations after every `record_every` evaluations, [K].

    A search recommends nothing before the end of its first batch. Batches must add up to the
    evaluations.
    """
    recommended: list[Recommendation | None] = []
    (policies, known), used = next(search), 0
    while used < evaluations:
        scores = evaluate(policies)
        used += len(scores)
        recommended += [known] * ((used - 1) // record_every - len(recommended))
        policies, known = search.send(scores)
        if used % record_every == 0:
            recommended.append(known)
    return recommended


def _best(policies: Floats, scores: Floats) -> Recommendation:
    best = int(np.argmax(scores))
    return Recommendation(policies[best].copy(), float(scores[best]))
