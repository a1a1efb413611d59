"""Studies a training stage with many settings over many seeds.

Reads params.yaml, also the section of the studied stage. Writes to data/hyperparameter_study/:
    metrics.json    the best and the worst setting, those that solve the task, effects, few seeds
    samples.csv     a row for each setting and seed
    settings.csv    a row for each setting
    choice.csv      the seeds that report a chosen setting, by what was tuned
    effects.csv     a row for each value of each hyperparameter, over all settings with it
    few_seeds.csv   how often few seeds put a pair of settings in the wrong order

The first `choosing_seeds` of each setting choose a setting, and only the others report it: the best
of many settings looks too good on the seeds that chose it.

A run is one seed of one setting. The runs of a pack share a compiled program but not its numbers.
All packs have the same size, so further seeds fill a program's last pack and are then dropped.
"""

import math
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from reprise import hyperparameters as kinds
from reprise import seeds, settings
from reprise.agents import dqn, evaluation, reinforce
from reprise.environments import registry
from reprise.environments.specification import notice, with_limits
from reprise.hyperparameters import AtLeastTwo, Evaluation, Frozen, PositiveInt, Seed, Some
from reprise.measures import ranking, training
from reprise.pipeline import packs, stage
from reprise.settings import Setting
from stages import dqn_training, reinforce_training

NAME = "hyperparameter_study"
SUBJECTS = {
    "dqn_training": (dqn_training.Params, dqn),
    "reinforce_training": (reinforce_training.Params, reinforce),
}


class Tried(Frozen):
    """A hyperparameter and its values."""

    name: str
    values: Some[Any]


class Params(Frozen):
    """The section of params.yaml, with that of the studied stage."""

    seed: Seed
    stage: Literal["dqn_training", "reinforce_training"]  # the studied stage
    grid: Some[Tried]  # the last one varies fastest; a list, as DVC ignores a mapping's order
    sample: PositiveInt | None  # settings drawn at random from the grid; null for all
    seeds: AtLeastTwo
    choosing_seeds: PositiveInt  # of each setting, the first; the others report
    pack_size: PositiveInt
    few_seeds: Some[PositiveInt]
    evaluation: Evaluation
    base: Any = None  # the section of the studied stage as its own model

    @staticmethod
    def borrowed(section: Mapping[str, Any]) -> dict[str, tuple[str, type[Frozen]]]:
        """Return the section and the model of the field `base`."""
        name = section.get("stage")
        return {"base": (name, SUBJECTS[name][0])} if name in list(SUBJECTS) else {}

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not (base := values.get("base")):
            return values
        played = base.get("environment") if isinstance(base, Mapping) else base.environment
        return with_limits(values, played)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [tried.name for tried in self.grid]
        if len(set(names)) < len(names):
            raise ValueError(f"grid has a name twice: {', '.join(names)}")
        try:
            number = len(self.settings())
        except ValueError as error:
            raise ValueError(f"grid of {self.stage}: {error}") from None
        if number < 2 or self.sample == 1:
            raise ValueError("grid makes one setting; allowed: at least 2, to be compared")
        if (self.sample or 0) > number:
            raise ValueError(f"sample is {self.sample}; allowed: at most {number}, the grid")
        if (first := self.choosing_seeds) >= self.seeds:
            raise ValueError(f"choosing_seeds is {first}; allowed: less than seeds, {self.seeds}")
        if (most := max(self.few_seeds)) > self.seeds:
            raise ValueError(f"few_seeds has {most}; allowed: at most seeds, {self.seeds}")
        return self

    @property
    def notice(self) -> str | None:
        """The notice to print before a run, if any."""
        return notice(self.base.environment, self.base.maximum_steps, self.evaluation.limits)

    @property
    def environment(self) -> Any:
        """The environment of the studied stage."""
        return self.base.environment

    def settings(self, own: bool = False) -> list[Setting]:
        """List the grid's settings, or only the studied stage's own."""
        values = {t.name: [getattr(self.base, t.name)] if own else t.values for t in self.grid}
        return settings.grid(self.base, SUBJECTS[self.stage][1].Hyperparameters, values)

    def programs(self) -> dict[str, list[Setting]]:
        """Group the settings to try by the program they share."""
        every, found = self.settings(), {}
        drawn = seeds.generator(self.seed, f"{NAME} settings").permutation(len(every))
        for place in sorted(drawn[: self.sample]):
            fixed = kinds.part(SUBJECTS[self.stage][1].Fixed, every[place].hyperparameters)
            found.setdefault(fixed, []).append(every[place])
        return {f"program {number}": group for number, group in enumerate(found.values(), 1)}


