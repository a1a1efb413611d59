"""Catastrophic forgetting: its share of seeds, depth and duration, and warnings of it.

One bad episode is not forgetting: a random action may have ended it. A window of some
episodes in a row, such as five, counts:

    a seed *holds* the cap from the end of the first window with all episodes at the cap
    it then *collapses* when the mean of a window is below half of the cap; the collapse begins with
        the first episode of that window below half of the cap
    it *recovers* at the end of the next window with all episodes at the cap

A seed that never held the cap cannot forget.

Two questions, with their tests fixed before any result was known:

*Does the loss predict the return?* Within each seed, the rank correlation of a round's loss with
the return of the next episode, which the updated network plays; and, as both drift during training,
the rank correlation of their changes from round to round.

*Do target Q-values, or losses, warn of a collapse?* In each episode shortly before a collapse,
compare the seed's value with those of the calm seeds (see `places`). Average a seed's places over
its collapses first. A quantity warns if the interval of the mean over seeds excludes 0.5.

Shapes: K episodes, N seeds.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reprise.measures.training_run import TrainingRun
from reprise.stats import intervals

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


class Course(NamedTuple):
    """The episodes in which seeds hold the cap and collapse."""

    holds: Booleans  # whether a seed holds the cap by the end of the episode [K, N]
    collapses: Booleans  # whether a collapse begins with the episode [K, N]
    samples: pd.DataFrame
    """A row for each seed: `held_at`, the first episode after which it holds the cap; `forgets`, 0
    or 1; `depth`, from the cap down to the lowest later window; `recovery`, the episodes from the
    first collapse to holding again. NaN for never."""


def course(returns: NDArray, cap: float, window: int) -> Course:
    """Return the episodes in which each seed holds the cap and collapses.

    Args:
        returns: of episodes in order [K, N].
        cap: the highest possible return of an episode, or the return that solves the task.
        window: episodes.
    """
    half = cap - abs(cap) / 2  # a collapse goes down from a negative cap too
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
    samples = {
        "held_at": held_at,
        "forgets": collapses.any(axis=0).astype(int),
        "depth": depth,
        "recovery": recovery,
    }
    return Course(holds, collapses, pd.DataFrame(samples))


def summary(samples: pd.DataFrame) -> dict[str, dict | None]:
    """Summarise a course's samples for metrics.json.

    The share that forgets is of the seeds that held the cap; the share that recovers, of those that
    forgot it.
    """
    held = samples["held_at"].notna().to_numpy(bool)
    forgot = samples["forgets"].to_numpy() == 1
    recovery = samples["recovery"].to_numpy(float)
    recovered = ~np.isnan(recovery)

    def share(hits: Booleans, of: Booleans) -> dict | None:
        found = intervals.wilson_interval(int(hits.sum()), int(of.sum())) if of.any() else None
        return found._asdict() if found else None

    return {
        "held": share(held, np.ones_like(held)),
        "forgets": share(forgot, held),
        "depth": _summary(samples["depth"].to_numpy(float)[held]),
        "recovered": share(recovered, forgot),
        "recovery": _summary(recovery[recovered]),
    }


def places(values: Floats, found: Course, before: int, after: int) -> Floats:
    """Return the places of collapsing seeds' values among those of calm seeds, around collapses.

    A place is the share of the calm seeds with a lower value in the same episode, ties counted
    half: 0.5 is an ordinary value, near 1 an unusually high one. A seed is calm in an episode if it
    holds the cap and does not collapse within the next `before` episodes. Values drift during
    training: only those of the same episode compare.

    Args:
        values: of a quantity that may warn [K, N].
        found: the course of the same seeds.
        before: episodes before a collapse.
        after: episodes from the collapse on.

    Returns:
        The mean over each seed's collapses, NaN without a comparison [before + after, N].
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
    """Summarise seeds' mean `places` in the episodes before their collapses."""
    there = around[:before]
    there = there[:, ~np.isnan(there).all(axis=0)]
    return _summary(np.nanmean(there, axis=0) if there.size else np.zeros(0))


def over_seeds(around: Floats, before: int) -> pd.DataFrame:
    """Return mean `places` over seeds with Student's interval at 95%, by episode."""
    rows = []
    for episode, values in enumerate(around, -before):
        mean = intervals.known_mean(values)
        if mean.n > 1:
            rows.append((episode, mean.n, *mean[:3]))
    return pd.DataFrame(rows, columns=pd.Index(["episode", "seeds", "mean", "low", "high"]))


def correlations(run: TrainingRun) -> pd.DataFrame:
    """Return the rank correlations of loss and next return, a row for each seed."""
    losses, following = run.losses[:-1], run.returns[1:]
    changes = np.diff(losses, axis=0), np.diff(following, axis=0)
    return pd.DataFrame(
        {
            "loss_return_correlation": rank_correlations(losses, following),
            "loss_return_change_correlation": rank_correlations(*changes),
        }
    )


def rank_correlations(x: Floats, y: Floats) -> Floats:
    """Return Spearman's rank correlation of x and y [K, N] within each seed [N]; NaN is missing."""
    pairs = [pd.DataFrame({"x": x[:, seed], "y": y[:, seed]}) for seed in range(x.shape[1])]
    return np.array([pair.corr("spearman").loc["x", "y"] for pair in pairs], float)


def _summary(values: Floats) -> dict | None:
    return intervals.summary(values) if np.count_nonzero(~np.isnan(values)) > 1 else None
