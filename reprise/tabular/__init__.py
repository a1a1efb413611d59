"""Markov decision processes: models, solvers and learning from samples."""
