"""Training runs from Python: their summary, learning curves and episodes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reprise import stored
from reprise.measures import training
from reprise.nn import networks
from reprise.pipeline import artifacts
from reprise.stats.intervals import known_mean
from reprise.stats.words import bracketed

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

WINDOW = 10  # episodes over which a curve of episodes is averaged


@dataclass(frozen=True, eq=False)
class Trained:
    """Training runs side by side, one for each seed."""

    parameters: Any
    """All values of the training, given or the chapter's."""
    curves: pd.DataFrame
    """Training returns: a row for each iteration (the mean of its episodes), episode or, with a
    budget of a DQN's steps, round (the episode that ended in it, or NaN); a column per seed."""
    returns: pd.DataFrame
    """Mean returns of evaluation episodes in Gymnasium: a row for each seed, a column for each time
    limit; NaN for a seed whose training diverged (see `networks.diverged`)."""
    steps: pd.Series
    """Environment steps that each seed trained for."""
    weights: Mapping[str, np.ndarray]
    """The networks of all seeds, named as in `networks.to_arrays`, and the seeds' numbers."""

    def __repr__(self) -> str:
        """Return the environment, the first mean return, and the fields."""
        column = self.returns.columns[0]
        mean = known_mean(self.returns[column])
        return (
            f"{self._title}\n"
            f"{column}: mean return {bracketed(mean)} (95% interval) of {mean.n} of "
            f"{len(self.returns)} seeds\n"
            "fields: curves, returns, steps, weights, parameters; "
            "methods: summary(), plot(), watch(seed), model(seed), save(path)"
        )

    @property
    def _title(self) -> str:
        return f"{type(self.parameters).__name__} on {self.parameters.environment.id}"

    def summary(self) -> pd.DataFrame:
        """Return each policy's mean return and the share solved.

        A row is a policy under a time limit. `low` and `high` bound the mean's 95% interval. The
        mean is over the `seeds` with a policy; `diverged` counts the others. `solved` is the share
        of all seeds that solve the task, with its 95% interval: their mean return is at least the
        environment's `solved_return` or the evaluation's `solved_share` of the limit. Numbers are
        rounded; `returns` has the exact ones.
        """
        evaluation, environment = self.parameters.evaluation, self.parameters.environment
        rows = []
        for policy, column in self.returns.items():
            limit = int(str(policy).rpartition("_")[2])
            level = training.solved_from(limit, evaluation.solved_share, environment.solved_return)
            mean, solved = known_mean(column), training.solved(column.to_numpy(), level)
            row = {"mean": mean.estimate, "low": mean.low, "high": mean.high}
            row = {name: round(number, 1) for name, number in row.items()}
            row |= {"seeds": mean.n, "diverged": int(column.isna().sum())}
            rows.append(row | {name: round(share, 3) for name, share in solved.items()})
        return pd.DataFrame(rows, pd.Index(self.returns.columns, name="policy"))

    def plot(self) -> Figure:
        """Draw training returns: seeds faint, median and band.

        The figure is a Matplotlib one: a notebook shows it, `figure.savefig(path)` writes it, and
        `figure.axes[0]` is there to change.
        """
        from matplotlib import pyplot as plt

        from reprise.plots import figures, style

        plt.switch_backend(plt.get_backend())  # a notebook shows no bare Figure before
        # A round of steps in which no episode ends keeps the return of the last one.
        curves, step = self.curves.ffill().bfill(), str(self.curves.index.name)
        table = training.quantiles(curves.to_numpy(), step)
        table[step] = curves.index.to_numpy()[table[step].to_numpy()]
        given = self.parameters.environment
        top = given.top(self.parameters.maximum_steps)
        label = style.Label(
            top, "solved" if given.solved_return is not None else "maximum", style.GREY
        )
        labels, window = (step, "training return", self._title), WINDOW if step == "episode" else 1
        with plt.style.context(style.STYLE_SHEET):
            table = {"": table.set_index(step)}
            return figures.learning_curves(table, labels, label, window, curves)

    def watch(self, seed: int, path: str | Path | None = None) -> stored.Animation:
        """Play an episode by a seed's greedy policy.

        The result is a GIF: a notebook shows it, elsewhere it is the path. The episode is the first
        of the evaluation, under its first time limit. Without a path the GIF goes to a temporary
        folder.
        """
        environment, evaluation = self.parameters.environment, self.parameters.evaluation
        if path is None:
            name = re.sub(r"( on|\W)+", "-", f"{self._title} seed {seed}").lower()
            path = Path(tempfile.mkdtemp(prefix="reprise-"), f"{name}.gif")
        limit, start = evaluation.limits[0], evaluation.first_seed
        return stored.watch(self.weights, seed, environment, limit, start, Path(path))

    def model(self, seed: int) -> keras.Sequential:
        """Return a seed's network as an ordinary Keras model.

        A policy gives the probability of action 0, or of each action if there are more than two; a
        DQN gives Q-values. A seed that is not there raises a UserError.
        """
        return networks.to_keras(self.weights, seed)

    def save(self, path: str | Path) -> None:
        """Write all seeds' networks to an .npz file for `load`."""
        artifacts.write(Path(path), self.weights)
