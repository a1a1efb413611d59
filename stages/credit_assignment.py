"""Compares the kinds of credit that REINFORCE gives an action.

Reads params.yaml. Writes to data/credit_assignment/:
    metrics.json        how each variant trains, its comparison with the baseline, half-lives
    examples.csv        returns and advantages of a few rewards, step by step
    samples.csv         a row for each variant and seed
    returns.csv         mean return of each iteration, of shown seeds
    learning_curve.csv  mean, median and quantiles over seeds
"""

import math
import sys
from functools import partial
from typing import Annotated, Any

import numpy as np
import pandas as pd

from reprise import seeds
from reprise.agents import evaluation, reinforce
from reprise.environments import registry
from reprise.environments.specification import Played
from reprise.hyperparameters import Ablation, ChangesOf, Discount, Fraction, Frozen, Name, Some
from reprise.measures import variants
from reprise.measures.training_run import TrainingRun, join
from reprise.pipeline import packs, stage

NAME = "credit_assignment"
EXAMPLES = packs.Pack(0, 0, 1, "examples")  # run by a worker, as they need TensorFlow


class Example(Frozen):
    """The rewards of a few episodes."""

    discount: Discount
    rewards: Some[Some[float]]


class Params(reinforce.Hyperparameters, Ablation, Played):
    """The section of params.yaml; a variant changes hyperparameters."""

    algorithm = reinforce
    shared = ("iterations",)

    variants: dict[Name, Annotated[dict[str, Any], ChangesOf(reinforce.Hyperparameters)]]
    half_lives: dict[Name, Fraction]
    examples: dict[Name, Example]


def work(params: Params, pack: packs.Pack) -> TrainingRun | pd.DataFrame:
    """Train and evaluate a pack, or work the examples."""
    if pack.variant == EXAMPLES.variant:
        return pd.concat([worked(name, example) for name, example in params.examples.items()])
    keys = seeds.training_keys(params.seed, f"{NAME} {pack.variant}", pack.seeds)
    own = params.of(pack.variant)
    run = reinforce.train(own, registry.make(params.environment), keys)
    policies = {"greedy": reinforce.policy(run.weights["final"], own)}
    return evaluation.evaluated(run, policies, params.environment, params.evaluation)


def worked(name: str, example: Example) -> pd.DataFrame:
    """Work an example, step by step."""
    lengths = [len(rewards) for rewards in example.rewards]
    played = np.arange(max(lengths)) < np.array(lengths)[:, None]  # [E, T]
    episode, step = np.nonzero(played)
    rewards = np.zeros((max(lengths), len(lengths), 1))  # [T, E, 1]
    rewards[step, episode, 0] = np.concatenate(example.rewards)
    discounted = reinforce.discounted_returns(rewards, example.discount)
    advantages = reinforce.advantages(discounted, played.T[..., None])
    columns = {"reward": rewards, "return": discounted, "advantage": advantages}
    return pd.DataFrame(
        {"example": name, "discount": example.discount, "episode": episode, "step": step}
        | {column: np.asarray(values)[step, episode, 0] for column, values in columns.items()}
    )


def half_life(discount: float) -> dict[str, float]:
    """Compute the steps that halve a reward, and shares."""
    steps = math.log(0.5) / math.log(discount)
    before, after = (math.prod([discount] * whole(steps)) for whole in (math.floor, math.ceil))
    return {"discount": discount, "steps": steps, "before": before, "after": after}


def run(params: Params) -> dict:
    """Train and evaluate all variants, and work the examples."""
    cut = [*packs.cut(params.seeds, params.pack_size, params.variants), EXAMPLES]
    *runs, examples = packs.run(partial(work, params), cut, label=NAME)
    grouped: dict[str, Any] = packs.by_variant(cut[:-1], runs)
    joined = {name: join(each) for name, each in grouped.items()}
    compared = params.evaluation, params.baseline, params.environment.solved_return
    results: dict = variants.results(joined, *compared) | {"examples.csv": examples}
    half_lives = {name: half_life(discount) for name, discount in params.half_lives.items()}
    results["metrics.json"]["half_lives"] = half_lives
    return results


headline = variants.headline

if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
