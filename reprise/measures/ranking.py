"""Results of a study of hyperparameters, and few seeds' errors.

A sample has a row for each setting and seed. The unit is a seed. The settings are fixed, not drawn
from a larger population, so intervals are about other seeds only. The best of many settings is also
a lucky one. Therefore the first seeds of each setting choose, and the others report. Effects and
the errors of few seeds choose nothing, and use all seeds.

Shapes: S settings, N seeds, P pairs of settings, D draws.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from reprise.measures import training
from reprise.stats import intervals
from reprise.stats.intervals import Array, Interval, known

RESAMPLES = 200
DRAWS = 200  # of few seeds, for each setting and resample
SOLVES = 0.5  # a setting solves the task if more than this share of its seeds do
NOTHING, EVERYTHING = "nothing", "everything"
UNKNOWN = Interval(np.nan, np.nan, np.nan, 0)


class Study(NamedTuple):
    """A study's samples, sorted, with equally many seeds a setting."""

    samples: pd.DataFrame  # with the columns setting, seed, `keys` and `column`
    keys: Sequence[str]  # the hyperparameters
    column: str  # a return, NaN if the seed diverged
    level: float  # the lowest return that solves the task
    choosing: int  # the number of first seeds that choose


def results(study: Study, own: Mapping[str, Any], few: Sequence[int], seed: int) -> dict[str, Any]:
    """Return the metrics and tables of a study, by file.

    `own` holds the studied stage's own values. `few` lists numbers of seeds to draw by `seed`.
    """
    found = settings(study)
    values = study.samples[study.column].to_numpy(float).reshape(len(found), -1)
    by_value = effects(study.samples, study.keys, study.column)
    wrong = few_seeds(values, few, seed)
    means, records = found["choosing_mean"], [_entries(row) for row in found.to_dict("records")]
    some = bool(means.notna().any())
    places = chosen(found, study.keys, own)
    shown = [*study.keys, "choosing_mean", "mean"]
    return {
        "metrics.json": {
            "seeds": values.shape[1],
            "choosing_seeds": study.choosing,
            "solved_from": study.level,
            "diverged": int(np.isnan(values).sum()),
            "solving": solving(found),
            "best": records[places[EVERYTHING]] if some else None,
            "worst": records[int(means.argmin())] if some else None,
            "tuned": {what: {k: records[i][k] for k in shown} for what, i in places.items()},
            "effects": _nested(by_value, "hyperparameter", "value"),
            "few_seeds": _nested(wrong, "pairs", "seeds"),
        },
        "samples.csv": study.samples,
        "settings.csv": table(found, "mean", "solved"),
        "choice.csv": choice(study, {what: records[i]["setting"] for what, i in places.items()}),
        "effects.csv": table(by_value, "mean"),
        "few_seeds.csv": table(wrong, "wrong"),
    }


def _nested(rows: pd.DataFrame, *keys: str) -> dict[str, Any]:
    # Names of metrics write a dot as `_`.
    found: dict[str, Any] = {}
    for row in rows.to_dict("records"):
        outer, inner = (str(row.pop(key)).replace(".", "_") for key in keys)
        found.setdefault(outer, {})[inner] = _entries(row)
    return found


def _entries(row: dict[str, Any]) -> dict[str, Any]:
    # Intervals come last, and each has its own n.
    found = {key: value.entry() for key, value in row.items() if isinstance(value, Interval)}
    return {key: row[key] for key in row if key not in {"n", *found}} | found


