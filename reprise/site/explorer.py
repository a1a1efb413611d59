"""The explorer's numbers, from the committed results.

Each function returns the data of one section of the page, ready for JSON. Long curves become means
of windows. All numbers are rounded, so that every machine writes the same bytes.
"""

import contextlib
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprise.claims import judge, ledger
from reprise.claims.model import EXACT, Claim
from reprise.claims.sources import ResultFiles, sample
from reprise.errors import UserError
from reprise.tabular import loaders, problems
from reprise.tabular.dynamic_programming import best_actions, optimal_q_values, q_values
from reprise.tabular.mdp import MDP

POINTS = 60  # at most, in a learning curve
DRAWS = 2000  # samples of few seeds, for each setting
PREFIXES = (3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10_000)
SEEDS = 300  # at most, drawn for each sample of a claim
SWEEPS = (*range(31), *range(35, 101, 5), *range(120, 501, 20))
AXES = {"episode": "training episode", "iteration": "training iteration", "steps": "steps"}
FIELDS = {"FrozenLake-v1": (4, 4, "←↓→↑"), "CliffWalking-v1": (4, 12, "↑→↓←")}
QUANTILES = ("q25", "median", "q75")


def written(content: object) -> str:
    """Write JSON for a script element."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def plain(value: Any, digits: int = 5) -> Any:
    """Round nested values for JSON.

    Infinite numbers and NaN become None.

    >>> plain({"mean": np.float64(2 / 3), "seeds": np.array([1.0, np.inf])})
    {'mean': 0.66667, 'seeds': [1, None]}
    """
    if isinstance(value, Mapping):
        return {key: plain(each, digits) for key, each in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(each, digits) for each in value]
    if isinstance(value, float | np.floating):
        rounded = float(f"{value:.{digits}g}")
        return None if not np.isfinite(rounded) else int(rounded) if rounded % 1 == 0 else rounded
    return value.item() if isinstance(value, np.generic) else value


def content(
    stages: Iterable[str],
    results: ResultFiles,
    parameters: Mapping[str, Any],
    claims: Mapping[str, Claim],
    verdicts: pd.DataFrame,
) -> dict[str, Any]:
    """Collect the data of all sections.

    `stages` have learning curves; `verdicts` is the ledger.
    """
    toys = parameters["mdp_solving"]["toy_text"]
    names = [name for name in toys["environments"] if name in FIELDS]
    found = {
        "learning": [learning(name, results) for name in stages],
        "study": study(results, parameters["hyperparameter_study"]),
        "mdp": decisions(loaders.from_yaml("data/inputs/three_state.yaml"), parameters),
        "sweeps": [sweeps(name, toys["discount"]) for name in names],
        "exploration": exploration(results),
        "verdicts": judged(claims, results, verdicts),
    }
    return plain(found)


def still(content: Mapping[str, Any]) -> list[str]:
    """Write learning curves as points of SVG, the median last."""
    found = {stage["stage"]: stage for stage in content["learning"]}
    stage = found.get("dqn_training", content["learning"][0])
    seeds = np.array(stage["variants"][0]["seeds"], float)
    seeds = seeds[~np.isnan(seeds).any(axis=1)]
    x = np.linspace(0, 540, seeds.shape[1])
    y = 150 * (1 - np.vstack([seeds[:24], np.median(seeds, axis=0)]) / stage["limit"])
    return [" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, each, strict=True)) for each in y]


def learning(stage: str, results: ResultFiles) -> dict[str, Any]:
    """Read each seed's learning curve and final return."""
    returns, samples = (results.table(stage, f"{name}.csv") for name in ("returns", "samples"))
    index = next(str(name) for name in returns if name in AXES)
    final = next(str(name) for name in samples if str(name).startswith(("greedy_", "final_")))
    if "variant" not in returns:
        name = stage.removesuffix("_training")
        returns, samples = returns.assign(variant=name), samples.assign(variant=name)
    window = math.ceil(returns["variant"].value_counts().max() / POINTS)
    variants = []
    for name, rows in returns.groupby("variant", sort=False):
        columns = rows.filter(regex="^seed_").dropna(axis="columns", how="all")
        numbers = [int(column[5:]) for column in columns]
        own = samples[samples["variant"] == name].set_index("seed").reindex(numbers)
        parts = np.split(columns.to_numpy(float), range(window, len(rows), window))
        at = [*rows[index].iloc[window - 1 : -1 : window], rows[index].iloc[-1]]
        seeds = plain(np.transpose([part.mean(axis=0) for part in parts]), 4)
        ends = {"last": own["last_return"], "final": own[final]}
        ends = {key: plain(values.to_numpy(float), 4) for key, values in ends.items()}
        variants.append({"name": name, "numbers": numbers, "at": at, "seeds": seeds} | ends)
    limit = int(final.rpartition("_")[2])
    about = {"stage": stage, "axis": AXES[index], "limit": limit, "window": window}
    return about | {"variants": variants}


def study(results: ResultFiles, section: Mapping[str, Any]) -> dict[str, Any]:
    """Read each setting's seeds, and compute how often few mislead.

    Few seeds of a setting are compared with as many seeds of each other setting. They mislead if
    their means are not in the order of the means of all seeds.
    """
    samples = results.table("hyperparameter_study", "samples.csv")
    keys = [axis["name"] for axis in section["grid"]]
    column = next(str(name) for name in samples if str(name).startswith("final_"))
    groups = [group for _, group in samples.groupby("setting")]
    every = [group[column].to_numpy(float) for group in groups]
    sizes = [size for size in section["few_seeds"] if size < min(map(len, every))]
    complete = [at for at, values in enumerate(every) if not np.isnan(values).any()]
    shares = misled([every[at] for at in complete], sizes, 2026)
    wrong = dict(zip(complete, shares, strict=True))
    found = []
    for at, (group, values) in enumerate(zip(groups, every, strict=True)):
        known = np.sort(values[~np.isnan(values)])
        mean = known.mean() if len(known) else np.nan
        row = {key: group[key].iloc[0] for key in keys}
        found.append(row | {"seeds": plain(known, 4), "mean": mean, "misled": wrong.get(at, [])})
    axes = {key: sorted({row[key] for row in found}) for key in keys}
    limit = int(column.rpartition("_")[2])
    return {"axes": axes, "few": sizes, "limit": limit, "settings": found}


