"""`reprise.train` and `reprise.load`: training from Python, without the pipeline.

Values that you do not give come from the repository's params.yaml. Only an environment other than
the chapter's brings its own time limit, the registered one. Nothing is written.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reprise.agents import actor_critic, dqn, reinforce
from reprise.agents.evaluation import evaluated
from reprise.environments import registry
from reprise.environments.specification import Played, plain
from reprise.errors import UserError, suggestion
from reprise.hyperparameters import Evaluation, PositiveInt, Seed
from reprise.measures import training
from reprise.nn import networks
from reprise.pipeline import artifacts, parameters, progress
from reprise.seeds import training_keys
from reprise.trained import Trained

if TYPE_CHECKING:
    import keras

CHAPTER = Path(__file__).parents[1] / parameters.PARAMETERS


class Asked(Played):
    """The parameters of a training, without its algorithm's hyperparameters."""

    seeds: PositiveInt
    seed: Seed
    evaluation: Evaluation


class Reinforce(reinforce.Hyperparameters, Asked):
    """The parameters of a training by REINFORCE."""


class DQN(dqn.Hyperparameters, Asked):
    """The parameters of a training by deep Q-learning."""


class ActorCritic(actor_critic.Hyperparameters, Asked):
    """The parameters of a training by actor-critic."""


# Each algorithm's parameters and module, and the index of its curves: the name, the first number.
ALGORITHMS: dict[str, tuple[type[Any], Any, str, int]] = {
    "reinforce": (Reinforce, reinforce, "iteration", 1),
    "dqn": (DQN, dqn, "episode", 0),
    "actor_critic": (ActorCritic, actor_critic, "rollout", 1),
}


def train(
    algorithm: str,
    environment: str | Mapping[str, Any] | None = None,
    seeds: int | Iterable[int] | None = None,
    steps: int | None = None,
    **changes: Any,
) -> Trained:
    """Train an algorithm of the chapter and evaluate its policies.

    >>> import reprise
    >>> small = {"iterations": 3, "evaluation": {"episodes": 2}}
    >>> trained = reprise.train("reinforce", environment="CartPole-v1", seeds=2, **small)
    >>> trained.curves.shape
    (3, 2)
    >>> list(trained.returns)
    ['greedy_200', 'greedy_500']
    >>> trained.model(seed=0).output_shape
    (None, 1)

    All seeds form one pack, which one compiled program trains in this process. On a terminal or in
    a notebook, a line on stderr shows the time of compilation and training, then of evaluation.

    The same call gives the same bytes. `seeds=3` equals `seeds=[0, 1, 2]`. The random numbers of a
    seed depend only on its number and on `seed`, not on other seeds. But another number of seeds
    needs another program: its roundings may differ, and training can amplify them. Stages draw
    other random numbers than this function.

    Args:
        algorithm: `reinforce`, `actor_critic` or `dqn`; or its section of params.yaml, such as
            `dqn_training`.
        environment: an id of Gymnasium, or a mapping as in params.yaml: `id`, and optionally
            `kwargs`, `wrappers` and `solved_return`. For an environment other than the chapter's,
            `maximum_steps` and `evaluation["limits"]` default to its registered limit.
        seeds: the number of seeds, or a list of their numbers.
        steps: the environment steps of each seed, in place of iterations or episodes. A DQN then
            plays rounds of `train_every` steps until it has taken so many; it learns after each
            round instead of each episode, and `learning_starts` counts steps. REINFORCE trains for
            the iterations that fit even if every episode lasts `maximum_steps`, so it may take
            fewer steps. `Trained.steps` counts the steps taken.
        changes: other values by their names in the section: `seed` for all random numbers,
            hyperparameters, and parts of `evaluation`.

    Raises:
        UserError: a name is unknown or a value is not allowed, or the environment cannot be made,
            does not fit or ignores its seed.
        EpisodeError: the environment raises an error, or returns values that do not fit or are not
            finite.
    """
    name = algorithm.removesuffix("_training")
    if name not in ALGORITHMS:
        raise UserError(f"algorithm {algorithm!r} is unknown; {suggestion(name, ALGORITHMS)}")
    model, module, step, first = ALGORITHMS[name]
    numbers = _numbers(seeds) if isinstance(seeds, Iterable) else None
    given = {"environment": environment, "seeds": seeds if numbers is None else len(numbers)}
    changes |= {key: value for key, value in given.items() if value is not None}
    sections = parameters.read(CHAPTER)
    values = _completed(sections.get(name) or sections[f"{name}_training"], model, changes)
    if steps is not None:
        values |= _budget(values, name, changes, steps)
    asked = parameters.checked(values, name, model)
    if asked.notice:
        print(f"{name}: {asked.notice}", file=sys.stderr)
    numbers = numbers or list(range(asked.seeds))
    keys = training_keys(asked.seed, f"library {name}", numbers)
    label = f"{name} on {asked.environment.id}, seeds: {len(numbers)}"
    with progress.phases(label) as phase:
        phase("compilation and training")
        run = module.train(asked, registry.make(asked.environment), keys)
        phase("evaluation")
        policies = {way: module.policy(weights, asked) for way, weights in run.weights.items()}
        if module is not dqn:
            policies = {"greedy": policies["final"]}
        run = evaluated(run, policies, asked.environment, asked.evaluation)
    returns = training.evaluated(run.evaluations, asked.evaluation.limits)
    if lost := int(returns.iloc[:, 0].isna().sum()):
        warnings.warn(
            f"{lost} of {asked.seeds} seeds diverged: their weights are too large or NaN, so their "
            "returns are NaN",
            stacklevel=2,
        )
    step = step if getattr(asked, "total_episodes", 1) else "round"  # with a budget of steps
    curves = training.by_seed(run.returns, step, first).set_index(step)
    index = pd.Index(numbers, name="seed")
    played = pd.Series(run.steps[-1].astype(np.int64), index, name="steps")
    weights = module.export(run.weights["final"], asked) | {"seeds": np.array(numbers)}
    named = curves.set_axis([f"seed_{number}" for number in numbers], axis=1)
    return Trained(asked, named, returns.set_axis(index), played, weights)


