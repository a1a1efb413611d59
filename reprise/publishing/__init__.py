"""Makes of results what people read and check: executed notebooks, the README, a comparison."""