def misled(every: Sequence[NDArray], sizes: Sequence[int], seed: int) -> NDArray:
    """Compute the share of wrong orders, by setting and size.

    Each of `DRAWS` samples of a setting is compared with each sample of the other settings. A tie
    is half wrong.
    """
    random = np.random.default_rng(seed)
    most, number = max(sizes, default=1), max(1, len(every) - 1)
    drawn = [random.permuted(np.tile(v, (DRAWS, 1)), axis=1)[:, :most] for v in every]
    wrong = np.zeros((len(every), len(sizes)))
    for place, size in enumerate(sizes):
        sums = [np.sort(each[:, :size].sum(axis=1).round(6)) for each in drawn]
        for one, other in itertools.permutations(range(len(every)), 2):
            ends = (np.searchsorted(sums[other], sums[one], side) for side in ("left", "right"))
            below = sum(end.sum() for end in ends) / 2 / DRAWS**2
            better = np.sign((every[one].mean() - every[other].mean()).round(6))
            wrong[one, place] += 0.5 + better * (0.5 - below)
    return wrong / number


def decisions(mdp: MDP, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the optimal Q-values at each discount."""
    flip = parameters["mdp_solving"]["switch"]
    discounts = np.linspace(flip["lowest"], flip["highest"], flip["points"])
    q = np.stack([optimal_q_values(mdp, discount) for discount in discounts])
    curves = [
        {"state": mdp.state_names[s], "action": mdp.action_names[a], "q": q[:, s, a]}
        for s, a in np.argwhere(mdp.possible)
    ]
    return {"discounts": discounts.round(6), "curves": curves, "state": flip["state"]}


def sweeps(name: str, discount: float) -> dict[str, Any]:
    """Compute values and greedy actions, sweep by sweep."""
    rows, columns, arrows = FIELDS[name]
    mdp, fields = problems.toy_text(name, discount).mdp, rows * columns
    values, history = np.zeros(mdp.number_of_states), []
    optimal = optimal_q_values(mdp, discount).max(axis=1)
    best = best_actions(mdp, optimal, discount)
    for sweep in range(SWEEPS[-1] + 1):
        if sweep:
            values = q_values(mdp, values, discount).max(axis=1)
        if sweep in SWEEPS:
            greedy = best_actions(mdp, values, discount)
            right = np.mean((greedy <= best)[:fields].all(axis=1))
            arrow = ["·" if g.all() else arrows[g.argmax()] for g in greedy[:fields]]
            error = np.abs(values - optimal).max()
            row = {"sweep": sweep, "values": plain(values[:fields], 3), "right": right}
            history.append(row | {"policy": "".join(arrow), "error": error})
            if error < 1e-6 * np.abs(optimal).max():
                break
    return {"name": name, "columns": columns, "discount": discount, "history": history}


def exploration(results: ResultFiles) -> list[dict[str, Any]]:
    """Read coverage and lost value over steps, by behaviour."""
    curves = results.table("exploration", "curves.csv")
    keys = ["problem", "behaviour"]
    drawn = [f"{what}_{part}" for what in ("coverage", "loss") for part in QUANTILES]
    return [
        rows.iloc[0][keys].to_dict()
        | {"step": rows["step"].to_numpy()}
        | {name: plain(rows[name].to_numpy(), 4) for name in drawn}
        for _, rows in curves.groupby(keys, sort=False)
    ]


def judged(
    claims: Mapping[str, Claim], results: ResultFiles, verdicts: pd.DataFrame
) -> list[dict[str, Any]]:
    """Collect the claims' seeds, and judge the first few.

    The judge uses the confidence level that decided the claim, so that all seeds together give the
    verdict of the ledger.
    """
    found = []
    for row in verdicts.to_dict("records"):
        test = claims[row["claim"]].test
        if test.form in EXACT or pd.isna(row["confidence"]):
            continue
        sources = list(filter(None, (test.of, test.than)))
        ranked = test.form in judge.RANKED
        samples = [sample(source, results, ranked=ranked) for source in sources]
        most = max(len(each.values) for each in samples)
        answers = []
        for n in [*(size for size in PREFIXES if size < most), most]:
            first = [each._replace(values=each.values[:n]) for each in samples]
            with contextlib.suppress(UserError):  # too few seeds for an interval
                answer = judge.asked(test, first, float(row["confidence"]))
                if at := answer.interval:
                    ends = {"low": at.low, "estimate": at.estimate, "high": at.high}
                    answers.append({"n": n, "verdict": answer.verdict} | ends)
        names = [" ".join(map(str, [*one.where.values(), one.stage])) for one in sources]
        entry = {key: row[key] for key in ("claim", "statement", "measured", "verdict", "place")}
        entry |= {
            "form": ledger.FORMS.get(test.form, test.form),
            "answers": answers,
            "margins": test.claimed.margins,
            "claimed": test.claimed.words(),
            "counted": test.counted.words() if test.counted else "",
            "n": most,
            "samples": [
                {"name": name, "values": plain(each.values[:SEEDS], 4)}
                for name, each in zip(names, samples, strict=True)
            ],
        }
        found.append(entry)
    return found
