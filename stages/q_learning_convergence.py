"""Convergence of Q-learning on the chapter's three states.

Reads data/inputs/three_state.yaml. Writes to data/q_learning_convergence/: metrics.json (the
iterations until a Q-value is within each tolerance of its optimum for good, null where that share
of the runs does not get there; the sweeps that Q-value iteration takes; the share of runs with an
optimal greedy policy), curves.csv (that Q-value's quantiles over the runs, and single runs),
samples.csv (a row for each run), sweeps.csv (the same Q-value by Q-value iteration).
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from reprise import capacity, seeds
from reprise import hyperparameters as kinds
from reprise.pipeline import stage
from reprise.stats.estimates import share
from reprise.tabular import comparison, loaders, names, q_learning, settling
from reprise.tabular.dynamic_programming import best_actions, optimal_q_values, q_value_iteration

THREE_STATE = Path("data/inputs/three_state.yaml")


class Recorded(kinds.Frozen):
    """The Q-value that is watched."""

    state: kinds.Name
    action: kinds.Name


class Params(q_learning.Hyperparameters):
    """The section of params.yaml."""

    seed: kinds.Seed
    runs: kinds.AtLeastTwo
    start_state: kinds.Name
    recorded: Recorded
    tolerances: kinds.Some[kinds.Fraction]  # relative to the optimum
    sweeps: kinds.PositiveInt
    shown_runs: kinds.NonNegativeInt

    def needs(self) -> capacity.Needs:
        """Yield the needs of runs, their records and the sweeps."""
        yield from self.needs_for(self.runs)
        yield self.memory("the Q-values after all sweeps", 8, "sweeps")


def run(params: Params) -> dict:
    """Learn in every run, each independent of the others."""
    mdp, every = loaders.from_yaml(THREE_STATE), params.record_every
    recorded = params.recorded.state, params.recorded.action
    pair, pairs = mdp.pair(*recorded), comparison.possible_pairs(mdp)
    optimal = optimal_q_values(mdp, params.discount)
    generators = [seeds.generator(params.seed, "q_learning", run) for run in range(params.runs)]
    q, curves = q_learning.q_learning(mdp, params, generators, params.start_state, recorded)
    optimum = float(optimal[pair])
    swept = q_value_iteration(mdp, params.discount, params.sweeps)[:, *pair]
    best = best_actions(mdp, optimal.max(axis=1), params.discount)
    greedy = q_learning.optimal_runs(q, best)
    settled, summaries = {}, {}
    for tolerance in params.tolerances:
        name = settling.within(tolerance)
        settled[name] = settling.settling_iterations(curves, optimum, tolerance, every)
        sweeps = settling.settling_iterations(swept[None, 1:], optimum, tolerance, 1).item()
        summaries[name] = settling.settling_summary(settled[name], sweeps, len(pairs))
        summaries[name]["never"] = share(np.isnan(settled[name]))
    iterations, quantiles = (
        every * np.arange(1, curves.shape[1] + 1),
        settling.curve_quantiles(curves),
    )
    shown = {f"run_{run}": curve for run, curve in enumerate(curves[: params.shown_runs])}
    finals = {
        f"q_{names.quoted(state)}_{names.quoted(action)}": q[:, *at] for at, state, action in pairs
    }
    return {
        "metrics.json": {
            "runs": params.runs,
            "iterations": params.iterations,
            "optimum": optimum,
            "final": {name: curve[-1] for name, curve in quantiles.items()},
            **summaries,
            "optimal_policy": share(greedy),
        },
        "curves.csv": pd.DataFrame(
            {"iteration": iterations, **quantiles, "optimum": optimum, **shown}
        ),
        "samples.csv": pd.DataFrame(
            {"run": range(params.runs), **finals, **settled, "optimal_policy": greedy}
        ),
        "sweeps.csv": pd.DataFrame({"sweep": range(len(swept)), "q": swept, "optimum": optimum}),
    }


def headline(results: dict) -> str:
    """Return the shares of settled and of optimal runs."""
    metrics = results["metrics.json"]
    name = next(key for key in metrics if key.startswith("within_"))
    near = f"{1 - metrics[name]['never']['share']:.1%} of {metrics['runs']:,} runs settle"
    tolerance = name.replace("_", " ").removesuffix(" percent") + "%"
    optimal = f"{metrics['optimal_policy']['share']:.1%} act optimally"
    return f"{near} {tolerance} in {metrics['iterations']:,} iterations; {optimal}"


if __name__ == "__main__":
    sys.exit(stage.execute("q_learning_convergence", Params, run, headline))
