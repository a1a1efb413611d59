"""TD(0) on the chapter's three states with several learning rates.

Reads params.yaml and data/inputs/three_state.yaml. Writes to data/td_learning/:
    metrics.json  the random policy's values by a linear solve; each schedule's error half way and
                  at the end, their ratio, and the bias and the spread in the last error
    curves.csv    the error's quantiles over the seeds, bias and spread, by schedule and iteration
    samples.csv   a row for each seed and schedule
    traces.csv    one state's value for the first seeds

The error is the root mean square of V - truth over the states; half way and at the end it is
averaged over the window of iterations before. All seeds share the bias; the spread differs.
"""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from reprise import seeds
from reprise.hyperparameters import AtLeastTwo, Name, NonNegativeInt, Seed
from reprise.pipeline import stage
from reprise.stats.estimates import stacked
from reprise.stats.intervals import mean_interval, ratio_of_means
from reprise.tabular import loaders, names, settling, td_learning

THREE_STATE = Path("data/inputs/three_state.yaml")
DECIMALS = 3  # of a seed's errors in samples.csv


class Params(td_learning.Hyperparameters):
    """The section of params.yaml."""

    seed: Seed
    seeds: AtLeastTwo
    start_state: Name
    schedules: Annotated[dict[Name, td_learning.Schedule], Field(min_length=1)]
    window: Annotated[float, Field(gt=0, le=0.5)]  # as a share of the iterations
    traced_state: Name
    traced_seeds: NonNegativeInt


def run(params: Params) -> dict:
    """Learn with every schedule and many independent seeds."""
    mdp, numbers = loaders.from_yaml(THREE_STATE), range(params.seeds)
    policy, traced = td_learning.uniform_policy(mdp), mdp.state(params.traced_state)
    keys = names.metric_keys(mdp.state_names)
    truth = td_learning.evaluate(mdp, policy, params.discount)
    generators = [seeds.generator(params.seed, "td_learning", number) for number in numbers]
    values = td_learning.td_learning(
        mdp, policy, params, list(params.schedules.values()), generators, params.start_state
    )  # [N, C, K, S]
    records = values.shape[2]
    iterations = params.record_every * np.arange(1, records + 1)
    window = max(1, round(params.window * records))
    summaries, curves, samples, traces = {}, [], [], []
    for name, learnt in zip(params.schedules, values.swapaxes(0, 1), strict=True):  # [N, K, S]
        errors = td_learning.errors(learnt, truth)  # [N, K]
        bias, spread = td_learning.bias_and_spread(learnt, truth)
        half_way, end = (
            errors[:, last - window : last].mean(axis=1) for last in ((records + 1) // 2, records)
        )
        summaries[name] = {
            "half_way": mean_interval(half_way).entry(),
            "end": mean_interval(end).entry(),
            "ratio": ratio_of_means(end, half_way).entry(),
            "bias": bias[-1],
            "spread": spread[-1],
        }
        times = {"schedule": name, "iteration": iterations}
        curves.append(times | settling.curve_quantiles(errors) | {"bias": bias, "spread": spread})
        shown = numbers[: params.traced_seeds]
        traces.append(times | {f"seed_{number}": learnt[number, :, traced] for number in shown})
        rounded = {"half_way": half_way.round(DECIMALS), "end": end.round(DECIMALS)}
        samples.append({"schedule": name, "seed": numbers, **rounded})
    return {
        "metrics.json": {
            "seeds": params.seeds,
            "iterations": params.iterations,
            "truth": dict(zip(keys, truth, strict=True)),
            "schedules": summaries,
        },
        "curves.csv": stacked(curves),
        "samples.csv": stacked(samples),
        "traces.csv": stacked(traces),
    }


def headline(results: dict) -> str:
    """Report each schedule's last error, and its ratio."""
    parts = (
        f"{name.replace('_', ' ')} {found['end']['estimate']:.2f} "
        f"({found['ratio']['estimate']:.0%})"
        for name, found in results["metrics.json"]["schedules"].items()
    )
    return f"error at the end (as a share of the error half way): {', '.join(parts)}"


if __name__ == "__main__":
    sys.exit(stage.execute("td_learning", Params, run, headline))
