"""Results made up for tests of claims, and claims about them."""

from typing import Any

import numpy as np
import pandas as pd

from reprise.claims.model import EXACT, Claim
from reprise.errors import UserError

METRICS = {"best": {"discount_0_9": "a0"}, "sweeps": 4, "zero": 0, "nothing": None, "v1.2": 3.5}
SAMPLES = pd.DataFrame(
    {
        "variant": ["base"] * 4 + ["other"] * 4,
        "seed": [0, 1, 2, 3] * 2,
        "final": [1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, None],
        "held": [None, 5.0, 6.0, 7.0, None, None, None, 2.0],
        "never": [np.nan] * 8,
        "done": [True, False] * 4,
    }
)


class Made:
    """Results of one stage, `training`."""

    def __init__(self, **tables: pd.DataFrame) -> None:
        """Hold tables by name, and samples."""
        self.tables = {"samples": SAMPLES, **tables}

    def metrics(self, stage: str) -> dict[str, Any]:
        if stage != "training":
            raise UserError(f"no stage {stage!r}")
        return METRICS

    def table(self, stage: str, name: str) -> pd.DataFrame:
        if stage != "training" or name not in self.tables:
            raise UserError(f"no table {stage}/{name}")
        return self.tables[name]


def claim(claimed: dict[str, Any], family: str = "one", **test: Any) -> Claim:
    words = {"family": family, "place": "here", "statement": "so", "measured": "what"}
    seeds = None if test["form"] in EXACT else 4
    return Claim.model_validate(words | {"seeds": seeds, "test": {**test, "claimed": claimed}})


def of(table: str = "samples", **source: Any) -> dict[str, Any]:
    return {"stage": "training", "table": table, **source}
