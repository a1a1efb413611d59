"""Notebooks show whatever a training comes to: every figure holds its data, no text says `nan`.

The stages train for real, with tiny parameters and once each; what their packs give is then changed
to what nobody hopes for, and the stage makes its results of it. Warnings are errors, as everywhere.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reprise.pipeline import artifacts, packs, parameters
from tests import prose, tiny

LIMITS = [20, 30]
CARTPOLE = ["prior_knowledge", "partial_observability", "approximate_q_learning"]
ALONE = ["reinforce_training", "lunar_lander", "dqn_training"]
VARIED = ["credit_assignment", *CARTPOLE, "dqn_ablations"]
TRAINING = [*ALONE, *VARIED, "hyperparameter_study"]
SMALLER: dict[str, dict[str, Any]] = {
    "dqn_training": {"seeds": 2},
    "reinforce_training": {"seeds": 2},
    "approximate_q_learning": {"evaluation": {"limits": [200]}},  # as dqn_training's samples have
}

NEGATIVE = {"environment": {"solved_return": -110}}
WRONG = re.compile(r"(?<![\w.])[+\-−]?(nan|inf|none of none|None|nan%|inf%)(?!\w)")


class Odd(NamedTuple):
    """What becomes of the returns of trainings, [.., N], and of their evaluations."""

    trained: Callable[[np.ndarray], np.ndarray]
    played: Callable[[np.ndarray], np.ndarray]
    changes: dict[str, Any] = {}  # noqa: RUF012 (nothing changes it)


def all_are(value: float) -> Callable[[np.ndarray], np.ndarray]:
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
    "as trained": Odd(as_they_are, as_they_are),
    "all fail": Odd(all_are(0), all_are(0)),
    "all succeed": Odd(all_are(20), at_the_limit),
    "negative": Odd(negative, negative, NEGATIVE),
    "all alike and negative": Odd(all_are(-200), all_are(-200), NEGATIVE),
    "one diverges": Odd(without_the_first, without_the_first),
    "all diverge": Odd(all_are(np.nan), all_are(np.nan)),
    "one seed": Odd(as_they_are, as_they_are, {"seeds": 1}),
}


@cache
def trained(name: str) -> list[Any]:
    """Return what a tiny stage's packs give, having trained for real."""
    kept: list[Any] = []
    run = packs.run

    def remembering(*arguments: Any, **options: Any) -> list[Any]:
        kept[:] = run(*arguments, **options)
        return kept

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs, "run", remembering)
        results(name, {})
    return kept


def alone(found: Any) -> Any:
    """Return the first seed of what a pack gave."""
    if isinstance(found, np.ndarray):
        return found[..., :1]
    if isinstance(found, dict):
        return {key: alone(value) for key, value in found.items()}
    parts = [alone(value) for value in found]
    return found._make(parts) if hasattr(found, "_make") else parts


