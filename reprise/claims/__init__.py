"""Claims: their model, the sources of their samples, the judge and the ledger."""
