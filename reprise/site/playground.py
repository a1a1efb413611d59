"""The trained networks of the playground.

Three seeds of each algorithm play: the best, the median and the worst, by the mean return of the
final greedy policy under the longest time limit; shorter limits break ties. A few seeds also show
each point of their training.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reprise.pipeline import artifacts
from reprise.site.explorer import plain

POLICIES = {"reinforce_training": ("REINFORCE", "greedy_"), "dqn_training": ("DQN", "final_")}
FEATURES, OUTPUTS = 4, (1, 2)  # CartPole: one probability, or a number for each action


class Player(NamedTuple):
    """A seed's trained network, or its networks during training."""

    value: str  # the name of the choice in the page
    label: str
    seed: int
    content: str
    """JSON: sizes, activations, and weights as base64 of little-endian floats. During training also
    the rounds of the stored points, the return of each round, its mean over the last ten rounds,
    and the unit of a round."""


def trained(results: Path) -> dict[str, list[Player]]:
    """Choose three networks of each algorithm, by group title."""
    found = {}
    for stage, (algorithm, policy) in POLICIES.items():
        arrays = artifacts.read_npz(results / stage / "weights.npz")
        seeds = len(arrays["bias_0"])
        table = artifacts.read_csv(results / stage / "samples.csv").head(seeds)
        columns = [name for name in table if name.startswith(policy)][::-1]
        ranked = table.dropna(subset=columns).sort_values(columns, ascending=False, kind="stable")
        rows = ranked.to_dict("records")
        if not rows or not fits(arrays):
            continue
        players = []
        for place, at in (("best", 0), ("median", len(rows) // 2), ("worst", -1)):
            seed, mean = int(rows[at]["seed"]), rows[at][columns[0]]
            label = f"{algorithm}, {place} seed: {mean:.0f} steps"
            content = json.dumps(packed(arrays, seed, 1, "<f4"))
            players.append(Player(f"{algorithm.lower()} {place}", label, seed, content))
        limit = columns[0].removeprefix(policy)
        found[f"{algorithm}: 3 of {seeds} seeds, by mean return within {limit} steps"] = players
    return found


def in_training(results: Path) -> dict[str, list[Player]]:
    """Read the seeds stored during training, by group title."""
    found = {}
    for stage, (algorithm, _) in POLICIES.items():
        arrays = artifacts.read_npz(results / stage / "snapshots.npz")
        if not fits(arrays):
            continue
        table = artifacts.read_csv(results / stage / "returns.csv")
        rounds = arrays["rounds"].tolist()
        players = found[f"{algorithm} during its training"] = []
        for at, (place, seed) in enumerate(zip(arrays["places"], arrays["seeds"], strict=True)):
            curve: Any = table[f"seed_{seed}"]
            curves = {"returns": curve, "means": curve.rolling(10, min_periods=1).mean().fillna(0)}
            content = packed(arrays, at, len(rounds), "<f2") | {"rounds": rounds}
            content |= {name: plain(of.round(1).to_numpy()) for name, of in curves.items()}
            content["unit"] = table.columns[0]
            label = f"{algorithm} in training, seed {seed}: {place}"
            value = f"{algorithm.lower()} training {seed}"
            players.append(Player(value, label, int(seed), json.dumps(content)))
    return found


def fits(arrays: Mapping[str, np.ndarray]) -> bool:
    """Check that networks have CartPole's inputs and outputs."""
    last = arrays[f"bias_{len(arrays['activations']) - 1}"]
    return arrays["kernel_0"].shape[-2] == FEATURES and last.shape[-1] in OUTPUTS


def packed(arrays: Mapping[str, np.ndarray], at: int, points: int, kind: str) -> dict[str, Any]:
    """Pack a seed's networks, one for each stored point.

    `at` is the seed's place in the arrays, and `kind` the type of the packed numbers.
    """
    layers = range(len(arrays["activations"]))
    parts = [arrays[f"{part}_{k}"][at] for k in layers for part in ("kernel", "bias")]
    numbers = np.hstack([part.reshape(points, -1) for part in parts]).astype(kind)
    return {
        "sizes": [FEATURES, *(bias.shape[-1] for bias in parts[1::2])],
        "activations": [str(name) for name in arrays["activations"]],
        "weights": base64.b64encode(numbers.tobytes()).decode(),
    }
