"""A study of a training stage: many settings of its hyperparameters, each over many seeds.

Reads: params.yaml, the section of the stage that is studied too; dvc.yaml tracks that section only.
Writes to data/hyperparameter_study/:
    metrics.json    the best and the worst setting, how many solve the task, what each value does,
                    and how often few seeds pick the wrong one of two settings
    samples.csv     a row for each setting and seed
    settings.csv    a row for each setting
    effects.csv     a row for each value of each hyperparameter, over all settings that have it
    few_seeds.csv   how often so many seeds have a pair of settings in the wrong order

A run is a seed of a setting. Those of one pack share a program; learning rates, discounts and
schedules may differ between them, since they are numbers. The last pack of a program is filled with
further seeds of its last setting, whose results are dropped, so that all packs have one shape.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from reprise import capacity, seeds, settings
from reprise.agents import dqn, reinforce
from reprise.agents.evaluation import evaluated
from reprise.capacity import Need
from reprise.environments import registry
from reprise.environments.specification import Specification, left_limits, with_limits
from reprise.hyperparameters import Evaluation, Frozen, PositiveInt, Seed, part
from reprise.measures import ranking, training
from reprise.pipeline import packs, stage
from reprise.settings import Setting
from stages import dqn_training, reinforce_training

NAME = "hyperparameter_study"

Arrays = dict[str, np.ndarray]


class Subject(NamedTuple):
    """A stage that can be studied."""

    params: type[Frozen]
    algorithm: ModuleType
    last_return: Callable[[np.ndarray], np.ndarray]
    """From the returns of training [K, N] to those at its end [N]."""


SUBJECTS = {
    "dqn_training": Subject(
        dqn_training.Params, dqn, partial(training.tail_mean, count=training.LAST_EPISODES)
    ),
    "reinforce_training": Subject(
        reinforce_training.Params, reinforce,
        lambda returns: returns[-training.LAST_ITERATIONS :].mean(axis=0),
    ),
}  # fmt: skip


class Tried(Frozen):
    """A hyperparameter and its values."""

    name: str
    values: Annotated[tuple[Any, ...], Field(strict=False, min_length=1)]


class Params(Frozen):
    """The section of params.yaml, and that of the stage that is studied."""

    seed: Seed
    stage: Literal["dqn_training", "reinforce_training"]
    """That is studied."""
    grid: Annotated[tuple[Tried, ...], Field(strict=False, min_length=1)]
    """The last one's values run fastest: a list, since DVC ignores the order of a mapping."""
    sample: PositiveInt | None
    """How many settings of the grid, drawn at random; all without a number."""
    seeds: Annotated[int, Field(ge=2)]
    pack_size: PositiveInt
    few_seeds: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]
    evaluation: Evaluation
    base: Any = None
    """The section of the stage that is studied, of its own model."""

    @staticmethod
    def borrowed(section: Mapping[str, Any]) -> dict[str, tuple[str, type[Frozen]]]:
        """Return the section that is read too, and its model, by the field that holds it."""
        found = [item for item in SUBJECTS.items() if item[0] == section.get("stage")]
        return {"base": (name, subject.params) for name, subject in found}  # noqa: B035 one at most

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not values.get("base"):
            return values
        base = values["base"]
        played = base.get("environment") if isinstance(base, Mapping) else base and base.environment
        return with_limits(values, played)

    @property
    def notice(self) -> str | None:
        """Return what to say before a run, if anything."""
        return left_limits(self.base.environment, self.base.maximum_steps, self.evaluation.limits)

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
        if max(self.few_seeds) > self.seeds:
            raise ValueError(
                f"few_seeds has {max(self.few_seeds)}; allowed: at most seeds, {self.seeds}"
            )
        return self

    @property
    def subject(self) -> Subject:
        """Return what the stage that is studied trains by."""
        return SUBJECTS[self.stage]

    @property
    def environment(self) -> Specification:
        """Return what is played."""
        return self.base.environment

    def settings(self) -> list[Setting]:
        """Return all settings of the grid."""
        values = {tried.name: tried.values for tried in self.grid}
        return settings.grid(self.base, self.subject.algorithm.Hyperparameters, values)

    def needs(self) -> Iterator[Need]:
        """Yield what the trainings of each program ask for, and the seeds of all settings."""
        runs = {"pack_size": self.pack_size}
        yield from self.evaluation.needs_for(runs)
        programs = self.programs().values()
        for group in programs:
            for need in group[0].hyperparameters.needs_for(runs, runs):
                yield need._replace(
                    given={
                        key if key in runs else self._key(key): value
                        for key, value in need.given.items()
                    }
                )
        number = sum(map(len, programs))
        size = number * self.seeds * ranking.DRAWS * 8
        tried = {"seeds": self.seeds, "grid": f"of {number} settings"}
        yield capacity.memory("the draws of few seeds", size, tried)

    def _key(self, name: str) -> str:
        """Return where a hyperparameter is written: in the grid, or where it stays."""
        return (
            f"grid.{name}"
            if any(tried.name == name for tried in self.grid)
            else f"{self.stage}.{name}"
        )

    def programs(self) -> dict[str, list[Setting]]:
        """Return the settings that are tried, those of one program together."""
        random = seeds.generator(self.seed, f"{NAME} settings")
        chosen = settings.drawn(self.settings(), self.sample, random)
        found = settings.by_program(chosen, self.subject.algorithm.Settings)
        return {f"program {number}": group for number, group in enumerate(found.values(), 1)}


