"""Trains variants of the chapter's DQN, each with one change.

Reads params.yaml. Writes to data/dqn_ablations/:
    metrics.json        each variant, its comparison with its partner, warnings, replay access
    samples.csv         a row for each variant and seed
    returns.csv         the return of each training episode, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
    warnings.csv        loss and mean target of the base around its collapses, among calm seeds

Each variant has its own seeds. Its *partner* differs from it in one thing only. The partner of
`double` is `target_hard`, since double Q-learning needs a target network; all others have `base`.
Hard and soft target networks are equally old, 10 steps on average: one is copied every 20 gradient
steps, the other moves at a rate of 0.1.

"No replay" can mean two things. `no_replay` has a buffer of one batch. `in_order` learns after
every step it plays, from that transition only. It has the base's learning rate and number of
tabulated episodes, but it takes a hundred times as many gradient steps, each from one transition
instead of 32, and plays on after these episodes until `total_steps`.
"""

import sys
from functools import partial
from typing import Annotated, Any, Self

import pandas as pd
from pydantic import model_validator

from reprise import seeds
from reprise.agents import dqn, evaluation
from reprise.environments import registry
from reprise.environments.specification import Played
from reprise.hyperparameters import Ablation, AtLeastTwo, ChangesOf, Name, PositiveInt, check_choice
from reprise.measures import access_growth, forgetting, training, variants
from reprise.measures.training_run import TrainingRun, by_episode
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "dqn_ablations"


class Change(dqn.Hyperparameters):
    """The values that a variant may change."""

    seeds: AtLeastTwo  # of this variant only


class Params(dqn.Hyperparameters, Ablation, Played):
    """The section of params.yaml; a variant changes hyperparameters."""

    algorithm = dqn
    shared = ("total_episodes", "maximum_steps")

    total_episodes: PositiveInt
    total_steps: None
    variants: dict[Name, Annotated[dict[str, Any], ChangesOf(Change)]]
    partners: dict[Name, Name]
    window: PositiveInt  # episodes over which a seed holds the cap or collapses
    warning: PositiveInt  # episodes before a collapse that may warn of it
    shown_after: PositiveInt  # episodes of warnings.csv after a collapse begins
    replay_access: access_growth.Access

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self.check_at_most("window", "total_episodes")
        for name, partner in self.partners.items():
            check_choice("partners", name, self.variants)
            check_choice(f"partners.{name}", partner, self.variants)
        return self


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Train and evaluate a pack of one variant's seeds."""
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    own = params.of(pack.variant)
    run = dqn.train(own, registry.make(params.environment), keys, params.algorithms())
    if own.total_steps is not None:
        run = by_episode(run, params.total_episodes)
    policies = {name: dqn.policy(weights, own) for name, weights in run.weights.items()}
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def run(params: Params) -> dict:
    """Train all variants, compare them, and look for warnings."""
    runs = evaluation.in_packs(train, params, NAME, params.variants)
    limits, cap = params.evaluation.limits, params.environment.top(params.maximum_steps)
    courses = {
        name: forgetting.course(run.returns, cap, params.window) for name, run in runs.items()
    }
    samples = {
        name: training.course(run, limits, cap).join(courses[name].samples)
        for name, run in runs.items()
    }
    metrics = {name: summary(run, samples[name], params, cap) for name, run in runs.items()}
    base = runs[params.baseline]
    correlations = forgetting.correlations(base)
    around = {
        name: forgetting.places(
            values, courses[params.baseline], params.warning, params.shown_after
        )
        for name, values in {"target": base.targets, "loss": base.losses}.items()
    }
    before = {
        name: forgetting.before_collapse(each, params.warning) for name, each in around.items()
    }
    samples[params.baseline] = (
        samples[params.baseline]
        .join(correlations)
        .assign(
            last_loss=training.tail_mean(base.losses, training.LAST_EPISODES),
            **{f"{name}_before_collapse": each for name, each in before.items()},
        )
    )
    every = variants.stacked(samples)
    luck = partial(seeds.generator, params.seed, f"{NAME} replay access")
    return {
        "metrics.json": {
            "variants": metrics,
            "against_partner": against_partners(every, params),
            "loss": {key: forgetting.summarised(column) for key, column in correlations.items()},
            "warnings": {name: forgetting.summarised(each) for name, each in before.items()},
            "replay_access": {
                f"{name}_growth": access_growth.growth(make, params.replay_access, luck(name))
                for name, make in access_growth.BATCHES.items()
            },
        },
        "samples.csv": every,
        **variants.curves(runs, "episode"),
        "warnings.csv": pd.concat(
            forgetting.over_seeds(each, params.warning).assign(quantity=name)
            for name, each in around.items()
        ),
    }


def summary(run: TrainingRun, samples: pd.DataFrame, params: Params, cap: float) -> dict:
    """Summarize a variant's training, forgetting and policies."""
    limit, solved_return = params.evaluation.limits[0], params.environment.solved_return
    played = training.evaluations(run, params.evaluation, solved_return)
    best_less_final = samples[f"best_{limit}"] - samples[f"final_{limit}"]
    return {
        **training.trained(samples, cap),
        "diverged": played.pop("diverged"),
        **forgetting.summary(samples),
        **played,
        "best_less_final": intervals.summary(best_less_final),
    }


def against_partners(samples: pd.DataFrame, params: Params) -> dict[str, dict]:
    """Compare each variant with its partner."""
    limit, found = params.evaluation.limits[0], {}
    columns = {"last_return": "last_return", "final": f"final_{limit}", "best": f"best_{limit}"}
    for name in list(params.variants)[1:]:  # the first is the baseline
        partner = params.partners.get(name, params.baseline)
        two = pd.DataFrame(samples[samples["variant"].isin([name, partner])])
        found[name] = {
            "partner": partner,
            **{key: variants.comparisons(two, of, partner)[name] for key, of in columns.items()},
            "sooner_at_cap": variants.sooner(two, "first_at_cap", partner)[name],
        }
    return found


headline = partial(variants.headline, how="final")

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
