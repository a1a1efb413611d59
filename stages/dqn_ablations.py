"""Trains variants of the chapter's DQN, each with one change.

Reads params.yaml. Writes to data/dqn_ablations/: metrics.json (each variant by itself and with its
partner, warnings, replay_access), samples.csv (a row for each variant and seed), returns.csv (the
return of each training episode, of shown seeds), learning_curve.csv (mean, median and quantiles
over seeds), warnings.csv (loss and mean target of the base around its collapses, among calm seeds).

A variant has its own seeds. Its *partner* differs from it in one thing: of `double` it is
`target_hard`, since double Q-learning needs a target network; of all others `base`. The copied and
the soft target network are equally old, 10 steps on average: by 20 gradient steps between copies,
and by a rate of 0.1.

No replay means two things. `no_replay` has a buffer as small as a batch. `in_order` takes a
gradient step after each step it plays, from that transition only. Its learning rate and the
episodes in the tables are those of the base; but it takes a hundred times as many gradient steps,
each from one transition instead of 32, and it plays on after these episodes until `total_steps`.
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

    seeds: AtLeastTwo  # its own number


class Params(dqn.Hyperparameters, Ablation, Played):
    """The section of params.yaml; a variant changes hyperparameters."""

    algorithm = dqn  # a variant by steps has a row for each of its first episodes
    shared = ("total_episodes", "maximum_steps")

    total_episodes: PositiveInt
    total_steps: None
    variants: dict[Name, Annotated[dict[str, Any], ChangesOf(Change)]]
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


def train(params: Params, pack: packs.Pack) -> TrainingRun:
    """Return the evaluated run of a pack's seeds."""
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    own = params.of(pack.variant)
    run = dqn.train(own, registry.make(params.environment), keys, params.algorithms())
    if own.total_steps is not None:
        run = by_episode(run, params.total_episodes)
    policies = {name: dqn.policy(weights, own) for name, weights in run.weights.items()}
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def run(params: Params) -> dict:
    """Train and evaluate all variants."""
    runs = evaluation.in_packs(train, params, NAME, params.variants)
    limits, cap = params.evaluation.limits, params.environment.top(params.maximum_steps)
    samples, metrics, courses = {}, {}, {}
    for name, run in runs.items():
        courses[name] = forgetting.course(run.returns, cap, params.window)
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
    shown = course, params.warning, params.shown_after
    curves = {"target": base.targets, "loss": base.losses}
    around = {what: forgetting.places(values, *shown) for what, values in curves.items()}
    before = {
        f"{what}_before_collapse": forgetting.before_collapse(places, params.warning)
        for what, places in around.items()
    }
    last_loss = training.tail_mean(base.losses, training.LAST_EPISODES)
    own = correlations.assign(last_loss=last_loss, **before)
    samples[params.baseline] = samples[params.baseline].join(own)
    every = variants.stacked(samples)
    luck = partial(seeds.generator, params.seed, f"{NAME} replay access")
    return {
        "metrics.json": {
            "variants": metrics,
            "against_partner": against_partners(every, params),
            "loss": {key: forgetting.summarised(column) for key, column in correlations.items()},
            "warnings": {
                what: forgetting.summarised(column)
                for what, column in zip(around, before.values(), strict=True)
            },
            "replay_access": {
                f"{name}_growth": access_growth.growth(make, params.replay_access, luck(name))
                for name, make in access_growth.BATCHES.items()
            },
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
