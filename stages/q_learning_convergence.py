"""Convergence of Q-learning on the chapter's three states.

Reads params.yaml and data/inputs/three_state.yaml. Writes to data/q_learning_convergence/:
    metrics.json    when one Q-value settles within each tolerance, and the sweeps of Q-value
                    iteration to the same tolerance; the share of optimal greedy policies
    curves.csv      quantiles of that Q-value over the seeds, and single seeds; later rows lie
                    further apart
    samples.csv     a row for each seed
    sweeps.csv      the same Q-value by sweeps of Q-value iteration

A Q-value settles when it comes within the tolerance for good. A quantile is null where that share
of the seeds never settles.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from reprise import hyperparameters as kinds
from reprise import seeds
from reprise.pipeline import packs, stage
from reprise.stats.estimates import share
from reprise.tabular import comparison, loaders, names, progress, q_learning, settling
from reprise.tabular.dynamic_programming import best_actions, optimal_q_values, q_value_iteration

NAME = "q_learning_convergence"
THREE_STATE = Path("data/inputs/three_state.yaml")
PACK_SIZE = 125
GROWTH = 1.02  # ratio of iterations between rows of curves.csv, at least one record apart


class Recorded(kinds.Frozen):
    """The watched Q-value."""

    state: kinds.Name
    action: kinds.Name


class Params(q_learning.Hyperparameters):
    """The section of params.yaml."""

    seed: kinds.Seed
    seeds: kinds.AtLeastTwo
    start_state: kinds.Name
    recorded: Recorded
    tolerances: kinds.Some[kinds.Fraction]  # relative to the optimum
    sweeps: kinds.PositiveInt
    shown_seeds: kinds.NonNegativeInt


def learn(params: Params, pack: packs.Pack) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Learn with each seed of a pack independently.

    Returns the last Q-values [N, S, A], the watched one in the rows of curves.csv [N, K], and the
    iterations after which it stays near its optimum, NaN for never [N, tolerances].
    """
    mdp, every = loaders.from_yaml(THREE_STATE), params.record_every
    recorded = params.recorded.state, params.recorded.action
    optimum = float(optimal_q_values(mdp, params.discount)[mdp.pair(*recorded)])
    generators = [seeds.generator(params.seed, "q_learning", number) for number in pack.seeds]
    q, curves = q_learning.q_learning(mdp, params, generators, params.start_state, recorded)
    settled = [
        settling.settling_iterations(curves, optimum, tolerance, every)
        for tolerance in params.tolerances
    ]
    return q, curves[:, rows(params) - 1], np.stack(settled, axis=1)


def rows(params: Params) -> np.ndarray:
    """Number the records that are rows of curves.csv, from 1."""
    last = params.iterations // params.record_every
    return np.array(progress.checkpoints_until(last, 1, GROWTH))


def run(params: Params) -> dict:
    """Learn with every seed, and compare with Q-value iteration."""
    mdp = loaders.from_yaml(THREE_STATE)
    pair, pairs = (
        mdp.pair(params.recorded.state, params.recorded.action),
        comparison.possible_pairs(mdp),
    )
    optimal = optimal_q_values(mdp, params.discount)
    optimum = float(optimal[pair])
    mdp.first_state(params.start_state)  # refuses an unknown state before anything is learnt
    found = packs.run(partial(learn, params), packs.cut(params.seeds, PACK_SIZE), label=NAME)
    q, curves, settles = map(np.concatenate, zip(*found, strict=True))
    swept = q_value_iteration(mdp, params.discount, params.sweeps)[:, *pair]
    greedy = q_learning.optimal_seeds(q, best_actions(mdp, optimal.max(axis=1), params.discount))
    settled, summaries = {}, {}
    for tolerance, times in zip(params.tolerances, settles.T, strict=True):
        name = settling.within(tolerance)
        settled[name] = times
        sweeps = settling.settling_iterations(swept[None, 1:], optimum, tolerance, 1).item()
        summaries[name] = settling.settling_summary(times, sweeps, len(pairs))
        summaries[name]["never"] = share(np.isnan(times)).entry()
    quantiles = settling.curve_quantiles(curves)
    final = {
        f"q_{names.quoted(state)}_{names.quoted(action)}": q[:, *at] for at, state, action in pairs
    }
    return {
        "metrics.json": {
            "seeds": params.seeds,
            "iterations": params.iterations,
            "optimum": optimum,
            "final": {name: curve[-1] for name, curve in quantiles.items()},
            **summaries,
            "optimal_policy": share(greedy).entry(),
        },
        "curves.csv": pd.DataFrame(
            {
                "iteration": params.record_every * rows(params),
                **quantiles,
                "optimum": optimum,
                **{f"seed_{n}": curve for n, curve in enumerate(curves[: params.shown_seeds])},
            }
        ),
        "samples.csv": pd.DataFrame(
            {"seed": range(params.seeds), **final, **settled, "optimal_policy": greedy}
        ),
        "sweeps.csv": pd.DataFrame({"sweep": range(len(swept)), "q": swept, "optimum": optimum}),
    }


def headline(results: dict) -> str:
    """Report when half of the seeds settle."""
    metrics, parts = results["metrics.json"], []
    for key in (key for key in metrics if key.startswith("within_")):
        tolerance = key.removesuffix("_percent").replace("_", " ", 1).replace("_", ".")
        median, last = metrics[key]["iterations"]["median"], metrics["iterations"]
        when = f"by iteration {median:,.0f}" if median else f"after iteration {last:,}"
        parts.append(f"{tolerance}% {when}")
    optimal = f"{metrics['optimal_policy']['estimate']:.1%} of seeds act optimally in the end"
    return f"half of {metrics['seeds']:,} seeds settle {', '.join(parts)}; {optimal}"


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
