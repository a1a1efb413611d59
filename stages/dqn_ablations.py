"""The chapter's DQN with one thing changed at a time: what helps, what hurts, what warns.

Reads: params.yaml.
Writes to data/dqn_ablations/:
    metrics.json        how each variant trains, forgets and plays, and each against its partner;
                        what loss and targets say of the base's returns and collapses; replay_access
    samples.csv         a row for each variant and seed
    returns.csv         the return of each training episode, one column a seed
    learning_curve.csv  mean, median and quantiles over seeds
    warnings.csv        loss and mean target of the base around its collapses, among calm seeds

A variant has seeds of its own, the base too: 32 in one pack. Those of dqn_training are others.
It is compared with its *partner*, from which it differs in one thing: `double` with `target_hard`,
since there is no double Q-learning without a target network; all others with `base`.

No replay is a buffer as small as a batch: each batch is drawn, like any other, from the latest
transitions only, as many as a batch has. A copied target network and one that is drawn nearer are
equally old: 20 gradient steps between copies make it 10 old on average, as does a rate of 0.1.

Fixed before any result was seen, with the definitions of `measures/forgetting.py`:

*Does the loss predict the return?* Within each seed, the rank correlation of the loss of a round's
gradient step with the return of the next episode, which the network plays that came of that step
(`loss_return_correlation`); and, since both drift as a training goes on, that of their changes from
a round to the next (`loss_return_change_correlation`).

*Do target Q-values see a collapse coming?* In each of the `warning` episodes before a collapse,
where does the collapsing seed's mean target lie among those of the seeds that hold the cap in the
same episode and will not collapse within as many? A seed's places are averaged over its collapses
first. They see it if the interval of the mean over seeds leaves 0.5 out. So is the loss asked.
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
from reprise.hyperparameters import (
    ChangesOf,
    Comparison,
    Frozen,
    Name,
    PositiveInt,
    check_choice,
    part,
)  # fmt: skip
from reprise.measures import access_growth, forgetting, training, variants
from reprise.measures.training_run import TrainingRun, join
from reprise.pipeline import packs, stage
from reprise.stats import intervals

NAME = "dqn_ablations"


class Access(Frozen):
    """How random access is timed."""

    shorter: PositiveInt
    longer: PositiveInt
    accesses: PositiveInt
    repeats: PositiveInt

    @model_validator(mode="after")
    def _longer_is_longer(self) -> Self:
        if self.longer <= self.shorter:
            raise ValueError(f"longer is {self.longer}; allowed: above shorter, {self.shorter}")
        return self


class Params(dqn.Hyperparameters, Comparison, Played):
    """The section of params.yaml; a variant is a change of hyperparameters."""

    total_episodes: PositiveInt
    total_steps: None
    variants: dict[Name, Annotated[dict[str, Any], ChangesOf(dqn.Hyperparameters)]]
    partners: dict[Name, Name]
    window: PositiveInt  # episodes in a row that make up holding and collapsing
    warning: PositiveInt  # episodes before a collapse
    shown_after: PositiveInt  # episodes after its beginning that warnings.csv goes on
    replay_access: Access

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
        """Yield what the trainings ask for, and the lists whose access is timed."""
        yield from super().needs()
        access, times = self.replay_access, ("warning", "shown_after")
        for name, size in (("shorter", 16), ("longer", 16), ("accesses", 8)):
            value = getattr(access, name)
            given = {f"replay_access.{name}": value}
            yield capacity.memory("what is accessed", value * size, given)
        given = {f"replay_access.{name}": getattr(access, name) for name in ("accesses", "repeats")}
        yield capacity.work("access", capacity.product(given), given)
        around = {name: getattr(self, name) for name in times}
        size = sum(around.values()) * capacity.product(self.trained_at_once) * 8
        yield capacity.memory("the episodes around a collapse", size, around | self.trained_at_once)

    def of(self, variant: str) -> dqn.Hyperparameters:
        """Return a variant's hyperparameters."""
        return self.changed(dqn.Hyperparameters, self.variants[variant])

    def partner(self, variant: str) -> str:
        """Return the variant that another is compared with."""
        return self.partners.get(variant, self.baseline)


