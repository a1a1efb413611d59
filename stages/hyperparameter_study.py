"""A study of a training stage: many settings of its hyperparameters, each over many seeds.

Reads: params.yaml, the section of the stage that is studied too.
Writes to data/hyperparameter_study/:
    metrics.json    the best and the worst setting, how many solve the task, what each value does,
                    and how often few seeds pick the wrong one of two settings
    samples.csv     a row for each setting and seed
    settings.csv    a row for each setting
    effects.csv     a row for each value of each hyperparameter, over all settings that have it
    few_seeds.csv   how often so many seeds have a pair of settings in the wrong order

Lanes are seeds of settings. Those of one pack share a program; learning rates, discounts and
schedules may differ between them, since they are numbers. The last pack of a program is filled with
further seeds of its last setting, whose results are dropped, so that all packs have one shape.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from reprise import seeds, settings
from reprise.algorithms import dqn, reinforce
from reprise.environments import programs
from reprise.environments.evaluation import Act, evaluate
from reprise.environments.specification import Specification, left_limits, with_limits
from reprise.evidence import studying, training
from reprise.hyperparameters import Evaluation, Frozen, Name, PositiveInt, Seed
from reprise.pipeline import kept, packs, stage
from reprise.settings import Setting
from stages import dqn_training, reinforce_training

NAME = "hyperparameter_study"

Values = Annotated[tuple[Any, ...], Field(strict=False, min_length=1)]
Arrays = dict[str, np.ndarray]


class Trained(NamedTuple):
    """What a lane's training leaves for a study."""

    last_return: np.ndarray  # [L]
    environment_steps: np.ndarray  # [L]
    act: Act


class Subject(NamedTuple):
    """A stage that can be studied."""

    algorithm: type[Frozen]
    numbers: tuple[str, ...]
    """The names of the hyperparameters that may differ between the lanes of a pack."""
    train: Callable[[Sequence[Any], Specification, np.ndarray], Trained]
    """From a setting a lane, the environment and keys [L, 2]."""


def train_dqn(
    lanes: Sequence[dqn.Hyperparameters], environment: Specification, keys: np.ndarray
) -> Trained:
    """Train lanes by deep Q-learning."""
    found = dqn.train(lanes[0], programs.environment(environment), keys, dqn.numbers_of(lanes))
    last = training.tail_mean(found.returns, training.LAST_EPISODES)
    return Trained(last, found.steps[-1], dqn.policy(found.final, lanes[0]))


def train_reinforce(
    lanes: Sequence[reinforce.Hyperparameters], environment: Specification, keys: np.ndarray
) -> Trained:
    """Train lanes by REINFORCE."""
    found = reinforce.train(
        lanes[0], programs.environment(environment), keys, numbers=reinforce.numbers_of(lanes)
    )
    last = found.returns[-training.LAST_ITERATIONS :].mean(axis=0)
    return Trained(last, found.steps.sum(axis=0), reinforce.policy(found.final, lanes[0]))


SUBJECTS = {
    "dqn_training": Subject(dqn.Hyperparameters, dqn.Numbers._fields, train_dqn),
    "reinforce_training": Subject(
        reinforce.Hyperparameters, reinforce.Numbers._fields, train_reinforce
    ),
}


class Params(Frozen):
    """The section of params.yaml, and those of the stages that can be studied."""

    borrowed: ClassVar = tuple(SUBJECTS)

    seed: Seed
    values: Annotated[
        dict[Name, Annotated[dict[Name, Values], Field(min_length=1)]],
        Field(min_length=1, max_length=1),
    ]
    """By the stage that is studied, and by the name of one of its hyperparameters."""
    sample: PositiveInt | None
    """How many settings of the grid, drawn at random; all without a number."""
    seeds: Annotated[int, Field(ge=2)]
    lanes_per_pack: PositiveInt
    few_seeds: Annotated[tuple[PositiveInt, ...], Field(strict=False, min_length=1)]
    evaluation: Evaluation
    dqn_training: dqn_training.Params
    reinforce_training: reinforce_training.Params

    @model_validator(mode="before")
    @classmethod
    def _has_limits(cls, values: Any) -> Any:
        studied = values.get("values") if isinstance(values, Mapping) else None
        if not isinstance(studied, Mapping) or not studied:
            return values
        base = values.get(next(iter(studied)))
        played = base.get("environment") if isinstance(base, Mapping) else base and base.environment
        return with_limits(values, played)

    @property
    def notice(self) -> str | None:
        """Return what to say before a run, if anything."""
        return left_limits(self.base.environment, self.base.maximum_steps, self.evaluation.limits)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.studied not in SUBJECTS:
            raise ValueError(
                f"values is of {self.studied!r}; allowed: one of {', '.join(SUBJECTS)}"
            )
        try:
            whole = self.grid()
        except ValueError as error:
            raise ValueError(f"values.{self.studied}: {error}") from None
        if len(whole) < 2 or (self.sample or 2) < 2:
            raise ValueError("values makes one setting; allowed: at least 2, to be compared")
        if (self.sample or 0) > len(whole):
            raise ValueError(f"sample is {self.sample}; allowed: at most {len(whole)}, the grid")
        if max(self.few_seeds) > self.seeds:
            raise ValueError(
                f"few_seeds has {max(self.few_seeds)}; allowed: at most seeds, {self.seeds}"
            )
        return self

    @property
    def studied(self) -> str:
        """Return the name of the stage that is studied."""
        return next(iter(self.values))

    @property
    def base(self) -> Any:
        """Return the section of the stage that is studied."""
        return getattr(self, self.studied)

    @property
    def subject(self) -> Subject:
        """Return what the stage that is studied trains by."""
        return SUBJECTS[self.studied]

    def grid(self) -> list[Setting]:
        """Return all settings."""
        return settings.grid(self.base, self.subject.algorithm, self.values[self.studied])

    def programs(self) -> dict[str, list[Setting]]:
        """Return the settings that are tried, those of one program together."""
        random = seeds.generator(self.seed, f"{NAME} settings")
        chosen = settings.drawn(self.grid(), self.sample, random)
        found = settings.by_program(chosen, self.subject.algorithm, self.subject.numbers)
        return {f"program {number}": group for number, group in enumerate(found.values(), 1)}


