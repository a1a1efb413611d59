"""Speed of Q-learning by how it explores.

Reads data/inputs/three_state.yaml and the transition tables of Gymnasium's toy-text environments.
Writes to data/exploration/:
    metrics.json    times and last values by problem and behaviour, compared with random behaviour
    samples.csv     a row for each problem, behaviour and seed
    curves.csv      quantiles over seeds of loss and coverage, at checkpoints

Three times are measured: the steps until the exact value of the greedy policy comes within the
tolerance of the optimum, for the first time and for good, and the steps until every state and
action has been tried. A quantile is null where that share of the seeds never gets there.

The greedy policy chooses at random among tied actions, as the agents do: at Q = 0, always taking
the first action might happen to be optimal. Episodes have no time limit, as the models have none.
The loss is (optimum - value) / |optimum|.
"""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from reprise import hyperparameters as kinds
from reprise import seeds
from reprise.pipeline import packs, stage
from reprise.stats import intervals
from reprise.stats.estimates import share, stacked
from reprise.tabular import exploration, loaders, names, problems, progress, settling, tolerances
from reprise.tabular.dynamic_programming import optimal_q_values
from reprise.tabular.q_learning import Learning

NAME = "exploration"
BASELINE = "random"
THREE_STATE = Path("data/inputs/three_state.yaml")
DECIMALS = 9  # of a loss; exact values have smaller rounding errors


class ThreeState(Learning):
    """The chapter's model."""

    discount: kinds.BelowOne
    epsilon_decay: kinds.PositiveInt  # iterations over which ε falls
    start_state: kinds.Name

    @property
    def problem(self) -> problems.Problem:
        """The model with its start."""
        mdp = loaders.from_yaml(THREE_STATE)
        return problems.from_state("three_state", mdp, self.discount, self.start_state)


class ToyText(Learning):
    """A toy-text model of Gymnasium."""

    discount: kinds.BelowOne
    epsilon_decay: kinds.PositiveInt
    environment: kinds.Name

    @property
    def problem(self) -> problems.Problem:
        """The model with its start."""
        return problems.toy_text(self.environment, self.discount)


Trial = ThreeState | ToyText


class Problems(kinds.Frozen):
    """The problems to learn."""

    three_state: ThreeState
    cliff_walking: ToyText
    taxi: ToyText
    frozen_lake: ToyText


class Checkpoints(kinds.Frozen):
    """The steps after which the greedy policy is evaluated."""

    first: kinds.PositiveInt
    growth: Annotated[float, Field(ge=1.001, allow_inf_nan=False)]  # from one to the next


class Params(kinds.Frozen):
    """The section of params.yaml."""

    seed: kinds.Seed
    seeds: kinds.AtLeastTwo
    tolerance: kinds.Fraction  # relative to the optimum
    epsilon_start: kinds.Probability
    epsilon_end: kinds.Probability
    bonuses: Annotated[tuple[kinds.PositiveFloat, ...], Field(strict=False)]
    checkpoints: Checkpoints
    problems: Problems

    def behaviours(self, trial: Trial) -> dict[str, exploration.Behaviour]:
        """List the behaviours by name, the baseline first."""
        epsilons = self.epsilon_start, self.epsilon_end, trial.epsilon_decay
        found = {BASELINE: exploration.RANDOM}
        found["epsilon_greedy"] = exploration.epsilon_greedy(*epsilons)
        # The chapter calls κ the curiosity. The names are part of the random streams.
        bonuses = {f"curiosity_{k:.9g}".replace(".", "_"): k for k in self.bonuses}
        return found | {name: exploration.with_bonus(k) for name, k in bonuses.items()}

    def steps(self, trial: Trial) -> list[int]:
        """List the checkpoints of a problem."""
        first, growth = self.checkpoints.first, self.checkpoints.growth
        return progress.checkpoints_until(trial.iterations, first, growth)


def explore(params: Params, pack: packs.Pack) -> tuple[np.ndarray, np.ndarray]:
    """Run one behaviour on one problem.

    Returns the greedy policy's values and the coverage [N, K].
    """
    name, behaviour = pack.variant.split()
    trial = getattr(params.problems, name)
    generators = [seeds.generator(params.seed, name, behaviour, number) for number in pack.seeds]
    chosen = params.behaviours(trial)[behaviour]
    return progress.explore(trial.problem, trial, chosen, generators, params.steps(trial))


