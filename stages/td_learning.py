"""TD(0) on the chapter's three states: the effect of the learning rate, over many runs.

Reads data/inputs/three_state.yaml. Writes to data/td_learning/: metrics.json (the random policy's
values by a linear solve; for each schedule of the learning rate the error half way and at the end,
their ratio, and the error's parts: bias, which all runs share, and spread), curves.csv (the error's
quantiles over the runs, bias and spread, by schedule and iteration), samples.csv (a row for each
run and schedule), traces.csv (one state's value in the first runs).

The error is the root mean square of V - truth over the states; half way and at the end it is
averaged over a window of iterations that ends there.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from reprise import seeds
from reprise.capacity import Need
from reprise.hyperparameters import AtLeastTwo, Name, NonNegativeInt, Seed
from reprise.pipeline import stage
from reprise.stats.intervals import Interval, mean_interval, ratio_of_means
from reprise.tabular import loaders, td_learning
from reprise.tabular.names import metric_keys
from reprise.tabular.settling import curve_quantiles
from reprise.tabular.td_learning import evaluate, uniform_policy

THREE_STATE = Path("data/inputs/three_state.yaml")


class Params(td_learning.Hyperparameters):
    """The section td_learning of params.yaml."""

    seed: Seed
    runs: AtLeastTwo
    start_state: Name
    schedules: Annotated[dict[Name, td_learning.Schedule], Field(min_length=1)]
    window: Annotated[float, Field(gt=0, le=0.5)]  # a share of the iterations
    traced_state: Name
    traced_runs: NonNegativeInt

    def needs(self) -> Iterator[Need]:
        """Yield the needs of runs and their records."""
        yield from self.needs_for(self.runs, len(self.schedules))


def run(params: Params) -> dict[str, Any]:
    """Learn in every run by every schedule; no run depends on another."""
    mdp = loaders.from_yaml(THREE_STATE)
    policy, traced = uniform_policy(mdp), mdp.state(params.traced_state)
    names = metric_keys(mdp.state_names, "state")
    truth = evaluate(mdp, policy, params.discount)
    generators = [seeds.generator(params.seed, "td_learning", run) for run in range(params.runs)]
    values = td_learning.td_learning(
        mdp, policy, params, list(params.schedules.values()), generators, params.start_state
    )
    records = values.shape[2]
    iterations = params.record_every * np.arange(1, records + 1)
    tables = {"curves": [], "samples": [], "traces": []}
    summaries = {}
    for c, name in enumerate(params.schedules):
        learnt = values[:, c]  # [R, K, S]
        errors = td_learning.errors(learnt, truth)  # [R, K]
        bias, spread = td_learning.bias_and_spread(learnt, truth)
        half_way = _window_mean(errors, (records + 1) // 2, params.window)
        end = _window_mean(errors, records, params.window)
        summaries[name] = {
            "half_way": _bounds(mean_interval(half_way)),
            "end": _bounds(mean_interval(end)),
            "ratio": _bounds(ratio_of_means(end, half_way)),
            "bias": bias[-1],
            "spread": spread[-1],
        }
        tables["curves"].append(
            {"schedule": name, "iteration": iterations, **curve_quantiles(errors)}
            | {"bias": bias, "spread": spread}
        )
        tables["samples"].append(
            {"schedule": name, "run": range(params.runs), "half_way": half_way, "end": end}
            | {f"v_{state}": learnt[:, -1, s] for s, state in enumerate(mdp.state_names)}
        )
        tables["traces"].append(
            {"schedule": name, "iteration": iterations}
            | {f"run_{r}": curve for r, curve in enumerate(learnt[: params.traced_runs, :, traced])}
        )
    return {
        "metrics.json": {
            "runs": params.runs,
            "iterations": params.iterations,
            "truth": dict(zip(names, truth, strict=True)),
            "schedules": summaries,
        },
        **{
            f"{name}.csv": pd.concat(map(pd.DataFrame, rows), ignore_index=True)
            for name, rows in tables.items()
        },
    }


def headline(results: dict[str, Any]) -> str:
    """Return the error at the end of each schedule, and its ratio to that half way."""
    metrics = results["metrics.json"]
    parts = (
        f"{name} {found['end']['estimate']:.2f} ({found['ratio']['estimate']:.0%})"
        for name, found in metrics["schedules"].items()
    )
    return f"error at the end (of that half way): {', '.join(parts)}"


def _window_mean(errors: np.ndarray, last: int, window: float) -> np.ndarray:
    """Return each run's mean error over a window of records, at least one, to the last, [R]."""
    return errors[:, last - max(1, round(window * errors.shape[1])) : last].mean(axis=1)


def _bounds(interval: Interval) -> dict[str, float]:
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


if __name__ == "__main__":
    sys.exit(stage.execute("td_learning", Params, run, headline))
