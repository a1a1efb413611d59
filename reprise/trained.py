"""The result of `reprise.train`: summary, learning curves and episodes."""

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

WINDOW = 10  # episodes in the moving average of a learning curve


@dataclass(frozen=True, eq=False)
class Trained:
    """Training runs side by side, one for each seed."""

    parameters: Any
    """All parameters of the training."""
    curves: pd.DataFrame
    """Training returns. A row is an iteration (the mean of its episodes), an episode or, for a DQN
    with a budget of steps, a round (the episode that ended in it, or NaN). A column is a seed."""
    returns: pd.DataFrame
    """Mean returns of evaluation episodes in Gymnasium. A row is a seed, a column a time limit. The
    return of a seed that diverged (see `networks.diverged`) is NaN."""
    steps: pd.Series
    """The environment steps of each seed's training."""
    weights: Mapping[str, np.ndarray]
    """The networks of all seeds, named as in `networks.to_arrays`, and their seeds."""

    def __repr__(self) -> str:
        """Show algorithm, environment, the first mean return and the fields."""
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
        """Compute mean returns and shares of solved seeds.

        A row is a policy under a time limit. `low` and `high` bound the 95% interval of the mean.
        `seeds` counts the seeds in the mean, `diverged` those without a policy. `solved` is the
        share of all seeds that solve the task, with its 95% interval: their mean return reaches the
        environment's `solved_return`, or the evaluation's `solved_share` of the limit. Numbers are
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
            shares = solved.columns("solved").items()
            rows.append(row | {name: round(share, 3) for name, share in shares})
        return pd.DataFrame(rows, pd.Index(self.returns.columns, name="policy"))

    def plot(self) -> Figure:
        """Draw training returns: seeds faint, median and band.

        The result is a Matplotlib figure: notebooks show it, `figure.savefig(path)` writes it, and
        `figure.axes[0]` lets you change it.
        """
        from matplotlib import pyplot as plt

        from reprise.plots import figures, style

        plt.switch_backend(plt.get_backend())  # otherwise a notebook shows no figure
        # A round without an episode repeats the last return.
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
        """Play an episode with a seed's greedy policy.

        The result is a GIF: notebooks show it, elsewhere it is the path. The episode is the first
        of the evaluation, under its first time limit. Without a path, the GIF goes to a temporary
        folder.
        """
        if path is None:
            name = re.sub(r"( on|\W)+", "-", f"{self._title} seed {seed}").lower()
            path = Path(tempfile.mkdtemp(prefix="reprise-"), f"{name}.gif")
        p = self.parameters
        return stored.watch(self.weights, seed, p.environment, p.evaluation, Path(path))

    def model(self, seed: int) -> keras.Sequential:
        """Convert a seed's network to an ordinary Keras model.

        A policy gives the probability of action 0, or of each action if there are more than two. A
        DQN gives Q-values. An unknown seed raises a UserError.
        """
        return networks.to_keras(self.weights, seed)

    def save(self, path: str | Path) -> None:
        """Write all seeds' networks to an .npz file for `load`."""
        artifacts.write(Path(path), self.weights)
