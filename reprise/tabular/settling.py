"""Settling times of seeds. Axes: N seeds, K records."""

from typing import Any

import numpy as np

QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


def settling_records(near: np.ndarray) -> np.ndarray:
    """Find the record from which each seed stays near [N]."""
    trailing = np.logical_and.accumulate(near[:, ::-1], axis=1).sum(axis=1)
    return np.where(trailing > 0, near.shape[1] - trailing, np.nan)


def settling_iterations(
    curves: np.ndarray, target: float, relative_tolerance: float, record_every: int
) -> np.ndarray:
    """Find the iteration from which each curve stays near, [N].

    >>> settling_iterations(np.array([[5.0, 9.0, 10.0, 10.2]]), 10.0, 0.05, 100).tolist()
    [300.0]

    Near means |curve - target| ≤ relative_tolerance·|target|. Curves, [N, K], have a record every
    `record_every` iterations. A curve that does not end near has NaN.
    """
    near = ~(np.abs(curves - target) > relative_tolerance * abs(target))
    return (settling_records(near) + 1) * record_every


def curve_quantiles(curves: np.ndarray) -> dict[str, np.ndarray]:
    """Compute quantiles over the seeds, each [K]."""
    return dict(zip(QUANTILES, np.quantile(curves, list(QUANTILES.values()), axis=0), strict=True))


def settling_quantiles(settled: np.ndarray) -> dict[str, float | None]:
    """Compute quantiles over seeds, None for "never".

    Seeds that never settle, NaN, count as the latest.
    """
    times = np.where(np.isnan(settled), np.inf, settled)
    quantiles = np.quantile(times, list(QUANTILES.values()), method="inverted_cdf")
    found = dict(zip(QUANTILES, quantiles, strict=True)) | {"median": np.median(times)}
    return {name: _finite(time) for name, time in found.items()}


def settling_summary(settled: np.ndarray, sweeps: float, pairs: int) -> dict[str, Any]:
    """Compare Q-learning's iterations with sweeps, each over all pairs."""
    iterations = settling_quantiles(settled)
    median = iterations["median"] or np.nan
    return {
        "iterations": iterations,
        "sweeps": _finite(sweeps),
        "ratio": _finite(median / sweeps),  # iterations per sweep
        "ratio_of_updates": _finite(median / (sweeps * pairs)),
    }


def within(tolerance: float) -> str:
    """Return the key of a tolerance's results, such as within_5_percent."""
    return f"within_{100 * tolerance:.9g}_percent".replace(".", "_")


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
