"""Trains the chapter's DQN with one thing changed at a time, and compares the variants.

Reads: params.yaml.
Writes to data/dqn_ablations/:
    metrics.json        how each variant trains, forgets and plays, and its comparison with its
                        partner; loss and targets of the base as warnings; replay_access
    samples.csv         a row for each variant and seed
    returns.csv         the return of each training episode, one column a seed
    learning_curve.csv  mean, median and quantiles over seeds
    warnings.csv        loss and mean target of the base around its collapses, among calm seeds

Each variant has its own seeds, the base too; those of dqn_training are others. A variant is
compared with its *partner*, from which it differs in one thing: `double` with `target_hard`, since
double Q-learning needs a target network; all others with `base`.

No replay is a buffer as small as a batch: each batch is drawn from the latest transitions only. The
copied and the soft target network are equally old: 20 gradient steps between copies make it 10
steps old on average, as does a rate of 0.1.
"""

import sys
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from reprise import capacity, seeds
from reprise.agents import dqn
from reprise.agents.evaluation import evaluated
from reprise.capacity import Need
from reprise.environments import registry
from reprise.environments.specification import Played
from reprise.hyperparameters import ChangesOf, Comparison, Name, PositiveInt, check_choice, part
from reprise.measures import access_growth, forgetting, training, variants
from reprise.measures.training_run import TrainingRun, join
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "dqn_ablations"


class Params(dqn.Hyperparameters, Comparison, Played):
    """The section of params.yaml; a variant is a change of hyperparameters."""

    total_episodes: PositiveInt
    total_steps: None
    variants: dict[Name, Annotated[dict[str, Any], ChangesOf(dqn.Hyperparameters)]]
    partners: dict[Name, Name]
    window: PositiveInt  # episodes in a row that make up holding and collapsing
    warning: PositiveInt  # episodes before a collapse
    shown_after: PositiveInt  # episodes of warnings.csv from a collapse on
    replay_access: access_growth.Access

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.window > self.total_episodes:
            allowed = f"at most total_episodes, {self.total_episodes}"
            raise ValueError(f"window is {self.window}; allowed: {allowed}")
        for name in self.variants:
            try:
                own = self.of(name)
            except ValueError as error:
                raise ValueError(f"variants: {name}: {error}") from None
            fixed = (self.total_episodes, self.maximum_steps)
            if (own.total_episodes, own.maximum_steps) != fixed:
                raise ValueError(
                    f"variants: {name} changes total_episodes or maximum_steps; "
                    "all variants need the same"
                )
        for name, partner in self.partners.items():
            check_choice("partners", name, self.variants)
            check_choice(f"partners.{name}", partner, self.variants)
        return self

    def algorithms(self) -> Iterator[dqn.Hyperparameters]:
        """Yield the hyperparameters of each variant."""
        yield from map(self.of, self.variants)

    def needs(self) -> Iterator[Need]:
        """Yield the needs of the trainings and of the timed accesses."""
        yield from super().needs()
        yield from self.replay_access.needs_for("replay_access")
        around = {"warning": self.warning, "shown_after": self.shown_after}
        size = sum(around.values()) * capacity.product(self.trained_at_once) * 8
        yield capacity.memory("the episodes around a collapse", size, around | self.trained_at_once)

    def of(self, variant: str) -> dqn.Hyperparameters:
        """Return a variant's hyperparameters."""
        return self.changed(dqn.Hyperparameters, self.variants[variant])


def train_and_evaluate(params: Params, pack: packs.Pack) -> TrainingRun:
    """Return the run of a pack's seeds."""
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    own = params.of(pack.variant)
    run = dqn.train(own, registry.make(params.environment), keys)
    policies = {name: dqn.policy(weights, own) for name, weights in run.weights.items()}
    return evaluated(run, policies, params.environment, params.evaluation)


def run(params: Params) -> dict:
    """Train and evaluate all variants."""
    compiled = {name: part(dqn.Settings, params.of(name)) for name in params.variants}
    cut = packs.cut(params.seeds, params.pack_size, compiled)
    work = partial(train_and_evaluate, params)
    grouped = packs.by_variant(cut, packs.run(work, cut, label=NAME))
    runs = {name: join(each) for name, each in grouped.items()}
    evaluation, solved = params.evaluation, params.environment.solved_return
    limit, cap = evaluation.limits[0], params.environment.top(params.maximum_steps)
    courses = {n: forgetting.course(t.returns, cap, params.window) for n, t in runs.items()}
    samples, metrics = {}, {}
    for name, run in runs.items():
        table = training.course(run, evaluation.limits, cap).join(forgetting.table(courses[name]))
        samples[name] = table
        metrics[name] = {
            **training.trained(table, cap),
            "diverged": int(np.isnan(run.evaluations["final"][0, 0]).sum()),
            **forgetting.summary(table),
            **{
                which: training.evaluation(
                    values, evaluation.limits, evaluation.solved_share, solved
                )
                for which, values in run.evaluations.items()
            },
            "best_less_final": intervals.summary(table[f"best_{limit}"] - table[f"final_{limit}"]),
        }
    base, course = runs[params.baseline], courses[params.baseline]
    correlations = forgetting.correlations(base)
    samples[params.baseline] = samples[params.baseline].join(correlations)
    around = {
        what: forgetting.places(values, course, params.warning, params.shown_after)
        for what, values in {"target": base.targets, "loss": base.losses}.items()
    }
    every = variants.stacked(samples)
    return {
        "metrics.json": {
            "variants": metrics,
            "against_partner": against_partners(every, params),
            "loss": {
                name: intervals.summary(values) if values.notna().sum() > 1 else None
                for name, values in correlations.items()
            },
            "warnings": {
                what: forgetting.warning(places, params.warning) for what, places in around.items()
            },
            "replay_access": replay_access(params),
        },
        "samples.csv": every,
        "returns.csv": variants.stacked(
            {name: training.by_seed(run.returns, "episode") for name, run in runs.items()}
        ),
        "learning_curve.csv": variants.stacked(
            {name: training.quantiles(run.returns, "episode") for name, run in runs.items()}
        ),
        "warnings.csv": pd.concat(
            forgetting.over_seeds(places, params.warning).assign(quantity=what)
            for what, places in around.items()
        ),
    }


def against_partners(samples: pd.DataFrame, params: Params) -> dict[str, dict]:
    """Compare each variant with its partner."""
    limit, found = params.evaluation.limits[0], {}
    for name in params.variants:
        if name == params.baseline:
            continue
        partner = params.partners.get(name, params.baseline)
        two = pd.DataFrame(samples[samples["variant"].isin([name, partner])])
        compare = partial(variants.comparisons, two, baseline=partner, seed=params.seed)
        found[name] = {
            "partner": partner,
            "last_return": compare(column="last_return")[name],
            "final": compare(column=f"final_{limit}")[name],
            "best": compare(column=f"best_{limit}")[name],
            "sooner_at_cap": variants.sooner(two, "first_at_cap", partner, seed=params.seed)[name],
        }
    return found


def replay_access(params: Params) -> dict[str, int]:
    """Return the growth of access times with the length of a deque and of a circular array."""
    made = {"deque": access_growth.deque_batch, "circular": access_growth.circular_batch}
    return {
        f"{name}_growth": access_growth.growth(
            make,
            params.replay_access,
            seeds.generator(params.seed, f"{NAME} replay access", name),
        )
        for name, make in made.items()
    }


def headline(results: dict) -> str:
    """Return the variants' final greedy returns in one line."""
    found = results["metrics.json"]["variants"]
    return variants.headline({name: {"greedy": each["final"]} for name, each in found.items()})


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
