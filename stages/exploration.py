"""Speed of Q-learning by its exploring behaviour.

Reads data/inputs/three_state.yaml, and the transition tables of Gymnasium's toy-text environments.
Writes to data/exploration/: metrics.json (by problem and behaviour: the steps until the greedy
policy's exact value is within the tolerance of the optimum, for good and for the first time, and
until every pair of state and action has been tried, null where that share of the runs does not get
there; the share that does; the share of pairs tried; the loss at the end; the probability of
getting there for good sooner than a random run), samples.csv (a row for each run), curves.csv
(quantiles over the runs at checkpoints).

The greedy policy takes each of the actions that tie with equal probability, as the agents do: from
Q = 0, the first action of each state may happen to be optimal. Steps are the environment's.
Episodes have no time limit: the values are those of the model, which has none. A loss is
(optimum - value) / |optimum|.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from reprise import hyperparameters as kinds
from reprise import seeds
from reprise.pipeline import packs, stage
from reprise.stats.estimates import bounds, share, stacked
from reprise.stats.intervals import probability_of_improvement, summary
from reprise.tabular import exploration, loaders, names, problems, progress, settling, tolerances
from reprise.tabular.dynamic_programming import optimal_q_values
from reprise.tabular.q_learning import Learning

NAME = "exploration"
BASELINE = "random"
THREE_STATE = Path("data/inputs/three_state.yaml")
DECIMALS = 9  # of a loss: the rounding errors of exact values lie below


class Trial(Learning):
    """Parameters of a problem, for every behaviour."""

    discount: kinds.BelowOne
    epsilon_decay: kinds.PositiveInt  # iterations over which ε falls


class ThreeState(Trial):
    """The chapter's model."""

    start_state: kinds.Name


class ToyText(Trial):
    """A model of Gymnasium, which has Taxi as v4 only."""

    environment: kinds.Name


class Problems(kinds.Frozen):
    """All problems."""

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
    runs: kinds.AtLeastTwo
    tolerance: kinds.Fraction  # relative to the optimum
    epsilon_start: kinds.Probability
    epsilon_end: kinds.Probability
    curiosities: Annotated[tuple[kinds.PositiveFloat, ...], Field(strict=False)]
    checkpoints: Checkpoints
    problems: Problems

    def behaviours(self, trial: Trial) -> dict[str, exploration.Behaviour]:
        """Return the behaviours by name, the baseline first."""
        epsilons = self.epsilon_start, self.epsilon_end, trial.epsilon_decay
        found = {BASELINE: exploration.RANDOM}
        found["epsilon_greedy"] = exploration.epsilon_greedy(*epsilons)
        curious = {f"curiosity_{k:.9g}".replace(".", "_"): k for k in self.curiosities}
        return found | {name: exploration.curious(k) for name, k in curious.items()}

    def steps(self, trial: Trial) -> list[int]:
        """Return the checkpoints of a problem."""
        first, growth = self.checkpoints.first, self.checkpoints.growth
        return progress.checkpoints_until(trial.iterations, first, growth)


def problem(trial: ThreeState | ToyText) -> problems.Problem:
    """Return the problem of a trial."""
    if isinstance(trial, ToyText):
        return problems.toy_text(trial.environment, trial.discount)
    mdp = loaders.from_yaml(THREE_STATE)
    return problems.from_state("three_state", mdp, trial.discount, trial.start_state)


def explore(params: Params, pack: packs.Pack) -> tuple[np.ndarray, np.ndarray]:
    """Return the progress of one problem's runs by one behaviour."""
    name, behaviour = pack.variant.split()
    trial = getattr(params.problems, name)
    generators = [seeds.generator(params.seed, name, behaviour, run) for run in pack.seeds]
    chosen = params.behaviours(trial)[behaviour]
    return progress.explore(problem(trial), trial, chosen, generators, params.steps(trial))


def optimum(name: str, trial: ThreeState | ToyText) -> float:
    """Return an optimal policy's expected return, which is not 0."""
    solved = problem(trial)
    values = optimal_q_values(solved.mdp, trial.discount).max(axis=1)
    best = solved.start_value(values)
    if abs(best) <= tolerances.TIE * tolerances.least_value(solved.mdp, values):
        raise names.ModelError(
            f"{NAME}.problems.{name}: at discount {trial.discount} an episode is worth 0 to an "
            "optimal policy, so that no loss can be relative to that; allowed: a start and a "
            "discount with which it is worth more or less than 0"
        )
    return best


def run(params: Params) -> dict:
    """Learn every problem by every behaviour, and compare with random."""
    trials = dict(params.problems)
    optima = {name: optimum(name, trial) for name, trial in trials.items()}
    longest_first = sorted(trials, key=lambda name: -trials[name].iterations)
    tasks = [f"{name} {each}" for name in longest_first for each in params.behaviours(trials[name])]
    cut = packs.cut(params.runs, params.runs, tasks)
    found = dict(zip(tasks, packs.run(partial(explore, params), cut, label=NAME), strict=True))
    metrics, samples, curves = {}, [], []
    for name, trial in trials.items():
        best, steps, last = optima[name], params.steps(trial), trial.iterations
        metrics[name] = {"optimum": best, "iterations": last}
        late = {}  # a run that does not get there is later than any other
        for behaviour in params.behaviours(trial):
            values, coverage = found[f"{name} {behaviour}"]
            losses = np.round((best - values) / abs(best), DECIMALS) + 0.0  # no -0.0
            first, settled = progress.steps_to_within(values, best, params.tolerance, steps)
            covered, _ = progress.steps_to_within(coverage, 1.0, 0.0, steps)
            late[behaviour] = np.where(np.isnan(settled), last + 1, settled)
            times = {"steps": settled, "first_steps": first, "covered_steps": covered}
            curve = {"loss": losses, "coverage": coverage}
            ends = {"coverage": coverage[:, -1], "loss": losses[:, -1]}
            metrics[name][behaviour] = {
                "steps": settling.settling_quantiles(settled),
                "reached": share(~np.isnan(settled)),
                "first_steps": settling.settling_quantiles(first),
                "first_reached": share(~np.isnan(first)),
                "covered_steps": settling.settling_quantiles(covered),
                **{key: summary(values) for key, values in ends.items()},
            }
            if behaviour != BASELINE:
                sooner = probability_of_improvement(late[BASELINE], late[behaviour])
                metrics[name][behaviour]["sooner_than_random"] = bounds(sooner)
            named = {"problem": name, "behaviour": behaviour}
            samples.append({**named, "run": range(params.runs), **times, **ends})
            quantiles = {of: settling.curve_quantiles(each) for of, each in curve.items()}
            flat = {f"{of}_{q}": v for of, each in quantiles.items() for q, v in each.items()}
            curves.append({**named, "step": steps, **flat})
    return {
        "metrics.json": {"runs": params.runs, "tolerance": params.tolerance, "problems": metrics},
        "samples.csv": stacked(samples),
        "curves.csv": stacked(curves),
    }


def headline(results: dict) -> str:
    """Return the shares of random and of the best runs."""
    metrics, parts = results["metrics.json"], []
    for name, found in metrics["problems"].items():
        shares = {k: v["reached"]["share"] for k, v in found.items() if isinstance(v, dict)}
        best = max(shares, key=lambda behaviour: shares[behaviour])
        other = f", {shares[best]:.0%} {best}" if best != BASELINE else ""
        parts.append(f"{name} {shares[BASELINE]:.0%} random{other}")
    return f"within {metrics['tolerance']:.0%} of the optimum: {'; '.join(parts)}".replace("_", " ")


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