def lanes_of(params: Params, pack: packs.Pack) -> list[tuple[Setting, int]]:
    """Return the setting and the number of the seed of each of a pack's lanes."""
    group = params.programs()[pack.variant]
    last = len(group) - 1
    places = [min(lane // params.seeds, last) for lane in pack.lanes]
    return [
        (group[place], lane - place * params.seeds)
        for place, lane in zip(places, pack.lanes, strict=True)
    ]


def work(params: Params, pack: packs.Pack) -> Arrays:
    """Return what a pack's lanes came to, [L] each; returns by time limit, [limits, L]."""
    lanes = lanes_of(params, pack)
    keys = np.concatenate([
        seeds.lane_keys(params.seed, f"{NAME} {params.studied} {setting.name}", [number])
        for setting, number in lanes
    ])  # fmt: skip
    environment, evaluation = params.base.environment, params.evaluation
    trained = params.subject.train(
        [setting.hyperparameters for setting, _ in lanes], environment, keys
    )
    played = evaluate(
        trained.act, environment, evaluation.seeds, len(lanes), evaluation.limits
    )  # fmt: skip
    return {
        "final": played.mean(axis=1),
        "last_return": trained.last_return,
        "environment_steps": trained.environment_steps,
    }


def table(params: Params, cut: Sequence[packs.Pack], results: Sequence[Arrays]) -> pd.DataFrame:
    """Return a row for each setting and seed, in the order of the grid."""
    rows = []
    for pack, found in zip(cut, results, strict=True):
        for place, (setting, number) in enumerate(lanes_of(params, pack)):
            if number < params.seeds:
                shown = {
                    key: str(list(value)) if isinstance(value, tuple | list) else value
                    for key, value in setting.values.items()
                }
                returns = zip(params.evaluation.limits, found["final"][:, place], strict=True)
                rows.append(
                    {"setting": setting.number, **shown, "lane": number}
                    | {f"final_{limit}": value for limit, value in returns}
                    | {key: found[key][place] for key in ("last_return", "environment_steps")}
                )
    return pd.DataFrame(rows).sort_values(["setting", "lane"], ignore_index=True)


def run(params: Params) -> dict:
    """Train and evaluate all seeds of all settings."""
    groups = params.programs()
    cut = []
    for name, group in groups.items():
        program = group[0].hyperparameters.structure(
            params.subject.algorithm, params.subject.numbers
        )
        count = -(-len(group) * params.seeds // params.lanes_per_pack)
        cut += packs.cut(count, params.lanes_per_pack, {name: program})
    cut = [pack._replace(index=index) for index, pack in enumerate(cut)]
    limit = params.evaluation.limits[0]
    results = packs.run(
        partial(work, params), cut, label=NAME, kept=kept.of(NAME, params.model_dump(mode="json")),
        describe=lambda so_far: f"best pack's final greedy return under {limit} steps "
        f"{max(found['final'][0].mean() for found in so_far):.1f}",
    )  # fmt: skip
    return told(params, table(params, cut, results))


def told(params: Params, samples: pd.DataFrame) -> dict:
    """Return what the samples say, by file."""
    keys = list(params.values[params.studied])
    limit, column = params.evaluation.limits[0], f"final_{params.evaluation.limits[0]}"
    level = params.base.environment.solved_return
    level = params.evaluation.solved_share * limit if level is None else level
    found = studying.settings(samples, keys, column, level)
    effects = studying.effects(samples, keys, column)
    values = samples[column].to_numpy(float).reshape(len(found), params.seeds)
    few = studying.few_seeds(values, params.few_seeds, params.seed)
    records = found.to_dict("records")
    ends = {"best": found["mean"].argmax(), "worst": found["mean"].argmin()}
    return {
        "metrics.json": {
            "studied": params.studied,
            "seeds": params.seeds,
            "solving": studying.solving(found),
            **{which: records[row] for which, row in ends.items()},
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
    said = (
        f"{solving['solve']:.0f} of {solving['settings']:.0f} settings solve; "
        f"best {best['mean']:.1f} [{best['mean_low']:.1f}, {best['mean_high']:.1f}]"
    )
    few = metrics["few_seeds"].get("told_apart", {}).get("3")
    return said if few is None else f"{said}; 3 seeds pick the wrong of two in {few['wrong']:.0%}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
