"""Results and notebooks hold whatever a training gives: no figure is cut, no text says `nan`.

The stages train for real, with tiny parameters and once each; what their packs give is then changed
to what nobody hopes for, and the stage makes its results of it. Warnings are errors, as everywhere.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reprise.pipeline import artifacts, packs
from tests import shown, tiny
from tests.stages import executing

LIMITS = [20, 30]
CARTPOLE = ["prior_knowledge", "partial_observability", "approximate_q_learning"]
# The other extras run the code of these, and their notebooks call a part of the same functions.
ALONE = ["reinforce_training", "dqn_training", "lunar_lander_actor_critic", "atari_pong"]
OTHERS = ["credit_assignment", "actor_critic", "dqn_ablations", "hyperparameter_study"]
TRAINING = [*ALONE, *CARTPOLE, *OTHERS]


SMALLER = {name: {"seeds": 2} for name in ("dqn_training", "reinforce_training")}
NEGATIVE = {"environment": {"solved_return": -110}}
WRONG = re.compile(r"(?<![\w.])[+\-−]?(nan|inf|none of none|None|nan%|inf%)(?!\w)")
Change = Callable[[np.ndarray], np.ndarray]


class Odd(NamedTuple):
    """What becomes of the returns of trainings, [.., N], and of their evaluations."""

    trained: Change
    played: Change
    changes: dict[str, Any] = {}  # noqa: RUF012 (nothing changes it)


def all_are(value: float) -> Change:
    return lambda values: np.full(values.shape, value, float)


def as_they_are(values: np.ndarray) -> np.ndarray:
    return values


def at_the_limit(values: np.ndarray) -> np.ndarray:
    limits = np.array(LIMITS[: len(values)], float) if len(values) < 3 else np.array([20.0])
    return np.broadcast_to(limits.reshape(-1, *[1] * (values.ndim - 1)), values.shape).copy()


def negative(values: np.ndarray) -> np.ndarray:
    """Return values from -200 to -90, in the order of those given."""
    known = values[~np.isnan(values)]
    return -200 + 110 * (values - known.min()) / (np.ptp(known) or 1)


def without_the_first(values: np.ndarray) -> np.ndarray:
    lost = values.astype(float)
    lost[..., 0] = np.nan
    return lost


CASES = {
    "all fail": Odd(all_are(0), all_are(0)),
    "all succeed": Odd(all_are(20), at_the_limit),
    "negative": Odd(negative, negative, NEGATIVE),
    "one diverges": Odd(without_the_first, without_the_first),
    "all diverge": Odd(all_are(np.nan), all_are(np.nan)),
    "one seed": Odd(as_they_are, as_they_are, {"seeds": 1}),
}
UNFINISHED = {"total_episodes": None, "total_steps": 6, "train_every": 2, "learning_starts": 1}


def sections(name: str, changes: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Return tiny sections by stage, the changes in the one that decides on the training."""
    own = "dqn_training" if name == "hyperparameter_study" else name
    changes = tiny.update(SMALLER.get(name, {}), changes)
    return lambda stage: tiny.section(stage, **(changes if stage == own else {}))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[list[Any]]]:
    """Return what gives a tiny stage's packs, run after run, which trained for real."""

    @cache
    def of(name: str) -> list[list[Any]]:
        runs = executing.recorded(name, tmp_path_factory)[1]
        return [run[:1] for run in runs] if name in ALONE else runs  # of the first seeds

    return of


def alone(found: Any) -> Any:
    """Return the first seed of what a pack gave."""
    if isinstance(found, np.ndarray):
        return found[..., :1]
    if isinstance(found, dict):
        return {key: alone(value) for key, value in found.items()}
    parts = [alone(value) for value in found]
    return found._make(parts) if hasattr(found, "_make") else parts


def changed(found: Any, odd: Odd) -> Any:
    """Return what a pack gave with other returns."""
    kinds = dict.fromkeys(("returns", "last_return", "losses", "targets"), odd.trained)
    kinds |= dict.fromkeys(("greedy", "sampled", "final"), odd.played)
    if isinstance(found, dict):
        return {key: kinds[key](value) if key in kinds else value for key, value in found.items()}
    if not hasattr(found, "_asdict"):
        return found  # nothing that was trained
    other = {}
    for key, value in found._asdict().items():
        if key == "evaluations":
            other[key] = {way: odd.played(values) for way, values in value.items()}
        elif hasattr(value, "_asdict"):
            other[key] = changed(value, odd)
        elif key in kinds and isinstance(value, np.ndarray) and value.size:
            other[key] = kinds[key](value)
    return found._replace(**other)


