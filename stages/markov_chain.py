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
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from reprise import capacity, seeds
from reprise.capacity import Need
from reprise.hyperparameters import Frozen, NonNegativeInt, PositiveInt, Seed
from reprise.pipeline import stage
from reprise.stats.intervals import Interval, bootstrap_interval, mean_interval, wilson_interval
from reprise.tabular import markov_chain
from reprise.tabular.names import metric_keys

CHAIN = Path("data/inputs/markov_chain.yaml")


class Params(Frozen):
    """The section markov_chain of params.yaml."""

    seed: Seed
    paths: Annotated[int, Field(ge=2)]  # an interval needs two
    start_state: Annotated[str, Field(min_length=1)]
    horizon: PositiveInt  # the most steps in lengths.csv
    shown_paths: NonNegativeInt
    resamples: PositiveInt  # of the bootstrap

    def needs(self) -> Iterator[Need]:
        """Yield the needs of paths, their lengths and the bootstrap."""
        paths, resamples = {"paths": self.paths}, {"resamples": self.resamples}
        yield capacity.memory("the generators", self.paths * capacity.GENERATOR, paths)
        lengths = {"horizon": self.horizon}
        yield capacity.memory("the shares of all lengths", self.horizon * 100, lengths)
        yield capacity.memory("the resampled variances", self.resamples * 8, resamples)
        drawn = resamples | paths
        yield capacity.work("the bootstrap", capacity.product(drawn), drawn)


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
    successors = np.argwhere(chain.probabilities > 0)
    closed_form = {
        "steps": solved.steps[row],
        "variance": solved.variance[row],
        "visits": dict(zip(passed, solved.visits[row], strict=True)),
        "ends": dict(zip(final, solved.ends[row], strict=True)),
        "beyond_horizon": 1 - exact[:, row].sum(),
    }
    simulated = {
        "steps": _bounds(mean_interval(paths.steps)),
        "variance": _bounds(variance),
        "visits": dict(zip(passed, map(_bounds, visits), strict=True)),
        "ends": {
            key: _bounds(wilson_interval(int((paths.ends == state).sum()), params.paths))
            for key, state in zip(final, solved.absorbing, strict=True)
        },
        "beyond_horizon": _bounds(
            wilson_interval(int((paths.steps > horizon).sum()), params.paths)
        ),
        "longest": paths.steps.max(),
    }
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
        "paths.csv": pd.DataFrame(
            [
                (path, step, name)
                for path, states in enumerate(paths.shown)
                for step, name in enumerate(chain.names(states))
            ],
            columns=["path", "step", "state"],
        ),
        "transitions.csv": pd.DataFrame(
            {
                "state": chain.names(successors[:, 0]),
                "successor": chain.names(successors[:, 1]),
                "probability": chain.probabilities[chain.probabilities > 0],
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
