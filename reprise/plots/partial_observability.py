"""Figures and tables of the stage partial_observability."""

from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.plots import show, variant_panels
from reprise.plots.show import Results
from reprise.plots.variant_panels import spaced

UNITS = {"position": "m", "velocity": "m/s", "angle": "rad", "angular_velocity": "rad/s"}


def sights(results: Results) -> Markdown:
    """Show what each variant observes."""
    rows, noise = [], results.params["noise"]
    for name, seen in results.params["variants"].items():
        exact = {
            key: f"± {noise[key]:g} {unit}" if seen["noisy"] else "exact"
            for key, unit in UNITS.items()
        }
        cells = [cell if key in seen["features"] else "hidden" for key, cell in exact.items()]
        way = "as rates" if seen["rates"] else "as they are"
        memory = f"the last {seen['history']}, {way}" if seen["history"] > 1 else "the latest"
        rows.append((spaced(name), *cells, memory, len(seen["features"]) * seen["history"]))
    return show.table(rows, ("variant", *map(spaced, UNITS), "measurements", "inputs"))


def learning_curves(results: Results) -> Figure | None:
    """Draw learning curves with exact and with noisy measurements."""
    panels: dict[str, dict[str, str]] = {}
    for name, seen in results.params["variants"].items():
        title = "noisy measurements" if seen["noisy"] else "exact measurements"
        panels.setdefault(title, {})[spaced(name)] = name
    return variant_panels.learning_curves(results, panels)


def memories(results: Results) -> Markdown:
    """Compare pairs of variants that differ in sight or memory."""
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
    return variant_panels.pairs_table(results, pairs)
