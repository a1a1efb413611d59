"""Markov decision processes: the sparse model, its loaders, its solvers and its sampler."""
