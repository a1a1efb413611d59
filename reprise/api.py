"""`reprise.train` and `reprise.load`: training from Python, without the pipeline.

Values that are not given are those of the chapter, in the repository's params.yaml. Only the time
limits of another environment than the chapter's are its registered ones. Nothing is written.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reprise import capacity
from reprise.agents import dqn, reinforce
from reprise.agents.evaluation import evaluated
from reprise.environments import registry
from reprise.environments.specification import Played, plain
from reprise.errors import UserError, closest
from reprise.hyperparameters import Evaluation, PositiveInt, Seed
from reprise.measures import training
from reprise.nn import networks
from reprise.pipeline import artifacts, parameters
from reprise.seeds import training_keys
from reprise.stats.intervals import known_mean
from reprise.stats.words import bracketed

if TYPE_CHECKING:
    import keras

CHAPTER = Path(__file__).parents[1] / parameters.PARAMETERS


class Asked(Played):
    """The parameters of a training besides its algorithm's hyperparameters."""

    seeds: PositiveInt
    seed: Seed
    evaluation: Evaluation

    def needs(self: Any) -> Iterator[capacity.Need]:
        """Yield the needs of training and evaluation."""
        seeds = {"seeds": self.seeds}
        yield from self.evaluation.needs_for(seeds)
        yield from self.needs_for(seeds, seeds)


class Reinforce(reinforce.Hyperparameters, Asked):
    """A training by REINFORCE."""


class DQN(dqn.Hyperparameters, Asked):
    """A training by deep Q-learning."""


# The parameters of each algorithm, its module, and the name and first number of its curves' steps.
ALGORITHMS: dict[str, tuple[type[Any], Any, str, int]] = {
    "reinforce": (Reinforce, reinforce, "iteration", 1),
    "dqn": (DQN, dqn, "episode", 0),
}


@dataclass(frozen=True, eq=False)
class Trained:
    """Training runs side by side, one for each seed."""

    parameters: Reinforce | DQN
    """All values of the training, given or the chapter's."""
    curves: pd.DataFrame
    """Training returns: a row for each iteration (the mean of its episodes) or episode, a column
    for each seed."""
    returns: pd.DataFrame
    """Mean returns of evaluation episodes in Gymnasium: a row for each seed, a column for each time
    limit; NaN for a seed whose training diverged (see `networks.diverged`)."""
    weights: Mapping[str, np.ndarray]
    """The networks of all seeds, named as in `networks.to_arrays`."""

    def __repr__(self) -> str:
        """Return the environment, the first mean return, and the fields."""
        column = self.returns.columns[0]
        mean = known_mean(self.returns[column])
        return (
            f"{type(self.parameters).__name__} on {self.parameters.environment.id}\n"
            f"{column}: mean return {bracketed(mean)} (95% interval) of {mean.n} of "
            f"{len(self.returns)} seeds\n"
            "fields: curves, returns, weights, parameters; methods: model(seed), save(path)"
        )

    def model(self, seed: int) -> keras.Sequential:
        """Return a seed's network as an ordinary Keras model.

        A policy gives the probability of action 0, or of each action if there are more than two; a
        DQN gives Q-values. A seed that is not there raises a UserError.
        """
        return networks.to_keras(self.weights, seed)

    def save(self, path: str | Path) -> None:
        """Write all seeds' networks to an .npz file for `load`."""
        artifacts.write(Path(path), self.weights)


