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

import pandas as pd
from pydantic import model_validator

from reprise import capacity, seeds
from reprise.agents import dqn, evaluation
from reprise.capacity import Need
from reprise.environments import registry
from reprise.environments.specification import Played
from reprise.hyperparameters import Ablation, ChangesOf, Name, PositiveInt, check_choice
from reprise.measures import access_growth, forgetting, training, variants
from reprise.measures.training_run import TrainingRun
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "dqn_ablations"


class Params(dqn.Hyperparameters, Ablation, Played):
    """The section of params.yaml; a variant is a change of hyperparameters."""

    algorithm = dqn
    shared = ("total_episodes", "maximum_steps")

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
        self.check_at_most("window", "total_episodes")
        for name, partner in self.partners.items():
            check_choice("partners", name, self.variants)
            check_choice(f"partners.{name}", partner, self.variants)
        return self

    def needs(self) -> Iterator[Need]:
        """Yield the needs of the trainings and of the timed accesses."""
        yield from super().needs()
        for key, size in (("shorter", 16), ("longer", 16), ("accesses", 8)):
            yield self.memory("what is accessed", size, f"replay_access.{key}")
        yield self.work("access", "replay_access.accesses", "replay_access.repeats")
        given = self.given("warning", "shown_after", self.at_once)
        size = 8 * (self.warning + self.shown_after) * given[self.at_once]
        yield capacity.memory("the episodes around a collapse", size, given)


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Return the evaluated run of a pack's seeds."""
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    own = params.of(pack.variant)
    run = dqn.train(own, registry.make(params.environment), keys)
    policies = {name: dqn.policy(weights, own) for name, weights in run.weights.items()}
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def run(params: Params) -> dict:
    """Train and evaluate all variants."""
    runs = evaluation.in_packs(train, params, NAME, params.variants)
    limits, cap = params.evaluation.limits, params.environment.top(params.maximum_steps)
    courses = {n: forgetting.course(t.returns, cap, params.window) for n, t in runs.items()}
    samples, metrics = {}, {}
    for name, run in runs.items():
        samples[name] = table = training.course(run, limits, cap).join(courses[name].samples)
        best_less_final = table[f"best_{limits[0]}"] - table[f"final_{limits[0]}"]
        played = training.evaluations(run, params.evaluation, params.environment.solved_return)
        metrics[name] = {
            **training.trained(table, cap),
            "diverged": played.pop("diverged"),
            **forgetting.summary(table),
            **played,
            "best_less_final": intervals.summary(best_less_final),
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
        **variants.curves(runs, "episode"),
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
    luck = partial(seeds.generator, params.seed, f"{NAME} replay access")
    return {
        f"{name}_growth": access_growth.growth(make, params.replay_access, luck(name))
        for name, make in access_growth.BATCHES.items()
    }


def headline(results: dict) -> str:
    """Return the variants' final greedy returns in one line."""
    return variants.headline(results, "final")


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
