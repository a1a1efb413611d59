"""What happens to some quantities as one number changes."""

from pathlib import Path

import pandas as pd

from reprise.pipeline import artifacts
from reprise.plots import dqn_ablations
from reprise.plots.show import Results


def test_a_value_without_a_share_that_forgets_keeps_its_place_on_the_axis(tmp_path: Path):
    rates = {"slow": 0.001, "base": 0.01, "fast": 0.03}
    rows = [
        {"variant": name, "final_20": final, "held_at": None if name == "slow" else 3, "forgets": 0}
        for name in rates
        for final in (9, 12)
    ]
    artifacts.write_all(tmp_path, {"samples.csv": pd.DataFrame(rows)})
    changes = {name: {"learning_rate": rate} for name, rate in rates.items() if name != "base"}
    params = {
        "variants": {"base": {}, **changes},
        "baseline": "base",
        "learning_rate": 0.01,
        "evaluation": {"limits": [20]},
    }
    figure = dqn_ablations.responses(Results(tmp_path, params), "learning_rate")
    for axes in figure.axes:
        assert [text.get_text() for text in axes.get_xticklabels()] == ["0.001", "0.01", "0.03"]