def load(path: str | Path, seed: int) -> keras.Sequential:
    """Load a saved seed's network as an ordinary Keras model.

    >>> import reprise
    >>> reprise.load("data/lunar_lander/weights.npz", seed=3).output_shape
    (None, 4)

    The path is a stage's weights.npz or a file from `Trained.save`. The seed's number is the one in
    the stage's samples.csv.

    Raises:
        UserError: the seed is unknown, or the file holds no networks of Reprise.
    """
    return networks.to_keras(artifacts.read_npz(Path(path)), seed)


def _numbers(seeds: Iterable[Any]) -> list[int]:
    found = list(seeds)
    whole = all(isinstance(n, int | np.integer) and 0 <= n < 2**32 for n in found)
    if not found or not whole or len(set(found)) < len(found):
        allowed = "a number of seeds, or a list of different numbers from 0 to 2^32 - 1"
        raise UserError(f"seeds is {parameters.shown(seeds)}; allowed: {allowed}")
    return [int(number) for number in found]


def _budget(
    values: Mapping[str, Any], name: str, changes: Mapping[str, Any], steps: int
) -> dict[str, Any]:
    """List the values that a budget of steps changes."""
    if taken := {"iterations", "total_episodes", "total_steps"} & {*changes}:
        raise UserError(f"both steps and {min(taken)} are given; allowed: one of them")
    if "total_steps" in values:
        return dict.fromkeys({"total_episodes"} & {*values}) | {"total_steps": steps}
    one = parameters.checked(dict(values) | {"iterations": 1}, name, ALGORITHMS[name][0])
    each = one.episodes_per_iteration * one.maximum_steps
    if not isinstance(steps, int) or steps < each:
        why = f"{one.episodes_per_iteration} episodes of {one.maximum_steps} steps"
        raise UserError(f"steps is {steps}; allowed: at least {each}, for an iteration of {why}")
    return {"iterations": steps // each}


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
