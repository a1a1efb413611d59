"""Catastrophic forgetting: its share of seeds, and its warnings.

One bad episode is not forgetting: a random action may have ended it. So windows of episodes count:

    a seed *holds* the cap from the end of the first window with all episodes at the cap
    it *collapses* when the mean of a window is below half of the cap, from the window's first
        episode below half of it; a seed that never held the cap cannot forget
    it *recovers* at the end of the next window with all episodes at the cap

*Does the loss predict the return?* Within each seed, compute the rank correlation between the loss
of a round and the return of the next episode, which the updated network plays. Both drift during
training. Therefore also compute it given the number z of the episode, and between the changes from
round to round. Given z means

    r_xy.z = (r_xy - r_xz r_yz) / sqrt((1 - r_xz²) (1 - r_yz²))        the partial correlation

*Do target Q-values or losses warn of a collapse?* Compare the seed's value shortly before with the
values of calm seeds (see `places`). Average over the collapses of each seed first. A quantity warns
if the interval of the mean over seeds excludes 0.5.

Shapes: K episodes, N seeds.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from reprise.measures.training import first_at
from reprise.measures.training_run import TrainingRun
from reprise.stats import intervals
from reprise.stats.intervals import Array

ROUNDING = 1e-12


class Course(NamedTuple):
    """The episodes in which seeds hold the cap or collapse."""

    holds: NDArray[np.bool_]  # whether a seed holds the cap by the end of the episode [K, N]
    collapses: NDArray[np.bool_]  # whether a collapse begins with the episode [K, N]
    samples: pd.DataFrame
    """A row for each seed: `held_at`, the first episode after which it holds the cap; `forgets`, 0
    or 1; `depth`, from the cap down to the lowest later window; `recovery`, the episodes from the
    first collapse to holding again. NaN for never."""


def course(returns: NDArray, cap: float, window: int) -> Course:
    """Find when seeds hold the cap and when they collapse.

    Args:
        returns: Returns [K, N].
        cap: The highest return, or the one that solves the task.
        window: Episodes in a window.
    """
    half = cap - abs(cap) / 2  # a collapse goes down from a negative cap too
    windows = sliding_window_view(returns, window, axis=0)  # [K - window + 1, N, window]
    full, mean = np.all(windows >= cap, axis=-1), np.mean(windows, axis=-1)
    lowest = np.where(np.logical_or.accumulate(full), mean, np.inf).min(axis=0)
    holds, collapses = np.zeros((2, *returns.shape), bool)
    fell_at, recovery = np.full((2, returns.shape[1]), np.nan)
    holding = np.zeros(returns.shape[1], bool)
    for first, last in enumerate(range(window - 1, len(returns))):
        back = full[first] & ~holding & np.isnan(recovery)
        recovery[back] = last - fell_at[back]
        fell = holding & ~full[first] & (mean[first] < half)
        holds[last] = holding = (holding | full[first]) & ~fell
        for seed in np.flatnonzero(fell):
            begins = first + int((returns[first : last + 1, seed] < half).argmax())
            collapses[begins, seed], holds[begins:last, seed] = True, False
            fell_at[seed] = np.fmin(fell_at[seed], begins)
    held_at = first_at(full, True) + window - 1
    samples = pd.DataFrame({"held_at": held_at, "forgets": collapses.any(axis=0).astype(int)})
    samples["depth"] = np.where(np.isfinite(held_at), cap - lowest, np.nan)
    return Course(holds, collapses, samples.assign(recovery=recovery))


def summary(samples: pd.DataFrame) -> dict[str, dict | None]:
    """Summarise the samples of a course for metrics.json.

    `forgets` is a share of the seeds that held the cap, `recovered` a share of those that forgot.
    """
    counts = samples["held_at"].notna(), samples["forgets"] == 1, samples["recovery"].notna()
    held, forgot, recovered = (int(np.count_nonzero(count)) for count in counts)

    def share(hits: int, of: int) -> dict | None:
        return intervals.share_interval(hits, of).entry() if of else None

    shares = {"held": share(held, len(samples)), "forgets": share(forgot, held)}
    shares |= {"depth": summarised(samples["depth"]), "recovered": share(recovered, forgot)}
    return shares | {"recovery": summarised(samples["recovery"])}


def places(values: Array, found: Course, before: int, after: int) -> Array:
    """Rank the values of collapsing seeds among calm seeds.

    A place is the share of the calm seeds with a lower value in the same episode, ties counted
    half: 0.5 is an ordinary value, near 1 an unusually high one. A seed is calm in an episode if it
    holds the cap and does not collapse within the next `before` episodes. Values [K, N] drift
    during training, so only values of the same episode are compared. The result is the mean over
    the collapses of each seed, for each episode around them [before + after, N]. It is NaN without
    a comparison.
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
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def before_collapse(around: Array, before: int) -> Array:
    """Average each seed's `places` before collapses, or NaN [N]."""
    found, there = np.full(around.shape[1], np.nan), around[:before]
    some = ~np.isnan(there).all(axis=0)
    found[some] = np.nanmean(there[:, some], axis=0)
    return found


def over_seeds(around: Array, before: int) -> pd.DataFrame:
    """Average `places` over seeds in each episode, with intervals."""
    means = ((episode, intervals.known_mean(row)) for episode, row in enumerate(around, -before))
    rows = [(episode, mean.n, *mean[:3]) for episode, mean in means if mean.n > 1]
    return pd.DataFrame(rows, columns=pd.Index(["episode", "seeds", "mean", "low", "high"]))


def correlations(run: TrainingRun) -> pd.DataFrame:
    """Correlate the loss with the next return, within each seed."""
    losses, following = run.losses[:-1], run.returns[1:]
    episodes = np.broadcast_to(np.arange(len(losses))[:, None], losses.shape)
    changes = rank_correlations(np.diff(losses, axis=0), np.diff(following, axis=0))
    return pd.DataFrame(
        {
            "loss_return_correlation": rank_correlations(losses, following),
            "loss_return_correlation_given_episode": rank_correlations(losses, following, episodes),
            "loss_return_change_correlation": changes,
        }
    )


def rank_correlations(x: NDArray, y: NDArray, given: NDArray | None = None) -> Array:
    """Compute Spearman's correlation within each seed, without NaN."""
    known = ~(np.isnan(x) | np.isnan(y))
    x, y, z = (_centred_ranks(each, known) for each in (x, y, x if given is None else given))
    with np.errstate(invalid="ignore", divide="ignore"):  # equal values have no correlation
        found = _correlation(x, y)
        if given is not None:
            first, second = _correlation(x, z), _correlation(y, z)
            left = (1 - first * first) * (1 - second * second)
            # If z determines x or y, only rounding errors are left to correlate.
            found = np.where(left > ROUNDING, (found - first * second) / np.sqrt(left), np.nan)
    return found


def _centred_ranks(values: NDArray, known: NDArray[np.bool_]) -> Array:
    ranks = rankdata(np.where(known, values, np.nan), axis=0, nan_policy="omit")
    count = known.sum(axis=0)
    return np.where(known, ranks - (count + 1) / 2, 0)


def _correlation(x: Array, y: Array) -> Array:
    return (x * y).sum(axis=0) / np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))


def summarised(values: ArrayLike) -> dict | None:
    """Summarise known values, if two are."""
    return intervals.summary(values) if intervals.known(values).size > 1 else None