def optimum(name: str, trial: Trial) -> float:
    """Compute an optimal policy's expected return, never 0."""
    values = optimal_q_values(trial.problem.mdp, trial.discount).max(axis=1)
    best = trial.problem.start_value(values)
    if abs(best) <= tolerances.TIE:
        raise names.ModelError(
            f"{NAME}.problems.{name}: at discount {trial.discount} an optimal policy expects a "
            "return of 0, and no loss can be relative to 0; allowed: a start and a discount with "
            "another expected return"
        )
    return best


def run(params: Params) -> dict:
    """Learn each problem with each behaviour, and compare with random."""
    trials = dict(params.problems)
    optima = {name: optimum(name, trial) for name, trial in trials.items()}
    longest_first = sorted(trials, key=lambda name: -trials[name].iterations)
    tasks = [f"{name} {each}" for name in longest_first for each in params.behaviours(trials[name])]
    cut = packs.cut(params.seeds, params.seeds, tasks)
    found = dict(zip(tasks, packs.run(partial(explore, params), cut, label=NAME), strict=True))
    metrics, samples, curves = {}, [], []
    for name, trial in trials.items():
        metrics[name] = {"optimum": optima[name], "iterations": trial.iterations}
        times, steps = {}, params.steps(trial)
        for behaviour in params.behaviours(trial):
            values, coverage = found[f"{name} {behaviour}"]
            sample, bands = measured(values, coverage, optima[name], params.tolerance, steps)
            metrics[name][behaviour] = summary(sample)
            times[behaviour] = np.nan_to_num(sample["steps"], nan=trial.iterations + 1)
            if behaviour != BASELINE:
                sooner = intervals.probability_of_improvement(times[BASELINE], times[behaviour])
                metrics[name][behaviour]["sooner_than_random"] = sooner.entry()
            group = {"problem": name, "behaviour": behaviour}
            samples.append({**group, "seed": range(params.seeds), **sample})
            curves.append({**group, "step": steps, **bands})
    return {
        "metrics.json": {"seeds": params.seeds, "tolerance": params.tolerance, "problems": metrics},
        "samples.csv": stacked(samples),
        "curves.csv": stacked(curves),
    }


def measured(
    values: np.ndarray, coverage: np.ndarray, best: float, tolerance: float, steps: list[int]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Measure seeds' times and ends [N], and their curves [K]."""
    losses = np.round((best - values) / abs(best), DECIMALS) + 0.0  # no -0.0
    first, settled = progress.steps_to_within(values, best, tolerance, steps)
    covered, _ = progress.steps_to_within(coverage, 1.0, 0.0, steps)
    times = {"steps": settled, "first_steps": first, "covered_steps": covered}
    ends = {"coverage": coverage[:, -1], "loss": losses[:, -1]}
    return times | ends, quantiles("loss", losses) | quantiles("coverage", coverage)


def summary(sample: Mapping[str, np.ndarray]) -> dict[str, dict]:
    """Summarize the seeds of one behaviour."""
    return {
        "steps": settling.settling_quantiles(sample["steps"]),
        "reached": share(~np.isnan(sample["steps"])).entry(),
        "first_steps": settling.settling_quantiles(sample["first_steps"]),
        "first_reached": share(~np.isnan(sample["first_steps"])).entry(),
        "covered_steps": settling.settling_quantiles(sample["covered_steps"]),
        "coverage": intervals.summary(sample["coverage"]),
        "loss": intervals.summary(sample["loss"]),
    }


def quantiles(name: str, curves: np.ndarray) -> dict[str, np.ndarray]:
    """Name the quantiles over seeds of curves [N, K]."""
    return {f"{name}_{key}": values for key, values in settling.curve_quantiles(curves).items()}


def headline(results: dict) -> str:
    """Report the shares of random and of the best behaviour."""
    metrics, parts = results["metrics.json"], []
    for name, found in metrics["problems"].items():
        shares = {k: v["reached"]["estimate"] for k, v in found.items() if isinstance(v, dict)}
        best = max(shares, key=shares.__getitem__)
        other = f", {shares[best]:.0%} ({best})" if best != BASELINE else ""
        parts.append(f"{name} {shares[BASELINE]:.0%} (random){other}")
    said = f"seeds that settle within {metrics['tolerance']:.0%} of the optimum: {'; '.join(parts)}"
    return said.replace("_", " ")


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
