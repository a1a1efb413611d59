"""The worked example in docs/statistics.md follows from data/ as it is committed."""

import pandas as pd

from reprise.claims import judge
from reprise.stats.intervals import Interval, probability_of_improvement
from reprise.stats.power import POWER
from stages import claims
from tests.tiny import ROOT

CLAIM, VARIANTS = "noise_hurts", ("full", "noisy")


def test_the_worked_example_is_that_of_the_committed_samples(monkeypatch):
    """If the results moved, paste the expected text into the page."""
    monkeypatch.chdir(ROOT)
    level = pd.read_csv("data/claims/ledger.csv", index_col="claim")["confidence"].to_dict()[CLAIM]
    samples = pd.read_csv("data/partial_observability/samples.csv").set_index("variant")
    a, b = (samples.loc[name, "early_return"].to_numpy(float) for name in VARIANTS)

    def row(found: Interval) -> str:
        return f"{found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]"

    at_95, whole = (row(probability_of_improvement(a, b, each)) for each in (0.95, level))
    test = claims.claims()[CLAIM].test
    needed = judge.seeds_needed(test, claims.Committed(), level, most=4096)
    lines = [
        "| | |",
        "|---|---|",
        f"| seeds a side | {len(a)}, {len(b)} |",
        f"| means | {a.mean():.1f}, {b.mean():.1f} |",
        f"| probability of improvement, at 95% | {at_95} |",
        f"| the same, at the verdict's {level:.2%} | {whole} |",
        f"| seeds a side that settle it with probability {POWER} | {needed} |",
    ]
    page = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
    assert "\n".join(lines) in page, "\n".join(lines)
