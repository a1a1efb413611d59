"""The worked example in docs/statistics.md follows from data/ as it is committed."""

from collections.abc import Sequence

import pandas as pd

from reprise.stats.improvement import side
from reprise.stats.intervals import Array, Interval, probability_of_improvement
from reprise.stats.power import POWER, seeds_needed
from tests.tiny import ROOT

CLAIM, VARIANTS = "noise_hurts", ("full", "noisy")


def test_the_worked_example_is_that_of_the_committed_samples():
    """If the results moved, paste the expected text into the page."""
    ledger = pd.read_csv(ROOT / "data/claims/ledger.csv", index_col="claim")
    level = ledger["confidence"].to_dict()[CLAIM]
    samples = pd.read_csv(ROOT / "data/partial_observability/samples.csv").set_index("variant")
    a, b = (samples.loc[name, "greedy_200"].to_numpy(float) for name in VARIANTS)

    def row(found: Interval) -> str:
        return f"{found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]"

    def settled(samples: Sequence[Array]) -> bool:
        one, other = samples
        return side(probability_of_improvement(one, other, level), 0.5) != 0

    at_95, whole = (row(probability_of_improvement(a, b, each)) for each in (0.95, level))
    needed = seeds_needed([a, b], settled, seed=0)
    lines = [
        "| | |",
        "|---|---|",
        f"| seeds a side | {len(a)}, {len(b)} |",
        f"| means | {a.mean():.1f}, {b.mean():.1f} |",
        f"| probability of improvement, at 95% | {at_95} |",
        f"| the same, at the verdict's {level:.2%} | {whole} |",
        f"| seeds a side that settle it with probability {POWER} | {needed} |",
    ]
    assert "\n".join(lines) in (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