def runs_of(params: Params, pack: packs.Pack) -> list[tuple[Setting, int]]:
    """Return the setting and the number of the seed of each of a pack's runs."""
    group = params.programs()[pack.variant]
    last = len(group) - 1
    places = [min(run // params.seeds, last) for run in pack.seeds]
    return [
        (group[place], run - place * params.seeds)
        for place, run in zip(places, pack.seeds, strict=True)
    ]


def work(params: Params, pack: packs.Pack) -> Arrays:
    """Return what a pack's runs came to, [N] each; returns by time limit, [limits, N]."""
    runs = runs_of(params, pack)
    keys = np.concatenate([
        seeds.training_keys(params.seed, f"{NAME} {params.stage} {setting.name}", [number])
        for setting, number in runs
    ])  # fmt: skip
    environment, evaluation = params.environment, params.evaluation
    algorithm, h = params.subject.algorithm, [setting.hyperparameters for setting, _ in runs]
    run = algorithm.train(h, registry.make(environment), keys)
    policies = {"final": algorithm.policy(run.weights["final"], h[0])}
    run = evaluated(run, policies, environment, evaluation)
    return {
        "final": run.evaluations["final"].mean(axis=1),
        "last_return": params.subject.last_return(run.returns),
        "environment_steps": run.steps[-1],
    }


def table(params: Params, cut: Sequence[packs.Pack], results: Sequence[Arrays]) -> pd.DataFrame:
    """Return a row for each setting and seed, in the order of the grid."""
    rows = []
    for pack, found in zip(cut, results, strict=True):
        for place, (setting, number) in enumerate(runs_of(params, pack)):
            if number < params.seeds:
                shown = {
                    key: str(value) if isinstance(value, list) else value
                    for key, value in setting.values.items()
                }
                returns = zip(params.evaluation.limits, found["final"][:, place], strict=True)
                rows.append(
                    {"setting": setting.number, **shown, "seed": number}
                    | {f"final_{limit}": value for limit, value in returns}
                    | {key: found[key][place] for key in ("last_return", "environment_steps")}
                )
    return pd.DataFrame(rows).sort_values(["setting", "seed"], ignore_index=True)


def run(params: Params) -> dict:
    """Train and evaluate all seeds of all settings."""
    groups = params.programs()
    cut = []
    for name, group in groups.items():
        program = part(params.subject.algorithm.Settings, group[0].hyperparameters)
        count = -(-len(group) * params.seeds // params.pack_size)
        cut += packs.cut(count * params.pack_size, params.pack_size, {name: program})
    cut = [pack._replace(index=index) for index, pack in enumerate(cut)]
    limit = params.evaluation.limits[0]
    results = packs.run(
        partial(work, params), cut, label=NAME,
        describe=lambda so_far: f"best pack's final greedy return under {limit} steps "
        + ranking.best_so_far([found["final"][0] for found in so_far]),
    )  # fmt: skip
    return told(params, table(params, cut, results))


def told(params: Params, samples: pd.DataFrame) -> dict:
    """Return what the samples say, by file."""
    keys = [tried.name for tried in params.grid]
    limit, column = params.evaluation.limits[0], f"final_{params.evaluation.limits[0]}"
    level = training.solved_from(
        limit, params.evaluation.solved_share, params.environment.solved_return
    )
    found = ranking.settings(samples, keys, column, level)
    effects = ranking.effects(samples, keys, column)
    values = samples[column].to_numpy(float).reshape(len(found), params.seeds)
    few = ranking.few_seeds(values, params.few_seeds, params.seed)
    records = found.to_dict("records")
    means = found["mean"].to_numpy(float)
    known = not np.isnan(means).all()
    ends = {"best": int(np.nanargmax(means)), "worst": int(np.nanargmin(means))} if known else {}
    return {
        "metrics.json": {
            "studied": params.stage,
            "seeds": params.seeds,
            "solved_from": level,
            "diverged": int(np.isnan(values).sum()),
            "solving": ranking.solving(found),
            **{which: records[ends[which]] if ends else None for which in ("best", "worst")},
            "effects": nested(effects, ["hyperparameter", "value"]),
            "few_seeds": nested(few, ["pairs", "seeds"]),
        },
        "samples.csv": samples,
        "settings.csv": found,
        "effects.csv": effects,
        "few_seeds.csv": few,
    }


def nested(rows: pd.DataFrame, keys: Sequence[str]) -> dict[str, Any]:
    """Return rows by the values of two columns, in which a dot is written `_`, as in names."""
    found: dict[str, Any] = {}
    for row in rows.to_dict("records"):
        outer, inner = (str(row.pop(key)).replace(".", "_") for key in keys)
        found.setdefault(outer, {})[inner] = row
    return found


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
