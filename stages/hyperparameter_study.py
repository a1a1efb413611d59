"""Studies a training stage: many settings of its hyperparameters, each over many seeds.

Reads: params.yaml, with the section of the studied stage; dvc.yaml tracks that section only.
Writes to data/hyperparameter_study/:
    metrics.json    the best and the worst setting, how many solve the task, the effect of each
                    value, and how often few seeds pick the wrong one of two settings
    samples.csv     a row for each setting and seed
    settings.csv    a row for each setting
    effects.csv     a row for each value of each hyperparameter, over all settings with the value
    few_seeds.csv   how often few seeds put a pair of settings in the wrong order

A run is one seed of one setting. The runs of a pack share a program; learning rates, discounts and
schedules are numbers and may differ between them. The last pack of a program is filled with further
seeds of its last setting, which are then dropped, so that all packs have one shape.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from reprise import seeds, settings
from reprise.agents import dqn, evaluation, reinforce
from reprise.capacity import Need
from reprise.environments import registry
from reprise.environments.specification import left_limits, with_limits
from reprise.hyperparameters import AtLeastTwo, Evaluation, Frozen, PositiveInt, Seed
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
    values: Annotated[tuple[Any, ...], Field(strict=False, min_length=1)]


class Params(Frozen):
    """The section of params.yaml, and that of the studied stage."""

    seed: Seed
    stage: Literal["dqn_training", "reinforce_training"]  # the studied stage
    # The last values run fastest. It is a list, since DVC ignores the order of a mapping.
    grid: Annotated[tuple[Tried, ...], Field(strict=False, min_length=1)]
    sample: PositiveInt | None  # settings drawn at random from the grid; null for all
    seeds: AtLeastTwo
    pack_size: PositiveInt
    few_seeds: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]
    evaluation: Evaluation
    base: Any = None  # the section of the studied stage, of its own model

    @staticmethod
    def borrowed(section: Mapping[str, Any]) -> dict[str, tuple[str, type[Frozen]]]:
        """Return the name and the model of the studied stage's section, by the field for it."""
        name = section.get("stage")
        return {"base": (name, SUBJECTS[name][0])} if name in list(SUBJECTS) else {}

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not values.get("base"):
            return values
        base = values["base"]
        played = base.get("environment") if isinstance(base, Mapping) else base and base.environment
        return with_limits(values, played)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({tried.name for tried in self.grid}) < len(self.grid):
            names = ", ".join(tried.name for tried in self.grid)
            raise ValueError(f"grid has a name twice: {names}")
        try:
            whole = self.settings()
        except ValueError as error:
            raise ValueError(f"grid of {self.stage}: {error}") from None
        if len(whole) < 2 or (self.sample or 2) < 2:
            raise ValueError("grid makes one setting; allowed: at least 2, to be compared")
        if (self.sample or 0) > len(whole):
            raise ValueError(f"sample is {self.sample}; allowed: at most {len(whole)}, the grid")
        if (most := max(self.few_seeds)) > self.seeds:
            raise ValueError(f"few_seeds has {most}; allowed: at most seeds, {self.seeds}")
        return self

    @property
    def notice(self) -> str | None:
        """Return a notice to print before a run, if there is one."""
        return left_limits(self.base.environment, self.base.maximum_steps, self.evaluation.limits)

    @property
    def environment(self) -> Any:
        """Return the environment of the studied stage."""
        return self.base.environment

    @property
    def algorithm(self) -> Any:
        """Return the module of the studied algorithm."""
        return SUBJECTS[self.stage][1]

    def settings(self) -> list[Setting]:
        """Return all settings of the grid."""
        values = {tried.name: tried.values for tried in self.grid}
        return settings.grid(self.base, self.algorithm.Hyperparameters, values)

    def programs(self) -> dict[str, list[Setting]]:
        """Return the settings to try, grouped by program."""
        random = seeds.generator(self.seed, f"{NAME} settings")
        chosen = settings.drawn(self.settings(), self.sample, random)
        found = settings.by_program(chosen, self.algorithm.Settings)
        return {f"program {number}": group for number, group in enumerate(found.values(), 1)}

    def needs(self) -> Iterator[Need]:
        """Yield the needs of each program's trainings, and of the draws of few seeds."""
        runs, programs = self.given("pack_size"), self.programs().values()
        yield from self.evaluation.needs_for(runs)
        grid = {tried.name: f"grid.{tried.name}" for tried in self.grid}
        places = {key: key for key in runs} | grid
        for group in programs:
            for need in group[0].hyperparameters.needs_for(runs, runs):
                given = {places.get(k, f"{self.stage}.{k}"): v for k, v in need.given.items()}
                yield need._replace(given=given)
        number = sum(map(len, programs))
        draws = self.memory("the draws of few seeds", number * ranking.DRAWS * 8, "seeds")
        yield draws._replace(given={**draws.given, "grid": f"of {number} settings"})