def runs_of(params: Params, pack: packs.Pack) -> list[tuple[Setting, int]]:
    """List the setting and the seed of each run."""
    group, found = params.programs()[pack.variant], []
    for run in pack.seeds:
        place = min(run // params.seeds, len(group) - 1)
        found.append((group[place], run - place * params.seeds))
    return found


def train(params: Params, pack: packs.Pack) -> list[dict[str, Any]]:
    """Train and evaluate a pack's runs, and list them."""
    runs, limits = runs_of(params, pack), params.evaluation.limits
    purpose = f"{NAME} {params.stage}"
    keys = [seeds.training_keys(params.seed, f"{purpose} {s.name}", [seed]) for s, seed in runs]
    algorithm, h = SUBJECTS[params.stage][1], [setting.hyperparameters for setting, _ in runs]
    group = [setting.hyperparameters for setting in params.programs()[pack.variant]]
    begin = partial(dqn.train, variants=group) if algorithm is dqn else reinforce.train
    run = begin(h, registry.make(params.environment), np.concatenate(keys))
    policies = {"final": algorithm.policy(run.weights["final"], h)}
    run = evaluation.evaluated(run, policies, params.environment, params.evaluation)
    table = training.by_iterations if algorithm is reinforce else training.by_episodes
    columns = [*(f"final_{limit}" for limit in limits), "last_return", "environment_steps"]
    found = pd.DataFrame(table(run, limits)[columns]).to_dict("records")
    return [
        {"setting": setting.number, **setting.shown, "seed": seed, **row}
        for (setting, seed), row in zip(runs, found, strict=True)
        if seed < params.seeds
    ]


def run(params: Params) -> dict[str, Any]:
    """Train and evaluate all settings, and rank them."""
    programs, limit, size = params.programs(), params.evaluation.limits[0], params.pack_size
    column = f"final_{limit}"

    def filled(program: str) -> int:
        return math.ceil(len(programs[program]) * params.seeds / size) * size

    def best(so_far: list[list[dict[str, Any]]]) -> str:
        returns = [np.array([row[column] for row in rows]) for rows in so_far]
        found = training.so_far(returns, max)
        return f"best pack's mean greedy return under {limit} steps {found}"

    cut = packs.cut(filled, size, programs)
    parts = packs.run(partial(train, params), cut, label=NAME, describe=best)
    samples = pd.DataFrame([row for part in parts for row in part])
    samples = samples.sort_values(["setting", "seed"], ignore_index=True)
    keys, own = [tried.name for tried in params.grid], params.settings(own=True)[0].shown
    share, solved = params.evaluation.solved_share, params.environment.solved_return
    level = training.solved_from(limit, share, solved)
    study = ranking.Study(samples, keys, column, level, params.choosing_seeds)
    found = ranking.results(study, own, params.few_seeds, params.seed)
    return found | {"metrics.json": {"studied": params.stage} | found["metrics.json"]}


def headline(results: Mapping[str, Any]) -> str:
    """Report what solves, the best setting, few seeds' errors."""
    metrics = results["metrics.json"]
    solving, best = metrics["solving"], metrics["best"]
    parts = [f"{solving['solve']:.0f} of {solving['settings']:.0f} settings solve the task"]
    if best:
        parts.append(f"the best has a mean return of {training.mean_in_words(best)} on fresh seeds")
    if lost := metrics.get("diverged"):
        parts.append(f"{lost} of {solving['settings'] * metrics['seeds']:.0f} seeds diverged")
    if few := metrics["few_seeds"].get("told_apart", {}).get("3"):
        parts.append(f"3 seeds put {few['wrong']['estimate']:.0%} of pairs in the wrong order")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
