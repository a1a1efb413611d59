"""Catastrophic forgetting: who forgets, how deeply, for how long, and what warns of it.

One bad episode is no forgetting: a random action may have ended it. What counts is a window of
some episodes in a row, such as five:

    a seed *holds* the cap from the end of the first window whose episodes all reach the cap
    it *collapses* when, thereafter, the mean of a window is below half of the cap; the collapse
        begins with the first episode of that window that is below half itself
    it *recovers* at the end of the next window whose episodes all reach the cap

A seed that never held the cap has nothing to forget.

Shapes: K episodes, N seeds.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reprise.stats import intervals

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
EVEN = 0.5  # the place among others of a value that is like any other


class Course(NamedTuple):
    """When seeds hold the cap, and when they collapse."""

    holds: Booleans  # whether a seed holds the cap by the end of the episode [K, N]
    collapses: Booleans  # whether a collapse begins with the episode [K, N]
    held_at: Floats  # the episode, from 0, by whose end the cap is first held; NaN for never [N]
    depth: Floats  # how far below the cap a window is after that at the worst; NaN likewise [N]
    recovery: Floats  # episodes from the first collapse to holding again; NaN without either [N]


def course(returns: NDArray, cap: float, window: int) -> Course:
    """Return the course of trainings.

    Args:
        returns: of episodes in the order they were played [K, N].
        cap: the most that an episode can bring, or what solves the task.
        window: episodes, at most K.
    """
    half = cap - abs(cap) / 2  # a cap below 0 is left downwards too
    windows = sliding_window_view(returns, window, axis=0)  # [K - window + 1, N, window]
    full = np.all(windows >= cap, axis=-1)
    mean = np.mean(windows, axis=-1)
    holds, collapses = np.zeros((2, *returns.shape), bool)
    held_at, depth, recovery = np.full((3, returns.shape[1]), np.nan)
    for seed in range(returns.shape[1]):
        fulls, means = full[:, seed], mean[:, seed]
        begun: list[int] = []
        holding = False
        for first, last in enumerate(range(window - 1, len(returns))):
            if fulls[first]:
                if begun and not holding and np.isnan(recovery[seed]):
                    recovery[seed] = last - begun[0]
                holding = True
            elif holding and means[first] < half:
                holding = False
                begun.append(first + int((returns[first : last + 1, seed] < half).argmax()))
                holds[begun[-1] : last, seed] = False
            holds[last, seed] = holding
        collapses[begun, seed] = True
        if fulls.any():
            held = int(fulls.argmax())
            held_at[seed], depth[seed] = held + window - 1, cap - means[held:].min()
    return Course(holds, collapses, held_at, depth, recovery)


def table(found: Course) -> pd.DataFrame:
    """Return one row a seed: held_at, forgets (0 or 1), depth, recovery."""
    return pd.DataFrame(
        {
            "held_at": found.held_at,
            "forgets": found.collapses.any(axis=0).astype(int),
            "depth": found.depth,
            "recovery": found.recovery,
        }
    )


def summary(samples: pd.DataFrame) -> dict[str, dict | None]:
    """Return what a table of seeds says of forgetting, for metrics.json.

    Shares are of those seeds that held the cap, and of those that forgot it.
    """
    held = samples["held_at"].notna().to_numpy(bool)
    forgot = samples["forgets"].to_numpy() == 1
    recovered = ~np.isnan(recovery := samples["recovery"].to_numpy(float))

    def share(hits: Booleans, of: Booleans) -> dict | None:
        count = intervals.wilson_interval(int(hits.sum()), int(of.sum())) if of.any() else None
        return count._asdict() if count else None

    def mean(values: Floats) -> dict | None:
        return intervals.summary(values) if len(values) > 1 else None

    return {
        "held": share(held, np.ones_like(held)),
        "forgets": share(forgot, held),
        "depth": mean(samples["depth"].to_numpy(float)[held]),
        "recovered": share(recovered, forgot),
        "recovery": mean(recovery[recovered]),
    }


def places(values: Floats, found: Course, before: int, after: int) -> Floats:
    """Return where a collapsing seed's value lies among those of seeds that hold, around collapses.

    A place is the share of the calm seeds whose value in the same episode is lower, ties counted
    half: 0.5 says nothing, near 1 the value is unusually high. A seed is calm in an episode if it
    holds the cap and does not collapse within the next `before` episodes. Episode and seed are
    matched in time, for values drift as trainings go on.

    Args:
        values: of a quantity that may warn [K, N].
        found: the same seeds' course.
        before: episodes before a collapse that are looked at.
        after: episodes from the collapse on.

    Returns:
        A mean over each seed's collapses, NaN where there is nothing to compare
        [before + after, N]; row 0 is `before` episodes before a collapse.
    """
    episodes, seeds = values.shape
    soon = np.zeros_like(found.collapses)
    for ahead in range(min(before + 1, episodes)):
        soon[: episodes - ahead] |= found.collapses[ahead:]
    calm = found.holds & ~soon & ~np.isnan(values)
    sums, counts = np.zeros((2, before + after, seeds))
    for begins, seed in np.argwhere(found.collapses):
        for row, episode in enumerate(range(begins - before, begins + after)):
            if not 0 <= episode < episodes or np.isnan(values[episode, seed]):
                continue
            others = values[episode, calm[episode] & (np.arange(seeds) != seed)]
            if len(others):
                sums[row, seed] += (1 + np.sign(values[episode, seed] - others).mean()) / 2
                counts[row, seed] += 1
    return np.where(counts > 0, sums / np.where(counts > 0, counts, 1), np.nan)


def warning(around: Floats, before: int) -> dict | None:
    """Return the seeds' mean places before their collapses, summarised; the unit is a seed.

    Args:
        around: as `places` gives it.
        before: how many of its rows come before a collapse.
    """
    there = around[:before]
    there = there[:, ~np.isnan(there).all(axis=0)]
    seeds = np.nanmean(there, axis=0) if there.size else np.zeros(0)
    return intervals.summary(seeds) if len(seeds) > 1 else None


def over_seeds(around: Floats, before: int) -> pd.DataFrame:
    """Return mean places over seeds with Student's interval at 95%, a row an episode.

    Args:
        around: as `places` gives it.
        before: how many of its rows come before a collapse.
    """
    rows = []
    for episode, values in enumerate(around, -before):
        known = values[~np.isnan(values)]
        if len(known) > 1:
            mean = intervals.mean_interval(known)
            rows.append((episode, len(known), mean.estimate, mean.low, mean.high))
    return pd.DataFrame(rows, columns=pd.Index(["episode", "seeds", "mean", "low", "high"]))


def rank_correlations(x: Floats, y: Floats) -> Floats:
    """Return Spearman's rank correlation within each seed [N], NaN without two different values.

    Args:
        x: one quantity, NaN where there is none [K, N].
        y: the other [K, N].
    """
    pairs = [pd.DataFrame({"x": x[:, seed], "y": y[:, seed]}) for seed in range(x.shape[1])]
    return np.array([pair.corr("spearman").loc["x", "y"] for pair in pairs], float)
