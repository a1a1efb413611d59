"""Speed of Q-learning towards a good policy, by its exploring behaviour.

Reads data/inputs/three_state.yaml, and the transition tables of Gymnasium's toy-text environments.
Writes to data/exploration/: metrics.json (by problem and behaviour: the steps until the greedy
policy's exact value is within the tolerance of the optimum, for good and for the first time, null
where that share of the runs does not get there; the share that does; the share of pairs of state
and action tried; the loss at the end; the probability of getting there for good sooner than a
random run), samples.csv (a row for each run), curves.csv (quantiles over the runs at checkpoints).

Steps are the environment's. Episodes have no time limit: the values are those of the model, which
has none. A loss is (optimum - value) / |optimum|.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from reprise import capacity, seeds
from reprise import hyperparameters as kinds
from reprise.capacity import Need
from reprise.pipeline import packs, stage
from reprise.stats import intervals
from reprise.tabular import exploration, loaders, problems, progress, tolerances
from reprise.tabular.dynamic_programming import optimal_q_values
from reprise.tabular.exploration import Behaviour
from reprise.tabular.names import ModelError
from reprise.tabular.problems import Problem
from reprise.tabular.q_learning import Learning
from reprise.tabular.settling import curve_quantiles, settling_quantiles

NAME = "exploration"
BASELINE = "random"
THREE_STATE = Path("data/inputs/three_state.yaml")
RESAMPLES = 2_000  # of a bootstrap: its bounds are good to a percent
DECIMALS = 9  # of a loss: the rounding errors of exact values lie below


class Trial(Learning):
    """Parameters of a problem, for every behaviour."""

    discount: Annotated[float, Field(ge=0, lt=1)]
    epsilon_decay: kinds.PositiveInt  # iterations over which ε falls


class ThreeState(Trial):
    """The chapter's model."""

    start_state: kinds.Name

    def problem(self) -> Problem:
        """Return the problem."""
        mdp = loaders.from_yaml(THREE_STATE)
        return problems.from_state("three_state", mdp, self.discount, self.start_state)


class ToyText(Trial):
    """One of Gymnasium's models; of Taxi, Gymnasium 1.4 has v4 only, where v3 was meant."""

    environment: kinds.Name

    def problem(self) -> Problem:
        """Return the problem."""
        return problems.toy_text(self.environment, self.discount)


class Problems(kinds.Frozen):
    """All problems."""

    three_state: ThreeState
    cliff_walking: ToyText
    taxi: ToyText
    frozen_lake: ToyText


class Checkpoints(kinds.Frozen):
    """The steps after which the greedy policy is evaluated, each so many times those before."""

    first: kinds.PositiveInt
    growth: Annotated[float, Field(gt=1, allow_inf_nan=False)]


class Params(kinds.Frozen):
    """The section exploration of params.yaml."""

    seed: kinds.Seed
    runs: kinds.AtLeastTwo
    tolerance: Annotated[float, Field(gt=0, lt=1)]  # relative to the optimum
    epsilon_start: kinds.Probability
    epsilon_end: kinds.Probability
    curiosities: Annotated[tuple[kinds.PositiveFloat, ...], Field(strict=False)]
    checkpoints: Checkpoints
    problems: Problems

    def needs(self) -> Iterator[Need]:
        """Yield the needs of runs and their checkpoints."""
        yield self.memory("the generators", capacity.GENERATOR, "runs")
        for name, trial in self.problems:
            iterations = f"problems.{name}.iterations"
            yield self.work("the iterations", iterations, "runs")
            # A checkpoint that would grow by less than 1 grows by 1.
            close = int(min(trial.iterations, 1 / (self.checkpoints.growth - 1)))
            size = 2 * 8 * max(close - self.checkpoints.first, 0) * self.runs
            given = self.given("checkpoints.first", "checkpoints.growth", iterations, "runs")
            yield capacity.memory("the values at all checkpoints", size, given)

    def behaviours(self, trial: Trial) -> dict[str, Behaviour]:
        """Return the behaviours by name, the baseline first."""
        epsilons = self.epsilon_start, self.epsilon_end, trial.epsilon_decay
        curious = {f"curiosity_{k:.9g}".replace(".", "_"): k for k in self.curiosities}
        return {
            BASELINE: exploration.RANDOM,
            "epsilon_greedy": exploration.epsilon_greedy(*epsilons),
            **{name: exploration.curious(k) for name, k in curious.items()},
        }

    def steps(self, trial: Trial) -> list[int]:
        """Return the checkpoints of a problem."""
        first, growth = self.checkpoints.first, self.checkpoints.growth
        return progress.checkpoints_until(trial.iterations, first, growth)

    def tasks(self) -> list[tuple[str, str]]:
        """Return each problem with each behaviour, by name, the longest first."""
        trials = sorted(self.problems, key=lambda item: -item[1].iterations)
        return [(name, behaviour) for name, trial in trials for behaviour in self.behaviours(trial)]


