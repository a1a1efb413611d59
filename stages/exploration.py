"""Speed of Q-learning by its exploring behaviour.

Reads data/inputs/three_state.yaml, and the transition tables of Gymnasium's toy-text environments.
Writes to data/exploration/: metrics.json (by problem and behaviour: the steps until the greedy
policy's exact value is within the tolerance of the optimum, for good and for the first time, and
until every state and action has been tried, null where that share of the runs does not get there;
the share that does, and that of pairs tried; the last loss; the probability of getting there sooner
than a random run), samples.csv (a row for each run), curves.csv (quantiles at checkpoints).

The greedy policy takes each of the actions that tie with equal probability, as the agents do: from
Q = 0, the first action of each state may happen to be optimal. Episodes have no time limit, as
their models. A loss is (optimum - value) / |optimum|.
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


class ThreeState(Learning):
    """The chapter's model."""

    discount: kinds.BelowOne
    epsilon_decay: kinds.PositiveInt  # iterations over which ε falls
    start_state: kinds.Name

    @property
    def problem(self) -> problems.Problem:
        """The model and its start."""
        mdp = loaders.from_yaml(THREE_STATE)
        return problems.from_state("three_state", mdp, self.discount, self.start_state)


class ToyText(Learning):
    """A model of Gymnasium, which has Taxi as v4 only."""

    discount: kinds.BelowOne
    epsilon_decay: kinds.PositiveInt
    environment: kinds.Name

    @property
    def problem(self) -> problems.Problem:
        """The model and its start."""
        return problems.toy_text(self.environment, self.discount)


Trial = ThreeState | ToyText


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


def explore(params: Params, pack: packs.Pack) -> tuple[np.ndarray, np.ndarray]:
    """Return the progress of one problem's runs by one behaviour."""
    name, behaviour = pack.variant.split()
    trial = getattr(params.problems, name)
    generators = [seeds.generator(params.seed, name, behaviour, run) for run in pack.seeds]
    chosen = params.behaviours(trial)[behaviour]
    return progress.explore(trial.problem, trial, chosen, generators, params.steps(trial))


def optimum(name: str, trial: Trial) -> float:
    """Return an optimal policy's expected return, which is not 0."""
    values = optimal_q_values(trial.problem.mdp, trial.discount).max(axis=1)
    best = trial.problem.start_value(values)
    if abs(best) <= tolerances.TIE:
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
            late[behaviour] = np.nan_to_num(settled, nan=last + 1)
            ends = {"coverage": coverage[:, -1], "loss": losses[:, -1]}
            metrics[name][behaviour] = one = {
                "steps": settling.settling_quantiles(settled),
                "reached": share(~np.isnan(settled)),
                "first_steps": settling.settling_quantiles(first),
                "first_reached": share(~np.isnan(first)),
                "covered_steps": settling.settling_quantiles(covered),
                **{key: summary(values) for key, values in ends.items()},
            }
            if behaviour != BASELINE:
                sooner = probability_of_improvement(late[BASELINE], late[behaviour])
                one["sooner_than_random"] = bounds(sooner)
            named = {"problem": name, "behaviour": behaviour}
            times = {"steps": settled, "first_steps": first, "covered_steps": covered}
            samples.append({**named, "run": range(params.runs), **times, **ends})
            curves.append({**named, "step": steps})
            for of, each in {"loss": losses, "coverage": coverage}.items():
                quantiles = settling.curve_quantiles(each).items()
                curves[-1] |= {f"{of}_{quantile}": values for quantile, values in quantiles}
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
        best = max(shares, key=shares.__getitem__)
        other = f", {shares[best]:.0%} {best}" if best != BASELINE else ""
        parts.append(f"{name} {shares[BASELINE]:.0%} random{other}")
    return f"within {metrics['tolerance']:.0%} of the optimum: {'; '.join(parts)}".replace("_", " ")


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
