"""What a study of hyperparameters says: each setting, each value, and how far few seeds mislead.

A sample has a row for each setting and seed. The unit is a seed; the settings are those that were
asked for, not a draw from a larger number, so that intervals speak of other seeds only.

Shapes: S settings, N seeds, R resamples.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from reprise.measures import training
from reprise.stats import intervals
from reprise.stats.intervals import CONFIDENCE, Interval

RESAMPLES = 200
DRAWS = 200  # of few seeds, a setting and resample
SOLVES = 0.5  # the share of a setting's seeds above which it solves the task
UNKNOWN = Interval(np.nan, np.nan, np.nan, 0, degenerate=False)

Array = NDArray[np.float64]


def settings(samples: pd.DataFrame, keys: Sequence[str], column: str, level: float) -> pd.DataFrame:
    """Return a row for each setting: its mean, and the share of its seeds that solve the task.

    The mean is of the `n` seeds that have a policy; `missing` says how many diverged, none of which
    solves the task.

    Args:
        samples: with the columns setting, `keys` and `column`.
        keys: the hyperparameters.
        column: what a seed came to, NaN if it diverged.
        level: from which on it has solved the task.
    """
    rows = []
    for number, group in samples.groupby("setting", sort=True):
        values = group[column].to_numpy(float)
        share = training.solved(values, level)
        rows.append(
            {
                "setting": number,
                **{key: group[key].iloc[0] for key in keys},
                **intervals.summary(values), "missing": int(np.isnan(values).sum()),
                "solved": share.estimate, "solved_low": share.low, "solved_high": share.high,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def best_so_far(returns: Sequence[Array]) -> str:
    """Return the highest of several packs' means in words, of the seeds that have a policy."""
    means = [values.mean() for pack in returns if len(values := training.known(pack))]
    return training.in_words(max(means) if means else None)


def solving(found: pd.DataFrame) -> dict[str, float]:
    """Return how many settings solve the task: more than half of all seeds, judged by intervals.

    Args:
        found: as `settings` gives it.
    """
    solve = int(np.count_nonzero(found["solved_low"] > SOLVES))
    fail = int(np.count_nonzero(found["solved_high"] < SOLVES))
    return {
        "settings": len(found), "solve": solve, "do_not": fail,
        "undecided": len(found) - solve - fail, "share": solve / len(found),
    }  # fmt: skip


def effects(samples: pd.DataFrame, keys: Sequence[str], column: str) -> pd.DataFrame:
    """Return for each value of each hyperparameter the mean over all settings that have it.

    Each setting counts the same. The interval is Student's of a stratified mean, a setting being a
    stratum, with Satterthwaite's degrees of freedom. Seeds that diverged are left out, and settings
    of which fewer than two seeds are left: `n` and `settings` say what the mean is of.

    Source: Cochran (1977), Sampling techniques, section 5.4.
    """
    rows = []
    for key in keys:
        # A list is no key of groups, and no value has a place among others but by its first row.
        named = samples[key].map(str)
        for value in dict.fromkeys(named):
            inside = pd.DataFrame(samples[named == value])
            each = [training.known(group) for _, group in inside.groupby("setting")[column]]
            groups = [group for group in each if len(group) > 1]
            mean = stratified_mean(groups) if groups else UNKNOWN
            rows.append(
                {
                    "hyperparameter": key, "value": inside[key].iloc[0], "settings": len(groups),
                    "n": mean.n, "mean": mean.estimate, "mean_low": mean.low,
                    "mean_high": mean.high,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def shown(value: object) -> str:
    """Return a hyperparameter's value as it is written, whatever a table made of it."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def stratified_mean(groups: Sequence[Array], confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of groups' means and its interval, [N] each."""
    checked = [intervals.checked(group) for group in groups]
    means = np.array([group.mean() for group in checked])
    errors = np.array([group.var(ddof=1) / group.size for group in checked]) / len(groups) ** 2
    estimate, n = float(means.mean()), sum(group.size for group in checked)
    if not (total := float(errors.sum())):
        return Interval(estimate, estimate, estimate, n, degenerate=True)
    freedom = (
        total * total / sum(e * e / (g.size - 1) for e, g in zip(errors, checked, strict=True))
    )
    margin = float(special.stdtrit(freedom, (1 + confidence) / 2)) * float(np.sqrt(total))
    return Interval(estimate, estimate - margin, estimate + margin, n, degenerate=False)


def few_seeds(values: Array, sizes: Sequence[int], seed: int) -> pd.DataFrame:
    """Return how often the means of few seeds put two settings in the wrong order.

    The right order is that of the means over all seeds, ties of few seeds are half wrong. It is
    told of all pairs of settings, and of those that all seeds tell apart, by Welch's interval at
    95%. Few seeds are drawn from all without replacement. The intervals are normal ones, with the
    standard error of a bootstrap over seeds, within settings. Settings of which a seed diverged
    have no mean of few seeds, and are left out.

    Args:
        values: what each seed of each setting came to, NaN if it diverged, [S, N].
        sizes: how many seeds are few, each.
        seed: of the draws.
    """
    values = values[~np.isnan(values).any(axis=1)]
    columns = pd.Index(["seeds", "pairs", "count", "wrong", "wrong_low", "wrong_high"])
    if len(values) < 2:
        return pd.DataFrame(columns=columns)
    first, second = np.triu_indices(len(values), 1)  # pairs [P]
    apart = np.array([_apart(values[a], values[b]) for a, b in zip(first, second, strict=True)])
    rows = []
    for size in sizes:
        random = np.random.default_rng([size, seed])
        wrong = _wrong(values, size, RESAMPLES, random)  # [P]
        again = np.stack([
            _wrong(_resampled(values, random), size, 1, random) for _ in range(RESAMPLES)
        ])  # fmt: skip
        for pairs, chosen in {"all": np.ones_like(apart), "told_apart": apart}.items():
            if not chosen.any():
                continue
            share = float(wrong[chosen].mean())
            margin = float(special.ndtri(0.975) * again[:, chosen].mean(axis=1).std(ddof=1))
            rows.append(
                {
                    "seeds": size, "pairs": pairs, "count": int(chosen.sum()),
                    "wrong": share, "wrong_low": max(0.0, share - margin),
                    "wrong_high": min(1.0, share + margin),
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _wrong(values: Array, size: int, rounds: int, random: np.random.Generator) -> Array:
    """Return of each pair of settings how often few seeds have it in the wrong order [P]."""
    first, second = np.triu_indices(len(values), 1)
    truth = np.sign(values.mean(axis=1)[first] - values.mean(axis=1)[second])[:, None]
    total = np.zeros(len(first))
    for _ in range(rounds):
        order = random.permuted(
            np.broadcast_to(np.arange(values.shape[1]), (len(values), DRAWS, values.shape[1])),
            axis=2,
        )[..., :size]
        drawn = np.take_along_axis(values[:, None], order, axis=2).mean(axis=2)  # [S, D]
        found = np.sign(drawn[first] - drawn[second])
        total += ((1 - truth * found) / 2).mean(axis=1)
    return total / rounds


def _resampled(values: Array, random: np.random.Generator) -> Array:
    return np.take_along_axis(values, random.integers(values.shape[1], size=values.shape), axis=1)


def _apart(a: Array, b: Array) -> bool:
    found = intervals.difference_of_means(a, b)
    return found.low > 0 or found.high < 0