def explore(params: Params, pack: packs.Pack) -> progress.Progress:
    """Return the progress of one problem's runs by one behaviour."""
    name, behaviour = params.tasks()[pack.index]
    trial = getattr(params.problems, name)
    return progress.explore(
        trial.problem(),
        trial,
        params.behaviours(trial)[behaviour],
        [seeds.generator(params.seed, name, behaviour, run) for run in range(params.runs)],
        params.steps(trial),
    )


def optimum(name: str, trial: ThreeState | ToyText) -> float:
    """Return the expected return of an optimal policy; or a ModelError if it is 0."""
    problem = trial.problem()
    values = optimal_q_values(problem.mdp, trial.discount).max(axis=1)
    best = problem.start_value(values)
    if abs(best) <= tolerances.TIE * tolerances.least_value(problem.mdp, values):
        raise ModelError(
            f"{NAME}.problems.{name}: at discount {trial.discount} an episode is worth 0 to an "
            "optimal policy, so that no loss can be relative to that; allowed: a start and a "
            "discount with which it is worth more or less than 0"
        )
    return best


def run(params: Params) -> dict[str, Any]:
    """Learn every problem by every behaviour, and compare the behaviours with acting at random."""
    tasks, trials = params.tasks(), dict(params.problems)
    optima = {name: optimum(name, trial) for name, trial in trials.items()}
    cut = packs.cut(len(tasks) * params.runs, params.runs)
    results = packs.run(partial(explore, params), cut, label=NAME)
    found = dict(zip(tasks, results, strict=True))
    metrics, samples, curves = {}, [], []
    for name, trial in trials.items():
        best, steps, last = optima[name], params.steps(trial), trial.iterations
        metrics[name] = {"optimum": best, "iterations": last}
        late = {}  # a run that does not get there is later than any other
        for behaviour in params.behaviours(trial):
            values, coverage = found[name, behaviour]
            losses = np.round((best - values) / abs(best), DECIMALS) + 0.0  # no -0.0
            first, settled = progress.steps_to_within(values, best, params.tolerance, steps)
            late[behaviour] = np.where(np.isnan(settled), last + 1, settled)
            metrics[name][behaviour] = {
                "steps": settling_quantiles(settled),
                "reached": _share(~np.isnan(settled)),
                "first_steps": settling_quantiles(first),
                "first_reached": _share(~np.isnan(first)),
                "coverage": intervals.summary(coverage[:, -1]),
                "loss": intervals.summary(losses[:, -1]),
            }
            if behaviour != BASELINE:
                seed = seeds.sequence(params.seed, "sooner", name, behaviour)
                sooner = intervals.probability_of_improvement(
                    late[BASELINE], late[behaviour], resamples=RESAMPLES, seed=seed
                )
                bounds = {key: getattr(sooner, key) for key in ("estimate", "low", "high")}
                metrics[name][behaviour]["sooner_than_random"] = bounds
            named = {"problem": name, "behaviour": behaviour}
            samples.append(
                {**named, "run": range(params.runs), "steps": settled, "first_steps": first}
                | {"coverage": coverage[:, -1], "loss": losses[:, -1]}
            )
            quantiles = {"loss": curve_quantiles(losses), "coverage": curve_quantiles(coverage)}
            curves.append(
                {**named, "step": steps}
                | {f"{of}_{q}": v for of, curve in quantiles.items() for q, v in curve.items()}
            )
    return {
        "metrics.json": {"runs": params.runs, "tolerance": params.tolerance, "problems": metrics},
        "samples.csv": pd.concat(map(pd.DataFrame, samples), ignore_index=True),
        "curves.csv": pd.concat(map(pd.DataFrame, curves), ignore_index=True),
    }


def headline(results: dict[str, Any]) -> str:
    """Return, for each problem, how many runs get there at random, and by the best behaviour."""
    metrics = results["metrics.json"]
    parts = []
    for name, found in metrics["problems"].items():
        shares = {k: v["reached"]["share"] for k, v in found.items() if isinstance(v, dict)}
        best = max(shares, key=lambda behaviour: shares[behaviour])
        other = f", {shares[best]:.0%} {best}" if best != BASELINE else ""
        parts.append(f"{name} {shares[BASELINE]:.0%} random{other}")
    return f"within {metrics['tolerance']:.0%} of the optimum: {'; '.join(parts)}".replace("_", " ")


def _share(runs: np.ndarray) -> dict[str, float]:
    """Return the share of runs that are true, with Wilson's interval at 95%."""
    interval = intervals.wilson_interval(int(runs.sum()), len(runs))
    return {"share": interval.estimate, "low": interval.low, "high": interval.high}


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