def table(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Write each of the named intervals as three columns."""
    parts: dict[str, Any] = {str(name): cells for name, cells in rows.items()}
    for name in names:
        ends = [each.columns(name) for each in rows[name]]
        parts[name] = pd.DataFrame(ends, columns=[*UNKNOWN.columns(name)])  # also without rows
    return pd.concat(parts.values(), axis=1)


def settings(study: Study) -> pd.DataFrame:
    """Summarise each setting: its mean and the seeds that solve.

    `choosing_mean` averages the first seeds, which choose. All else is about the others, which
    report: `n` seeds have a return, `missing` seeds diverged and do not solve the task.
    """
    rows = []
    for number, group in study.samples.groupby("setting", sort=True):
        values = group[study.column].to_numpy(float)
        first, others = values[: study.choosing], values[study.choosing :]
        row = {"setting": number, **{key: group[key].iloc[0] for key in study.keys}}
        row["choosing_mean"] = intervals.known_mean(first).estimate
        mean, solved = intervals.known_mean(others), training.solved(others, study.level)
        row |= {"n": mean.n, **intervals.summary(others), "mean": mean}
        rows.append(row | {"missing": int(np.isnan(others).sum()), "solved": solved})
    return pd.DataFrame(rows)


def chosen(found: pd.DataFrame, keys: Sequence[str], own: Mapping[str, Any]) -> dict[str, int]:
    """Return the best settings' rows, by what is tuned.

    All other hyperparameters keep the studied stage's own values. `NOTHING` is that stage's own
    setting. An entry is left out if the study lacks its settings.
    """
    means = found["choosing_mean"].fillna(-np.inf)
    free = {NOTHING: [], **{key: [key] for key in keys}, EVERYTHING: keys}
    best = {}
    for what, tuned in free.items():
        held = [found[key].map(str) == str(own[key]) for key in keys if key not in tuned]
        some = np.logical_and.reduce([np.ones(len(found), bool), *held])
        if some.any():
            best[what] = int(means.where(some, np.nan).argmax())
    return best


def choice(study: Study, best: Mapping[str, int]) -> pd.DataFrame:
    """List the reporting seeds of each best setting."""
    others = pd.DataFrame(study.samples[study.samples["seed"] >= study.choosing])
    rows = [others[others["setting"] == number].assign(tuned=what) for what, number in best.items()]
    columns = pd.Index(["tuned", "setting", "seed", study.column])
    return pd.DataFrame(pd.concat(rows), columns=columns)


def solving(found: pd.DataFrame) -> dict[str, float]:
    """Count the `settings` that solve the task, by their intervals."""
    solve = sum(share.low > SOLVES for share in found["solved"])
    fail = sum(share.high < SOLVES for share in found["solved"])
    return {
        "settings": len(found),
        "solve": solve,
        "do_not": fail,
        "undecided": len(found) - solve - fail,
        "share": solve / len(found),
    }


def effects(samples: pd.DataFrame, keys: Sequence[str], column: str) -> pd.DataFrame:
    """Average the settings that share a hyperparameter's value.

    Each setting is a stratum of equal weight. Diverged seeds do not count, nor do settings with
    fewer than two other seeds. `n` and `settings` count the rest.
    """
    rows = []
    for key in keys:
        # As text, because a list cannot be the key of a group.
        for _, inside in samples.groupby(samples[key].map(str), sort=False):
            each = [known(group) for _, group in inside.groupby("setting")[column]]
            groups = [group for group in each if len(group) > 1]
            mean = intervals.stratified_mean(groups) if groups else UNKNOWN
            row = {"hyperparameter": key, "value": inside[key].iloc[0], "settings": len(groups)}
            rows.append(row | {"n": mean.n, "mean": mean})
    return pd.DataFrame(rows)


def shown(value: object) -> str:
    """Write a value as params.yaml does."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def few_seeds(values: Array, sizes: Sequence[int], seed: int) -> pd.DataFrame:
    """Measure how often few seeds order two settings wrongly.

    Values are returns [S, N], NaN for a seed that diverged; settings with such a seed do not count.
    The few seeds are drawn from all without replacement. The right order is that of the means over
    all seeds; a tie is half wrong. One share is over all pairs of settings, another over the pairs
    that differ over all seeds, by Welch's interval at 95%. The intervals are normal, with the
    standard error of a bootstrap over seeds within settings.
    """
    values = values[~np.isnan(values).any(axis=1)]
    differences = [intervals.difference_of_means(a, b) for a, b in combinations(values, 2)]
    apart = np.array([found.low > 0 or found.high < 0 for found in differences], bool)
    rows = []
    for size in sizes if len(values) > 1 else ():
        random = np.random.default_rng([size, seed])
        wrong, again = _wrong(values, size, RESAMPLES, random), []  # [P]
        for _ in range(RESAMPLES):
            places = random.integers(values.shape[1], size=values.shape)
            again.append(_wrong(np.take_along_axis(values, places, axis=1), size, 1, random))
        for name, chosen in {"all": np.ones_like(apart), "told_apart": apart}.items():
            if not chosen.any():
                continue
            share = float(wrong[chosen].mean())
            error = np.stack(again)[:, chosen].mean(axis=1).std(ddof=1)
            margin = float(special.ndtri(0.975) * error)
            low, high, n = max(0.0, share - margin), min(1.0, share + margin), int(chosen.sum())
            rows.append((size, name, n, Interval(share, low, high, n)))
    return pd.DataFrame(rows, columns=pd.Index(["seeds", "pairs", "n", "wrong"]))


def _wrong(values: Array, size: int, rounds: int, random: np.random.Generator) -> Array:
    first, second = np.triu_indices(len(values), 1)
    truth = np.sign(values.mean(axis=1)[first] - values.mean(axis=1)[second])[:, None]
    total, n = np.zeros(len(first)), values.shape[1]
    for _ in range(rounds):
        places = _distinct(n, size, (len(values), DRAWS), random)
        drawn = np.take_along_axis(values[:, None], places, axis=2).mean(axis=2)  # [S, D]
        total += ((1 - truth * np.sign(drawn[first] - drawn[second])) / 2).mean(axis=1)
    return total / rounds


def _distinct(
    n: int, size: int, shape: tuple[int, ...], random: np.random.Generator
) -> NDArray[np.int64]:
    # Draws each place among those left, which is much faster than shuffling all n.
    drawn = np.empty((*shape, size), np.int64)
    for k in range(size):
        place = random.integers(n - k, size=shape)
        for taken in np.moveaxis(np.sort(drawn[..., :k]), -1, 0):
            place += place >= taken
        drawn[..., k] = place
    return drawn
