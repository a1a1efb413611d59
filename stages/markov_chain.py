"""The chapter's Markov chain, simulated and in closed form.

Reads params.yaml and data/inputs/markov_chain.yaml. Writes to data/markov_chain/:
    metrics.json     steps to absorption and their variance, visits, ends: simulated and exact
    lengths.csv      the share of paths of each length, and the exact probability by start state
    visits.csv       the mean visits to each state, simulated and exact
    paths.csv        the first paths, state by state
    transitions.csv  the chain itself
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from reprise import seeds
from reprise.hyperparameters import AtLeastTwo, Frozen, Name, NonNegativeInt, PositiveInt, Seed
from reprise.pipeline import stage
from reprise.stats.estimates import share
from reprise.stats.intervals import bootstrap_interval, mean_interval
from reprise.tabular import markov_chain, names

CHAIN = Path("data/inputs/markov_chain.yaml")


class Params(Frozen):
    """The section of params.yaml."""

    seed: Seed
    paths: AtLeastTwo
    start_state: Name
    horizon: PositiveInt  # the largest length in lengths.csv
    shown_paths: NonNegativeInt
    resamples: PositiveInt  # of the bootstrap


def run(params: Params) -> dict:
    """Simulate the paths, and compare them with the closed form."""
    chain, lengths = markov_chain.from_yaml(CHAIN), range(1, params.horizon + 1)
    solved = markov_chain.absorption(chain)
    generators = [seeds.generator(params.seed, "paths", path) for path in range(params.paths)]
    paths = markov_chain.simulate(chain, params.start_state, generators, params.shown_paths)
    transient = chain.names(solved.transient)
    row = transient.index(params.start_state)
    keys = names.metric_keys(chain.state_names)
    passed, final = ([keys[state] for state in states] for states in solved[:2])
    exact = markov_chain.length_distribution(chain, params.horizon)  # [horizon, T]
    exact_table = pd.DataFrame(exact, columns=[f"exact_from_{name}" for name in transient])
    shares = pd.DataFrame(share(paths.steps == length).columns("simulated") for length in lengths)
    visits = [mean_interval(paths.visits[:, state]) for state in solved.transient]
    passes = pd.DataFrame(found.columns("simulated") for found in visits)
    luck = seeds.sequence(params.seed, "variance")
    variance = bootstrap_interval(paths.steps, np.var, resamples=params.resamples, seed=luck)
    closed_form = {
        "steps": solved.steps[row],
        "variance": solved.variance[row],
        "visits": dict(zip(passed, solved.visits[row], strict=True)),
        "ends": dict(zip(final, solved.ends[row], strict=True)),
        "beyond_horizon": 1 - exact[:, row].sum(),
    }
    simulated = {
        "steps": mean_interval(paths.steps).entry(),
        "variance": variance.entry(),
        "visits": {keys[s]: mean_interval(paths.visits[:, s]).entry() for s in solved.transient},
        "ends": {keys[s]: share(paths.ends == s).entry() for s in solved.absorbing},
        "beyond_horizon": share(paths.steps > params.horizon).entry(),
        "longest": paths.steps.max(),
    }
    shown = [
        (path, *step)
        for path, states in enumerate(paths.shown)
        for step in enumerate(chain.names(states))
    ]
    before, after = np.nonzero(chain.probabilities)
    arrows = pd.DataFrame({"state": chain.names(before), "successor": chain.names(after)})
    arrows["probability"] = chain.probabilities[before, after]
    visited = pd.DataFrame({"state": transient}).join(passes)
    return {
        "metrics.json": {"paths": params.paths, "closed_form": closed_form, "simulated": simulated},
        "lengths.csv": pd.DataFrame({"length": lengths}).join(shares).join(exact_table),
        "visits.csv": visited.assign(exact=solved.visits[row]),
        "paths.csv": pd.DataFrame(shown, columns=["path", "step", "state"]),
        "transitions.csv": arrows,
    }


def headline(results: dict) -> str:
    """Report the mean number of steps, simulated and exact."""
    metrics = results["metrics.json"]
    exact, steps = metrics["closed_form"], metrics["simulated"]["steps"]
    found = f"{steps['estimate']:.2f} [{steps['low']:.2f}, {steps['high']:.2f}] steps"
    closed = f"exactly {exact['steps']:.6g}, variance {exact['variance']:.6g}"
    return f"{metrics['paths']:,} paths take {found}; {closed}"


if __name__ == "__main__":
    sys.exit(stage.execute("markov_chain", Params, run, headline))
