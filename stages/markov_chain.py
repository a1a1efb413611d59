"""The chapter's chain of four states: many simulated paths, and the closed form.

Reads data/inputs/markov_chain.yaml. Writes to data/markov_chain/: metrics.json (the steps to
absorption and their variance, the visits to each state, where paths end; in closed form, and as
simulated with 95% intervals), lengths.csv (the share of the paths by their steps with its interval,
and the exact probability for each state to begin in), visits.csv, paths.csv (the first paths, state
by state), transitions.csv (the chain itself).
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reprise import capacity, seeds
from reprise.capacity import Need
from reprise.hyperparameters import AtLeastTwo, Frozen, Name, NonNegativeInt, PositiveInt, Seed
from reprise.pipeline import stage
from reprise.stats.intervals import Interval, bootstrap_interval, mean_interval, wilson_interval
from reprise.tabular import markov_chain
from reprise.tabular.names import metric_keys

CHAIN = Path("data/inputs/markov_chain.yaml")


class Params(Frozen):
    """The section markov_chain of params.yaml."""

    seed: Seed
    paths: AtLeastTwo
    start_state: Name
    horizon: PositiveInt  # the most steps in lengths.csv
    shown_paths: NonNegativeInt
    resamples: PositiveInt  # of the bootstrap

    def needs(self) -> Iterator[Need]:
        """Yield the needs of paths, their lengths and the bootstrap."""
        yield self.memory("the generators", capacity.GENERATOR, "paths")
        yield self.memory("the shares of all lengths", 100, "horizon")
        yield self.memory("the resampled variances", 8, "resamples")
        yield self.work("the bootstrap", "resamples", "paths")


def run(params: Params) -> dict[str, Any]:
    """Walk every path until it is absorbed; no path depends on another."""
    chain, horizon = markov_chain.from_yaml(CHAIN), params.horizon
    solved = markov_chain.absorption(chain)
    generators = [seeds.generator(params.seed, "paths", path) for path in range(params.paths)]
    paths = markov_chain.simulate(chain, params.start_state, generators, params.shown_paths)
    transient = chain.names(solved.transient)
    row = transient.index(params.start_state)
    keys = metric_keys(chain.state_names, "state")
    passed, final = ([keys[state] for state in states] for states in solved[:2])
    exact = markov_chain.length_distribution(chain, horizon)  # [horizon, T]
    counts = np.bincount(paths.steps, minlength=horizon + 1)[1 : horizon + 1]
    visits = [mean_interval(paths.visits[:, state]) for state in solved.transient]
    variance_seed = seeds.sequence(params.seed, "variance")
    variance = bootstrap_interval(
        paths.steps, np.var, resamples=params.resamples, seed=variance_seed
    )

    def share(hits: np.ndarray) -> dict[str, float]:
        return _bounds(wilson_interval(int(hits.sum()), params.paths))

    closed_form = {
        "steps": solved.steps[row],
        "variance": solved.variance[row],
        "visits": dict(zip(passed, solved.visits[row], strict=True)),
        "ends": dict(zip(final, solved.ends[row], strict=True)),
        "beyond_horizon": 1 - exact[:, row].sum(),
    }
    ends = [share(paths.ends == state) for state in solved.absorbing]
    simulated = {
        "steps": _bounds(mean_interval(paths.steps)),
        "variance": _bounds(variance),
        "visits": dict(zip(passed, map(_bounds, visits), strict=True)),
        "ends": dict(zip(final, ends, strict=True)),
        "beyond_horizon": share(paths.steps > horizon),
        "longest": paths.steps.max(),
    }
    shown = [
        (path, step, name)
        for path, states in enumerate(paths.shown)
        for step, name in enumerate(chain.names(states))
    ]
    before, after = np.nonzero(chain.probabilities)
    return {
        "metrics.json": {
            "paths": params.paths,
            "closed_form": closed_form,
            "simulated": simulated,
        },
        "lengths.csv": pd.DataFrame({"length": range(1, horizon + 1)})
        .join(_table(wilson_interval(int(n), params.paths) for n in counts))
        .join(pd.DataFrame(exact, columns=[f"exact_from_{name}" for name in transient])),
        "visits.csv": pd.DataFrame({"state": transient})
        .join(_table(visits))
        .assign(exact=solved.visits[row]),
        "paths.csv": pd.DataFrame(shown, columns=["path", "step", "state"]),
        "transitions.csv": pd.DataFrame(
            {
                "state": chain.names(before),
                "successor": chain.names(after),
                "probability": chain.probabilities[before, after],
            }
        ),
    }


def headline(results: dict[str, Any]) -> str:
    """Return the mean number of steps, simulated and exact."""
    metrics = results["metrics.json"]
    exact, steps = metrics["closed_form"], metrics["simulated"]["steps"]
    return (
        f"{metrics['paths']:,} paths take {steps['estimate']:.2f} [{steps['low']:.2f}, "
        f"{steps['high']:.2f}] steps; exactly {exact['steps']:.6g}, variance "
        f"{exact['variance']:.6g}"
    )


def _bounds(interval: Interval) -> dict[str, float]:
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _table(intervals: Iterable[Interval]) -> pd.DataFrame:
    """Return the columns simulated, low and high."""
    return pd.DataFrame(map(_bounds, intervals)).rename(columns={"estimate": "simulated"})


if __name__ == "__main__":
    sys.exit(stage.execute("markov_chain", Params, run, headline))
