"""Estimate how many seeds would decide a claim.

`python -m reprise.site.seeds_needed [CLAIM ...]` takes the present results as the pilot. For each
claim, by default for all that have an interval, it prints the fewest seeds of each sample that
decide the claim with probability 0.9 at the strictest level of Holm's procedure.
"""

import importlib
import sys
from collections import Counter
from collections.abc import Sequence

from reprise.claims import judge
from reprise.claims.model import EXACT
from reprise.claims.sources import unknown
from reprise.errors import PlainError, UserError
from reprise.stats.power import holm_level

MOST = 4096


def main(names: Sequence[str]) -> int:
    """Print the seeds that claims need, return the exit code."""
    stage = importlib.import_module("stages.claims")
    try:
        claims, results = stage.claims(), stage.Committed()
        asked = {name: claim for name, claim in claims.items() if claim.test.form not in EXACT}
        if missing := [name for name in names if name not in asked]:
            place = "data/inputs/claims.yaml"
            raise UserError(unknown(place, "claim with an interval", missing[0], asked))
        sizes = Counter(claim.family for claim in asked.values())
        for name in names or asked:
            claim = asked[name]
            level = holm_level(0.95, sizes[claim.family])
            found = judge.seeds_needed(claim.test, results, level, MOST)
            needed = f"more than {MOST:,}" if found is None else f"{found:,}"
            print(f"{name}: {needed} seeds; declared: {claim.seeds:,}", flush=True)
    except PlainError as error:
        print(f"seeds_needed: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
