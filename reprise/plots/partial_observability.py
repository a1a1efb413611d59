"""Figures of the stage partial_observability: what each variant sees, and how it learns."""

from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results

UNITS = {"position": "m", "velocity": "m/s", "angle": "rad", "angular_velocity": "rad/s"}


def sights(results: Results) -> Markdown:
    """Show what each variant sees."""
    rows = []
    for name, seen in results.params["variants"].items():
        cells = [
            "hidden" if feature not in seen["features"]
            else f"± {results.params['noise'][feature]:g} {unit}" if seen["noisy"]
            else "exact"
            for feature, unit in UNITS.items()
        ]  # fmt: skip
        way = "as rates" if seen["rates"] else "as they are"
        memory = f"the last {seen['history']}, {way}" if seen["history"] > 1 else "the latest"
        inputs = len(seen["features"]) * seen["history"]
        rows.append((variant_panels.spaced(name), *cells, memory, inputs))
    heads = map(variant_panels.spaced, UNITS)
    return show.table(rows, ("variant", *heads, "measurements", "inputs"))


def learning_curves(results: Results) -> Figure:
    """Draw the variants' learning curves, exact and noisy measurements apart."""
    curves, panels = variant_panels.curves_of(results), {}
    for name, seen in results.params["variants"].items():
        title = "noisy measurements" if seen["noisy"] else "exact measurements"
        panels.setdefault(title, {})[variant_panels.spaced(name)] = curves[name]
    base = results.params["baseline"]
    return variant_panels.small_multiples(
        panels, (variant_panels.spaced(base), curves[base]), x_label="iteration",
        y_label="mean return",
        top=figures.Label(results.params["maximum_steps"], "maximum", style.GREY),
    )  # fmt: skip


def memories(results: Results) -> Markdown:
    """Show what is lost without sight, and what a memory gives back."""
    variants, base, pairs = results.params["variants"], results.params["baseline"], {}
    for one, seen in variants.items():
        if seen["history"] == 1 and one != base:
            pairs[f"{one} against {base}"] = (one, base)
        for other, less in variants.items():
            alike = all(seen[key] == less[key] for key in ("features", "noisy"))
            memory = seen["history"] > less["history"] == 1
            way = seen["history"] == less["history"] and seen["rates"] > less["rates"]
            if alike and (memory or way):
                pairs[f"{one} against {other}"] = (one, other)
    named = {variant_panels.spaced(title): pair for title, pair in pairs.items()}
    return variant_panels.pairs_table(results, named)