def work(params: Params, pack: packs.Pack) -> TrainingRun:
    """Return the run of a pack's seeds."""
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    own = params.of(pack.variant)
    run = dqn.train(own, registry.make(params.environment), keys)
    policies = {name: dqn.policy(weights, own) for name, weights in run.weights.items()}
    return evaluated(run, policies, params.environment, params.evaluation)


def correlations(run: TrainingRun) -> pd.DataFrame:
    """Return the rank correlations of loss and next return, a row a seed."""
    losses, following = run.losses[:-1], run.returns[1:]
    return pd.DataFrame(
        {
            "loss_return_correlation": forgetting.rank_correlations(losses, following),
            "loss_return_change_correlation": forgetting.rank_correlations(
                np.diff(losses, axis=0), np.diff(following, axis=0)
            ),
        }
    )


def against(samples: pd.DataFrame, params: Params) -> dict[str, dict]:
    """Return for each variant but the base its partner, and how it differs from that."""
    limit = params.evaluation.limits[0]
    found = {}
    for name in params.variants:
        if name == params.baseline:
            continue
        partner = params.partner(name)
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


def run(params: Params) -> dict:
    """Train and evaluate all variants."""
    compiled = {name: part(dqn.Settings, params.of(name)) for name in params.variants}
    cut = packs.cut(params.seeds, params.pack_size, compiled)
    grouped = packs.by_variant(cut, packs.run(partial(work, params), cut, label=NAME))
    runs = {name: join(each) for name, each in grouped.items()}
    limits, solved = params.evaluation.limits, params.environment.solved_return
    cap = params.environment.top(params.maximum_steps)
    samples, curves, quantiles, told = {}, {}, {}, {}
    courses = {n: forgetting.course(t.returns, cap, params.window) for n, t in runs.items()}
    for name, run in runs.items():
        table = training.course(run.returns, run.steps, run.evaluations, limits, cap)
        samples[name] = table.join(forgetting.table(courses[name]))
        curves[name] = training.by_seed(run.returns, "episode")
        quantiles[name] = training.quantiles(run.returns, "episode")
        limit = limits[0]
        told[name] = {
            **training.trained(table, cap),
            "diverged": int(np.isnan(run.evaluations["final"][0, 0]).sum()),
            **forgetting.summary(samples[name]),
            **{
                which: training.evaluation(values, limits, params.evaluation.solved_share, solved)
                for which, values in run.evaluations.items()
            },
            "best_less_final": intervals.summary(table[f"best_{limit}"] - table[f"final_{limit}"]),
        }
    base = runs[params.baseline]
    samples[params.baseline] = samples[params.baseline].join(correlations(base))
    around = {
        what: forgetting.places(
            values, courses[params.baseline], params.warning, params.shown_after
        )
        for what, values in {"target": base.targets, "loss": base.losses}.items()
    }
    every = variants.stacked(samples)
    predicts = samples[params.baseline].filter(like="correlation")
    return {
        "metrics.json": {
            "variants": told,
            "against_partner": against(every, params),
            "loss": {
                name: intervals.summary(values.dropna()) if values.notna().sum() > 1 else None
                for name, values in predicts.items()
            },
            "warnings": {
                what: forgetting.warning(places, params.warning) for what, places in around.items()
            },
            "replay_access": replay_access(params),
        },
        "samples.csv": every,
        "returns.csv": variants.stacked(curves),
        "learning_curve.csv": variants.stacked(quantiles),
        "warnings.csv": pd.concat(
            [
                forgetting.over_seeds(places, params.warning).assign(quantity=what)
                for what, places in around.items()
            ]
        ),
    }


def replay_access(params: Params) -> dict[str, int]:
    """Return how access to a deque and to a circular array grows with its length."""
    access = params.replay_access
    return {
        f"{name}_growth": access_growth.growth(
            make, (access.shorter, access.longer), access.accesses, access.repeats,
            seeds.generator(params.seed, f"{NAME} replay access", name),
        )
        for name, make in {
            "deque": access_growth.deque_batch, "circular": access_growth.circular_batch
        }.items()
    }  # fmt: skip


def headline(results: dict) -> str:
    """Return the variants' final greedy returns in one line."""
    told = results["metrics.json"]["variants"]
    return variants.headline({name: {"greedy": each["final"]} for name, each in told.items()})


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
