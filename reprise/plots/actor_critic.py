"""Figures of the stage actor_critic: curves by steps, and critics."""

from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.plots import show, variant_panels
from reprise.plots.show import Results
from reprise.plots.variant_panels import spaced


def variants(results: Results) -> Markdown:
    """Show what each variant changes."""
    rows = [
        (spaced(name), ", ".join(f"`{key}` {value}" for key, value in changes.items()) or "nothing")
        for name, changes in results.params["variants"].items()
    ]
    return show.table(rows, ("variant", "change"))


def learning_curves(results: Results) -> Figure:
    """Draw training returns by environment steps, a panel each."""
    curves, base = variant_panels.curves_of(results), results.params["baseline"]
    thousands = {name: curve.set_index(curve.index / 1000) for name, curve in curves.items()}
    panels = {spaced(name): {"median": curve} for name, curve in thousands.items()}
    labels = ("environment steps (thousands)", "mean return")
    reference = (spaced(base), thousands[base])
    return variant_panels.small_multiples(results, panels, reference, labels)


def foresight(results: Results) -> Figure:
    """Draw how well critics' values go with returns, by seed."""
    labels = ("rank correlation", "The critic's value and the return that follows")
    return variant_panels.against_baseline(results, "foresight", *labels)
