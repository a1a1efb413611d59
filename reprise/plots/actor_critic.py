"""Figures of the stage actor_critic: curves by environment steps."""

from matplotlib.figure import Figure

from reprise.plots import variant_panels
from reprise.plots.show import Results
from reprise.plots.variant_panels import spaced


def learning_curves(results: Results) -> Figure:
    """Draw training returns by environment steps, a panel each."""
    curves, base = variant_panels.curves_of(results), results.params["baseline"]
    for curve in curves.values():
        curve.index = curve.index / 1000
    panels = {spaced(name): {"median": curve} for name, curve in curves.items()}
    labels = ("environment steps (thousands)", "mean return")
    return variant_panels.small_multiples(results, panels, (base, curves[base]), labels)


def foresight(results: Results) -> Figure:
    """Draw how well critics' values go with returns, by seed."""
    labels = ("rank correlation", "The critic's value and the return that follows")
    return variant_panels.against_baseline(results, "foresight", *labels)