def sections(name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Return all sections of params.yaml, a stage's own made tiny and those that it borrows."""
    if name == "hyperparameter_study":
        studied = {"dqn_training": tiny.section("dqn_training", **changes)}
        own = {name: tiny.section(name)}
        return parameters.read(tiny.ROOT / "params.yaml") | studied | own
    small = tiny.update(SMALLER.get(name, {}), changes)
    own = {name: tiny.section(name, **small)}
    return parameters.read(tiny.ROOT / "params.yaml") | own


def results(name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Return what a tiny stage makes."""
    every = sections(name, changes)
    module = tiny.stage(name)
    model = module.Params
    others = model.borrowed(every[name]) if hasattr(model, "borrowed") else {}
    borrowed = {field: kind(**every[other]) for field, (other, kind) in others.items()}
    return module.run(model(**every[name], **borrowed))


def changed(found: Any, odd: Odd) -> Any:
    """Return what a pack gave with other returns."""
    kinds = {
        "returns": odd.trained, "last_return": odd.trained, "losses": odd.trained,
        "targets": odd.trained, "greedy": odd.played, "sampled": odd.played, "final": odd.played,
    }  # fmt: skip
    if isinstance(found, dict):
        return {key: kinds[key](value) if key in kinds else value for key, value in found.items()}
    if not hasattr(found, "_asdict"):
        return found  # nothing that was trained
    other = {}
    for key, value in found._asdict().items():
        if key == "played":
            other[key] = {way: odd.played(values) for way, values in value.items()}
        elif hasattr(value, "_asdict"):
            other[key] = changed(value, odd)
        elif key in kinds and isinstance(value, np.ndarray) and value.size:
            other[key] = kinds[key](value)
    if "diverged" in found._fields:
        other["diverged"] = np.isnan(other["greedy"][0])
    return found._replace(**other)


def written(name: str, case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Write the results of trainings that came out otherwise, and return all sections."""
    odd = CASES[case]
    found = [changed(pack, odd) for pack in trained(name)]
    if case == "one seed":
        found = [alone(pack) for pack in found]
    monkeypatch.setattr(packs, "run", lambda *arguments, **options: found)
    keep(folder, results(name, odd.changes))
    return sections(name, odd.changes)


def keep(folder: Path, contents: dict[str, Any]) -> None:
    text = {file: made for file, made in contents.items() if not file.endswith(".npz")}
    artifacts.write_all(folder, text)


def shown(name: str, folder: Path, every: dict[str, Any]) -> tuple[list[Figure], list[str]]:
    """Execute a notebook's cells in this process, and return its figures and texts."""
    header = (tiny.ROOT / "data/claims/ledger.csv").read_text().splitlines()[0]
    (folder.parent / "claims").mkdir(exist_ok=True)
    (folder.parent / "claims" / f"{folder.name}.csv").write_text(header + "\n")
    values = {"data": str(folder), "params": every[name], "changed": [], "confidence": 0.95}
    figures: list[Figure] = []
    texts: list[str] = []

    def display(*objects: Any) -> None:
        for each in objects:
            if isinstance(each, Figure):
                figures.append(each)
            elif hasattr(each, "_repr_markdown_"):
                texts.append(each.data)

    names: dict[str, Any] = {"display": display, "__name__": "notebook"}
    for number, cell in enumerate(prose.cells(tiny.ROOT / "notebooks" / f"{name}.ipynb")):
        if cell["cell_type"] != "code":
            continue
        if "parameters" in cell["metadata"].get("tags", ()):
            names |= values
            continue
        body = ast.parse(cell["source"], f"{name}, cell {number}").body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), f"{name}, cell {number}", "exec"), names)  # noqa: S102 (ours)
        if last is not None:
            code = compile(ast.Expression(last.value), f"{name}, cell {number}", "eval")
            display(eval(code, names))  # noqa: S307 (ours)
    return figures, texts


def outside(figure: Figure) -> list[str]:
    """Return what a figure draws beyond its axes."""
    found = []
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        what = axes.get_title(loc="left") or axes.get_ylabel() or axes.get_xlabel()
        for values, ends in drawn(axes):
            low, high = sorted(ends)
            room = 1e-6 * (high - low)
            known = values[np.isfinite(values)]
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


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    """Put the style of the other tests back."""
    with mpl.rc_context():
        plt.switch_backend("agg")
        yield


def check(figures: list[Figure], texts: list[str]) -> None:
    assert [place for figure in figures for place in outside(figure)] == []
    said = re.sub(r"```.*?```", "", "\n\n".join(texts), flags=re.DOTALL)  # code may say None
    assert [said[max(0, m.start() - 80) : m.end() + 40] for m in WRONG.finditer(said)] == []
    for figure in figures:
        labels = [text.get_text() for axes in figure.axes for text in axes.texts]
        assert [label for label in labels if WRONG.search(label)] == []
        figure.draw_without_rendering()


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
    name: str, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    every = written(name, case, tmp_path, monkeypatch)
    check(*shown(name, tmp_path, every))


@pytest.mark.parametrize(
    "changes",
    [
        {"total_episodes": 5},
        {"total_episodes": None, "total_steps": 6, "train_every": 2, "learning_starts": 1},
    ],
    ids=["five episodes", "no episode ends"],
)
def test_the_notebook_of_the_dqn_shows_a_training_that_is_too_short(
    changes: dict[str, Any], tmp_path: Path
):
    keep(tmp_path, results("dqn_training", changes))
    check(*shown("dqn_training", tmp_path, sections("dqn_training", changes)))