def runs_of(params: Params, pack: packs.Pack) -> list[tuple[Setting, int]]:
    """Return the setting and the seed's number of each run in a pack."""
    group = params.programs()[pack.variant]
    places = [min(run // params.seeds, len(group) - 1) for run in pack.seeds]
    return [
        (group[place], run - place * params.seeds)
        for place, run in zip(places, pack.seeds, strict=True)
    ]


def train(params: Params, pack: packs.Pack) -> list[dict[str, Any]]:
    """Return a row for each run of a pack, without those that only fill it."""
    runs, limits = runs_of(params, pack), params.evaluation.limits
    purpose = f"{NAME} {params.stage}"
    keys = [seeds.training_keys(params.seed, f"{purpose} {s.name}", [seed]) for s, seed in runs]
    algorithm, h = params.algorithm, [setting.hyperparameters for setting, _ in runs]
    run = algorithm.train(h, registry.make(params.environment), np.concatenate(keys))
    policies = {"final": algorithm.policy(run.weights["final"], h[0])}
    run = evaluation.evaluated(run, policies, params.environment, params.evaluation)
    table = training.by_iterations if algorithm is reinforce else training.by_episodes
    columns = [*(f"final_{limit}" for limit in limits), "last_return", "environment_steps"]
    found = pd.DataFrame(table(run, limits)[columns]).to_dict("records")
    return [
        {"setting": setting.number, **setting.shown, "seed": seed, **row}
        for (setting, seed), row in zip(runs, found, strict=True)
        if seed < params.seeds
    ]


def run(params: Params) -> dict:
    """Train and evaluate all seeds of all settings."""
    cut = []
    for name, group in params.programs().items():
        count = -(-len(group) * params.seeds // params.pack_size)
        cut += packs.cut(count * params.pack_size, params.pack_size, [name])
    cut = [pack._replace(index=index) for index, pack in enumerate(cut)]
    limit = params.evaluation.limits[0]
    results = packs.run(
        partial(train, params), cut, label=NAME,
        describe=lambda so_far: f"best pack's final greedy return under {limit} steps "
        + training.so_far(
            [np.array([row[f"final_{limit}"] for row in rows]) for rows in so_far], max
        ),
    )  # fmt: skip
    rows = [row for part in results for row in part]
    solved = params.evaluation.solved_share, params.environment.solved_return
    found = ranking.results(
        pd.DataFrame(rows).sort_values(["setting", "seed"], ignore_index=True),
        [tried.name for tried in params.grid],
        f"final_{limit}",
        training.solved_from(limit, *solved),
        params.few_seeds,
        params.seed,
    )
    return found | {"metrics.json": {"studied": params.stage} | found["metrics.json"]}


def headline(results: Mapping[str, Any]) -> str:
    """Return the stage in one line."""
    metrics = results["metrics.json"]
    solving, best = metrics["solving"], metrics["best"]
    said = f"{solving['solve']:.0f} of {solving['settings']:.0f} settings solve"
    if best:
        said += f"; best {training.mean_in_words(best)}"
    if lost := metrics.get("diverged"):
        said += f"; {lost} of {solving['settings'] * metrics['seeds']:.0f} seeds diverged"
    few = metrics["few_seeds"].get("told_apart", {}).get("3")
    return said if few is None else f"{said}; 3 seeds pick the wrong of two in {few['wrong']:.0%}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
