"""Trainings without the pipeline: one call from anywhere, curves and networks in memory.

What is not given is as the chapter sets it, in the repository's params.yaml, but for the time
limits of another environment than the chapter's: they are its registered one. Nothing is written.

Shapes: N seeds, E evaluation episodes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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

if TYPE_CHECKING:
    import keras

CHAPTER = Path(__file__).parents[1] / parameters.PARAMETERS


class Asked(Played):
    """What a training asks for besides its algorithm's hyperparameters."""

    seeds: PositiveInt
    seed: Seed
    evaluation: Evaluation

    def needs(self: Any) -> Iterator[capacity.Need]:
        """Yield what training and evaluation ask for."""
        yield from self.evaluation.needs_for({"seeds": self.seeds})
        yield from self.needs_for({"seeds": self.seeds}, {})


class Reinforce(reinforce.Hyperparameters, Asked):
    """A training by REINFORCE."""


class DQN(dqn.Hyperparameters, Asked):
    """A training by deep Q-learning."""


class Outcome(NamedTuple):
    """What a training leaves, whatever the algorithm."""

    curves: pd.DataFrame
    played: Mapping[str, np.ndarray]  # by the way of playing, returns [limits, E, N]
    weights: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Trained:
    """Training runs side by side, one for each seed."""

    parameters: Reinforce | DQN
    """All values of the training, those of the chapter and those that were changed."""
    curves: pd.DataFrame
    """Training returns: a row an iteration (the mean of its episodes) or an episode, a column a
    seed."""
    returns: pd.DataFrame
    """Mean returns of evaluation episodes in Gymnasium: a row a seed, a column a time limit; NaN
    where the training diverged and there is no policy: see `networks.diverged`."""
    weights: Mapping[str, np.ndarray]
    """All seeds' networks, as `networks.to_arrays` names them."""

    def model(self, seed: int) -> keras.Sequential:
        """Return a seed's network as an ordinary Keras model.

        Of a policy it gives the probability of action 0, or that of each action if there are more
        than two; of a DQN, the Q-values.

        Raises:
            UserError: if there is no such seed.
        """
        return networks.to_keras(self.weights, seed)

    def save(self, path: str | Path) -> None:
        """Write all seeds' networks to an .npz file, from which `load` reads them."""
        artifacts.write(Path(path), self.weights)


def train(
    algorithm: str,
    environment: str | Mapping[str, Any] | None = None,
    seeds: int | None = None,
    **changes: Any,
) -> Trained:
    """Train an algorithm of the chapter on several seeds, and evaluate what was learned.

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
        environment: an id that Gymnasium knows, or a mapping as in params.yaml: `id`, and if there
            are any `kwargs`, `wrappers` and `solved_return`. Where it is not the chapter's, the
            limits `maximum_steps` and `evaluation["limits"]` are its registered one if not given.
        seeds: how many seeds.
        changes: other values by their names in the section: `seed`, from which all random numbers
            come, hyperparameters, and `evaluation`, of which what is not given stays.

    Raises:
        UserError: if a name is unknown or a value not allowed, or the environment cannot be made,
            does not fit or ignores its seed.
        EpisodeError: if the environment raises, or gives what does not fit or is not finite.
    """
    name = algorithm.removesuffix("_training")
    if name not in ALGORITHMS:
        meant = closest(name, ALGORITHMS)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(ALGORITHMS)}"
        raise UserError(f"algorithm {algorithm!r} is unknown; {hint}")
    model, run = ALGORITHMS[name]
    given = {"environment": environment, "seeds": seeds}
    changes |= {key: value for key, value in given.items() if value is not None}
    chapter = parameters.read(CHAPTER)[f"{name}_training"]
    asked = parameters.checked(_completed(chapter, model, changes), name, model)
    capacity.check(name, asked.needs())
    outcome = run(asked, training_keys(asked.seed, f"library {name}", range(asked.seeds)))
    returns = training.evaluated(outcome.played, asked.evaluation.limits)
    if lost := int(returns.iloc[:, 0].isna().sum()):
        warnings.warn(
            f"{lost} of {asked.seeds} seeds diverged: their weights are too large, or no numbers, "
            "and their returns are NaN",
            stacklevel=2,
        )
    return Trained(asked, outcome.curves, returns.rename_axis("seed"), outcome.weights)


def load(path: str | Path, seed: int) -> keras.Sequential:
    """Return the network of one seed as an ordinary Keras model.

    >>> import reprise
    >>> reprise.load("data/lunar_lander/weights.npz", seed=3).output_shape
    (None, 4)

    Args:
        path: a stage's weights, such as data/dqn_training/weights.npz, or what `Trained.save` has
            written.
        seed: the seed's number, as in the stage's samples.csv.

    Raises:
        UserError: if there is no such seed, or the file is none of Reprise's.
    """
    return networks.to_keras(artifacts.read_npz(Path(path)), seed)


def _completed(
    chapter: Mapping[str, Any], model: type[Asked], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the changes, and of the chapter's section what they leave open."""
    asked = {"seeds": chapter["pack_size"]} | dict(changes)
    played, evaluation = asked.get("environment"), asked.get("evaluation", {})
    if isinstance(played, str):
        played = {"id": played}
    usual = {key: chapter[key] for key in model.model_fields if key in chapter}
    if isinstance(played, Mapping):
        asked["environment"] = plain("?").model_dump(exclude={"id"}) | dict(played)
        if played.get("id") != chapter["environment"]["id"]:  # nor are the chapter's limits its own
            usual["maximum_steps"] = None
            usual["evaluation"] = usual["evaluation"] | {"limits": None}
    if isinstance(evaluation, Mapping):
        asked["evaluation"] = usual["evaluation"] | dict(evaluation)
    return usual | asked


def _reinforce(asked: Reinforce, keys: np.ndarray) -> Outcome:
    run = reinforce.train(asked, registry.make(asked.environment), keys)
    final = run.weights["final"]
    policies = {"greedy": reinforce.policy(final, asked)}
    run = evaluated(run, policies, asked.environment, asked.evaluation)
    curves = training.by_seed(run.returns, "iteration", first=1).set_index("iteration")
    return Outcome(curves, run.evaluations, reinforce.export(final, asked))


def _dqn(asked: DQN, keys: np.ndarray) -> Outcome:
    run = dqn.train(asked, registry.make(asked.environment), keys)
    policies = {name: dqn.policy(weights, asked) for name, weights in run.weights.items()}
    run = evaluated(run, policies, asked.environment, asked.evaluation)
    curves = training.by_seed(run.returns, "episode").set_index("episode")
    return Outcome(curves, run.evaluations, dqn.export(run.weights["final"], asked))


ALGORITHMS: dict[str, tuple[type[Any], Any]] = {
    "reinforce": (Reinforce, _reinforce),
    "dqn": (DQN, _dqn),
}
