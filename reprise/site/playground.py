"""The trained networks of the playground.

Of each algorithm three seeds play: the best, the median and the worst by the mean return of the
final greedy policy, under the longest time limit first. A few seeds play as they did during their
training.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reprise.pipeline import artifacts

POLICIES = {"reinforce_training": ("REINFORCE", "greedy_"), "dqn_training": ("DQN", "final_")}
FEATURES, OUTPUTS = 4, (1, 2)  # of CartPole: a probability, or a number for each action


class Network(NamedTuple):
    """A seed's network, and its place among all seeds."""

    algorithm: str
    place: str  # best, median or worst
    seed: int
    seeds: int
    mean_return: float
    limit: str  # of an evaluation episode, in steps
    content: str  # JSON: sizes, activations, and weights as base64 of little-endian float32


def networks(results: Path) -> list[Network]:
    """Return the chosen networks; none of another environment."""
    found = []
    for stage, (algorithm, policy) in POLICIES.items():
        arrays = artifacts.read_npz(results / stage / "weights.npz")
        last = arrays[f"bias_{len(arrays['activations']) - 1}"]
        if arrays["kernel_0"].shape[1] != FEATURES or last.shape[1] not in OUTPUTS:
            continue
        table = artifacts.read_csv(results / stage / "samples.csv").head(len(last))
        columns = [name for name in table if name.startswith(policy)][::-1]
        ranked = table.dropna(subset=columns).sort_values(columns, ascending=False, kind="stable")
        rows = ranked.to_dict("records")
        places = {"best": 0, "median": len(rows) // 2, "worst": len(rows) - 1}
        for place, row in ((place, rows[at]) for place, at in places.items() if rows):
            seed, mean = int(row["seed"]), float(row[columns[0]])
            content = json.dumps(packed(arrays, seed))
            limit = columns[0].removeprefix(policy)
            found.append(Network(algorithm, place, seed, len(table), mean, limit, content))
    return found


class Course(NamedTuple):
    """A seed's networks at points of its training."""

    algorithm: str
    place: str  # best, median, worst, ...
    seed: int
    unit: str  # of the training: iteration or episode
    content: str  # JSON: as a network's, of all points in half precision; `rounds` and `returns`


def courses(results: Path) -> list[Course]:
    """Return the stored seeds' courses; none of another environment."""
    found = []
    for stage, (algorithm, _) in POLICIES.items():
        arrays = artifacts.read_npz(results / stage / "snapshots.npz")
        layers = range(len(arrays["activations"]))
        last = arrays[f"bias_{len(layers) - 1}"]
        if arrays["kernel_0"].shape[-2] != FEATURES or last.shape[-1] not in OUTPUTS:
            continue
        table = artifacts.read_csv(results / stage / "returns.csv")
        for at, (place, seed) in enumerate(zip(arrays["places"], arrays["seeds"], strict=True)):
            curve = table[f"seed_{seed}"].round(1)
            parts = [arrays[f"{part}_{k}"][at] for k in layers for part in ("kernel", "bias")]
            numbers = np.hstack([part.reshape(len(part), -1) for part in parts]).astype("<f2")
            content = {
                "sizes": [FEATURES, *(part.shape[-1] for part in parts[1::2])],
                "activations": [str(name) for name in arrays["activations"]],
                "halves": base64.b64encode(numbers.tobytes()).decode(),
                "rounds": arrays["rounds"].tolist(),
                "returns": [None if np.isnan(value) else value for value in curve],
            }
            unit = str(table.columns[0])
            found.append(Course(algorithm, str(place), int(seed), unit, json.dumps(content)))
    return found


def packed(arrays: Mapping[str, np.ndarray], seed: int) -> dict[str, object]:
    """Return one seed of `networks.to_arrays`, ready for JSON."""
    layers = range(len(arrays["activations"]))
    weights = [arrays[f"{part}_{layer}"][seed] for layer in layers for part in ("kernel", "bias")]
    numbers = np.concatenate([weight.ravel() for weight in weights]).astype("<f4")
    return {
        "sizes": [FEATURES, *(len(bias) for bias in weights[1::2])],
        "activations": [str(name) for name in arrays["activations"]],
        "weights": base64.b64encode(numbers.tobytes()).decode(),
    }
