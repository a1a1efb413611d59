"""Claims: their model, sources, judge and ledger."""