def blocks(metrics: Any) -> list[dict[str, Any]]:
    """Return what metrics say of both seeds under the first limit, wherever it stands."""
    if not isinstance(metrics, dict):
        return []
    found = [block for inner in metrics.values() for block in blocks(inner)]
    own = metrics.get(f"limit_{LIMITS[0]}", {"mean": {"n": 0}, "missing": 0})
    return [*found, own] if own["mean"]["n"] + own["missing"] == 2 else found


def check(name: str, changes: dict[str, Any], folder: Path) -> tuple[dict[str, Any], str]:
    """Make a stage's results, execute its notebook on them, and return metrics and headline."""
    given = sections(name, changes)
    made = tiny.stage(name).run(tiny.params(name, given))
    metrics = json.loads(artifacts.render("metrics.json", made["metrics.json"]))
    said = tiny.stage(name).headline(made)
    assert said == tiny.stage(name).headline({"metrics.json": metrics})  # README reads it
    made = {file: content for file, content in made.items() if not file.endswith(".npz")}
    artifacts.write_all(folder / name, made)
    ledger = artifacts.read_csv(tiny.ROOT / "data/claims/ledger.csv").head(0)
    artifacts.write_all(folder / "claims", {f"{name}.csv": ledger})
    notebook = tiny.ROOT / "notebooks" / f"{name}.ipynb"
    figures, texts = shown.by(notebook, data=str(folder / name), params=given(name))
    assert [place for figure in figures for place in outside(figure)] == []
    texts += [text.get_text() for figure in figures for axes in figure.axes for text in axes.texts]
    shows = re.sub(r"```.*?```", "", "\n\n".join(texts), flags=re.DOTALL)  # code may say None
    assert [shows[max(0, m.start() - 80) : m.end() + 40] for m in WRONG.finditer(shows)] == []
    return metrics, said


def outside(figure: Figure) -> list[str]:
    """Return what a figure draws beyond its axes."""
    found = []
    for axes in (axes for axes in figure.axes if axes.get_visible()):
        what = axes.get_title(loc="left") or axes.get_ylabel() or axes.get_xlabel()
        for values, ends in drawn(axes):
            (low, high), known = sorted(ends), values[np.isfinite(values)]
            room = 1e-6 * (high - low)
            if known.size and (known.min() < low - room or known.max() > high + room):
                found.append(f"{what}: {known.min()} to {known.max()}, shown {low} to {high}")
    return found


def drawn(axes: Axes) -> Iterator[tuple[np.ndarray, tuple[float, float]]]:
    """Yield the data of a panel, along each axis, and the limits that should hold them."""
    points = [line.get_xydata() for line in axes.lines if line.get_transform() is axes.transData]
    for collection in axes.collections:
        if isinstance(collection, PolyCollection | LineCollection):
            points += [path.vertices for path in collection.get_paths()]
    for patch in axes.patches:
        if isinstance(patch, Rectangle) and patch.get_transform().contains_branch(axes.transData):
            points.append(patch.get_bbox().get_points())
    for each in points:
        known = np.asarray(each, float)
        known = known[np.isfinite(known).all(axis=1)]
        yield known[:, 0], axes.get_xlim()
        yield known[:, 1], axes.get_ylim()
    for image in axes.images:
        array = np.ma.filled(np.ma.asarray(image.get_array(), float), np.nan)
        if array.ndim == 2:
            yield array, image.get_clim()


@pytest.mark.parametrize(
    ("name", "case"),
    [
        (name, case)
        for name in TRAINING
        for case, odd in CASES.items()
        if name in ALONE
        or not (odd.changes and (case == "one seed" or name in CARTPOLE))  # which needs two seeds
    ],
)
def test_a_notebook_shows_whatever_its_trainings_came_to(
    name: str, case: str, trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found = [[changed(pack, CASES[case]) for pack in run] for run in trained(name)]
    if case == "one seed":
        found = [[alone(pack) for pack in run] for run in found]
    runs = iter(found)
    monkeypatch.setattr(packs, "run", lambda *arguments, **options: next(runs))
    metrics, said = check(name, CASES[case].changes, tmp_path)
    for block in blocks(metrics):
        if "diverge" in case:  # it is in no mean and has not solved the task
            mean, solved = block["mean"], block["solved"]
            assert (mean["n"], block["missing"]) == {"all diverge": (0, 2)}.get(case, (1, 1))
            assert solved["estimate"] <= mean["n"] / 2
            assert (mean["estimate"] is None) == (case == "all diverge")
            assert "none" in said or "of 2" in said
    if case == "one seed":
        assert "[" not in said
        assert metrics["last_return"]["mean"]["high"] is None


def test_the_notebook_of_the_dqn_shows_a_training_in_which_no_episode_ends(tmp_path: Path):
    metrics, said = check("dqn_training", UNFINISHED, tmp_path)
    best = metrics["best"][f"limit_{LIMITS[0]}"]
    assert metrics["last_return"]["mean"]["n"] == best["mean"]["n"] == 0
    assert "diverged" not in said
