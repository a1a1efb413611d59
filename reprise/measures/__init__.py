"""Measures of training runs: learning curves, forgetting, convergence time."""