def train(
    algorithm: str,
    environment: str | Mapping[str, Any] | None = None,
    seeds: int | None = None,
    **changes: Any,
) -> Trained:
    """Train an algorithm of the chapter, and evaluate the policies.

    >>> import reprise
    >>> small = {"iterations": 3, "evaluation": {"episodes": 2}}
    >>> trained = reprise.train("reinforce", environment="CartPole-v1", seeds=2, **small)
    >>> trained.curves.shape
    (3, 2)
    >>> list(trained.returns)
    ['greedy_200', 'greedy_500']
    >>> trained.model(seed=0).output_shape
    (None, 1)

    All seeds are one pack in this process. The same call gives the same bytes; another number of
    seeds is another program, and its bits may differ.

    Args:
        algorithm: `reinforce` or `dqn`; or its section of params.yaml, such as `dqn_training`.
        environment: an id of Gymnasium, or a mapping as in params.yaml: `id`, and optionally
            `kwargs`, `wrappers` and `solved_return`. For another environment than the chapter's,
            `maximum_steps` and `evaluation["limits"]` default to its registered limit.
        seeds: the number of seeds.
        changes: other values by their names in the section: `seed` for all random numbers,
            hyperparameters, and parts of `evaluation`.

    Raises:
        UserError: if a name is unknown or a value is not allowed, or the environment cannot be
            made, does not fit or ignores its seed.
        EpisodeError: if the environment raises, or returns values that do not fit or are not
            finite.
    """
    name = algorithm.removesuffix("_training")
    if name not in ALGORITHMS:
        meant = closest(name, ALGORITHMS)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(ALGORITHMS)}"
        raise UserError(f"algorithm {algorithm!r} is unknown; {hint}")
    model, module, step, first = ALGORITHMS[name]
    given = {"environment": environment, "seeds": seeds}
    changes |= {key: value for key, value in given.items() if value is not None}
    chapter = parameters.read(CHAPTER)[f"{name}_training"]
    asked = parameters.checked(_completed(chapter, model, changes), name, model)
    capacity.check(name, asked.needs())
    if asked.notice:
        print(f"{name}: {asked.notice}", file=sys.stderr)
    keys = training_keys(asked.seed, f"library {name}", range(asked.seeds))
    run = module.train(asked, registry.make(asked.environment), keys)
    policies = {way: module.policy(weights, asked) for way, weights in run.weights.items()}
    if module is reinforce:
        policies = {"greedy": policies["final"]}
    run = evaluated(run, policies, asked.environment, asked.evaluation)
    returns = training.evaluated(run.evaluations, asked.evaluation.limits).rename_axis("seed")
    if lost := int(returns.iloc[:, 0].isna().sum()):
        warnings.warn(
            f"{lost} of {asked.seeds} seeds diverged: their weights are too large, or no numbers, "
            "and their returns are NaN",
            stacklevel=2,
        )
    curves = training.by_seed(run.returns, step, first).set_index(step)
    return Trained(asked, curves, returns, module.export(run.weights["final"], asked))


def load(path: str | Path, seed: int) -> keras.Sequential:
    """Return a saved seed's network as an ordinary Keras model.

    >>> import reprise
    >>> reprise.load("data/lunar_lander/weights.npz", seed=3).output_shape
    (None, 4)

    The path is a stage's weights or a file of `Trained.save`; the seed's number is as in the
    stage's samples.csv.

    Raises:
        UserError: if there is no such seed, or the file has no networks of Reprise.
    """
    return networks.to_keras(artifacts.read_npz(Path(path)), seed)


def _completed(
    chapter: Mapping[str, Any], model: type[Asked], changes: Mapping[str, Any]
) -> dict[str, Any]:
    asked = {"seeds": chapter["pack_size"]} | dict(changes)
    played, evaluation = asked.get("environment"), asked.get("evaluation", {})
    if isinstance(played, str):
        played = {"id": played}
    usual = {key: chapter[key] for key in model.model_fields if key in chapter}
    if isinstance(played, Mapping):
        asked["environment"] = plain("?").model_dump(exclude={"id"}) | dict(played)
        if played.get("id") != chapter["environment"]["id"]:  # the chapter's limits do not apply
            usual["maximum_steps"] = None
            usual["evaluation"] = usual["evaluation"] | {"limits": None}
    if isinstance(evaluation, Mapping):
        asked["evaluation"] = usual["evaluation"] | dict(evaluation)
    return usual | asked
