"""A reinforcement-learning chapter as code: its algorithms, and what their results are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def load_lane(path: str | Path, lane: int) -> keras.Sequential:
    """Return one trained lane as an ordinary Keras model.

    Args:
        path: a stage's weights, such as data/dqn_training/weights.npz.
        lane: the lane's number, as in the stage's samples.csv.

    Raises:
        UserError: if there is no such lane, or the file is none of Reprise's.
    """
    from reprise import networks
    from reprise.pipeline import artifacts

    return networks.to_keras(artifacts.read_npz(Path(path)), lane)
