"""The explorer's charts as Vega-Lite specifications.

The page's script fills in what a reader chooses: `$name` stands for a value, `var(--name)` for a
colour of the style sheet, and data have names only.
"""

from typing import Any

import vl_convert

Spec = dict[str, Any]

VERDICTS = ["confirmed", "refuted", "unresolved"]
CHOSEN = {"stroke": "var(--ink)", "strokeWidth": 3, "fill": None}
RULE = {"type": "rule", "color": "var(--ink)", "strokeDash": [5, 4]}
SERIES = {"domain": "$names", "range": "$colours"}
LABEL = {"orient": "top", "title": None, "columns": "$columns", "labelLimit": 260}


def axis(field: str, title: str | None, **more: Any) -> Spec:
    """Return a quantitative channel."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def kind(field: str, **more: Any) -> Spec:
    """Return a nominal channel, in the data's order."""
    return {"field": field, "type": "nominal", "sort": None, **more}


def layers(data: str, mark: Any, **encoding: Any) -> Spec:
    """Return a layer that draws named data."""
    return {"data": {"name": data}, "mark": mark, "encoding": encoding}


def chart(height: Any, *parts: Spec, **more: Any) -> Spec:
    """Return layers as wide as the page allows."""
    fit = {"type": "fit-x", "contains": "padding"}
    return {"width": "container", "height": height, "autosize": fit, "layer": parts, **more}


COLOUR = kind("name", scale=SERIES, legend=LABEL)
X = axis("x", "$x")
WHOLE = {"zero": False, "nice": False}
LOGARITHM = {"type": "log", "nice": False}


def curves() -> Spec:
    """Return learning curves: seeds, median, band."""
    y = axis("y", "return (steps with the pole up)", scale={"domain": [0, "$limit"], "clamp": True})
    seed = {"detail": {"field": "seed"}, "x": X, "y": y, "color": COLOUR}
    return chart(
        330,
        layers(
            "band", {"type": "area", "opacity": 0.16}, x=X, y=y, y2={"field": "y2"}, color=COLOUR
        ),
        layers(
            "seeds",
            {"type": "line", "strokeWidth": 0.9, "opacity": 0.2, "cursor": "pointer"},
            **seed,
        ),
        layers(
            "seeds",
            {"type": "line", "strokeWidth": 9, "opacity": 0.001, "cursor": "pointer"},
            **seed,
        ),
        layers(
            "band", {"type": "line", "strokeWidth": 3}, x=X, y=axis("median", None), color=COLOUR
        ),
        layers(
            "followed",
            {"type": "line", "strokeWidth": 4.5, "color": "var(--ink)"},
            **seed | {"color": {"value": "var(--ink)"}},
        ),
        layers("followed", {"type": "line", "strokeWidth": 2}, **seed),
    )


def outcomes() -> Spec:
    """Return seeds' training and greedy returns."""
    reach = {"domain": [0, "$limit"], "nice": False}
    at = {
        "x": axis("last", "return at the end of training (steps)", scale=reach),
        "y": axis("final", "return of the greedy policy (steps)", scale=reach),
    }
    dot = {"type": "point", "filled": True, "size": 45, "opacity": 0.6, "cursor": "pointer"}
    seed = {"tooltip": [{"field": "name"}, {"field": "seed"}, {"field": "final"}]}
    return chart(
        330,
        layers("dots", dot, **at, color=COLOUR | {"legend": None}, **seed),
        layers(
            "chosen", {"type": "point", "size": 190, "strokeWidth": 3, "color": "var(--ink)"}, **at
        ),
    )


def heat() -> Spec:
    """Return mean returns of settings, the chosen one framed."""
    across, up = (kind(name, title=f"${name}", axis={"labelAngle": 0}) for name in "xy")
    ramp = {"domain": [0, "$limit"], "range": ["var(--ramp-low)", "var(--ramp-high)"]}
    colour = axis(
        "mean", "mean return (steps)", scale=ramp, legend={"orient": "top", "gradientLength": 160}
    )
    high = {"test": "datum.mean > $bright", "value": "var(--paper)"}
    said = {
        "text": {"field": "mean", "format": ".0f"},
        "color": {"condition": high, "value": "var(--ink)"},
    }
    return chart(
        250,
        layers("cells", {"type": "rect", "cursor": "pointer"}, x=across, y=up, color=colour),
        layers(
            "cells", {"type": "text", "fontSize": 14, "cursor": "pointer"}, x=across, y=up, **said
        ),
        layers("chosen", {"type": "rect", **CHOSEN}, x=across, y=up),
    )


def spread() -> Spec:
    """Return settings' seeds in order, the chosen one bold."""
    x = axis("x", "seeds with at most this return (%)", scale={"domain": [0, 100]})
    y = axis("y", "return of the greedy policy (steps)", scale={"domain": [0, "$limit"]})
    faint = {"type": "line", "opacity": 0.35, "strokeWidth": 1, "color": "var(--edge)"}
    bold = {"type": "line", "strokeWidth": 3, "color": "var(--series-1)"}
    return chart(
        250,
        layers("others", faint, x=x, y=y, detail={"field": "setting"}),
        layers("seeds", bold, x=x, y=y),
    )


def few() -> Spec:
    """Return how often few seeds mislead, by their number."""
    x = axis("x", "seeds of each setting", scale={"type": "log"}, axis={"values": "$few"})
    y = axis("y", "wrong orders (%)", scale={"domain": [0, 50]})
    faint = {"type": "line", "opacity": 0.35, "strokeWidth": 1, "color": "var(--edge)"}
    bold = {"type": "line", "strokeWidth": 3, "color": "var(--series-1)", "point": {"size": 60}}
    return chart(
        250,
        layers("others", faint, x=x, y=y, detail={"field": "setting"}),
        layers("seeds", bold, x=x, y=y),
        layers(
            "chosen",
            {"type": "point", "size": 220, "strokeWidth": 3, "color": "var(--ink)"},
            x=x,
            y=y,
        ),
    )


def actions() -> Spec:
    """Return a state's Q-values over the discount."""
    x = axis("x", "discount γ", scale=WHOLE)
    y = axis("y", "Q*(s, a) (expected return, symmetric logarithm)", scale={"type": "symlog"})
    return chart(
        280,
        layers("curves", {"type": "line", "strokeWidth": 3}, x=x, y=y, color=COLOUR),
        layers("now", RULE, x=x),
        layers("points", {"type": "point", "filled": True, "size": 90}, x=x, y=y, color=COLOUR),
    )


def bars() -> Spec:
    """Return all Q-values at one discount, best actions coloured."""
    best = {
        "condition": {"test": "datum.best", "value": "var(--series-1)"},
        "value": "var(--faint)",
    }
    x = axis("q", "Q*(s, a) (expected return)", scale={"domain": "$reach"})
    y = kind("pair", title="state and action")
    said = {"text": {"field": "label"}, "color": {"value": "var(--ink)"}}
    return chart(
        280,
        layers("bars", {"type": "bar", "cornerRadiusEnd": 3}, x=x, y=y, color=best),
        layers("bars", {"type": "text", "align": "left", "dx": 5}, x=x, y=y, **said),
    )


def fields() -> Spec:
    """Return values and greedy actions of a grid."""
    across = kind("column", title="column", sort="ascending", axis={"labelAngle": 0})
    up = kind("row", title="row", sort="ascending")
    ramp = {"domain": "$reach", "range": ["var(--ramp-low)", "var(--ramp-high)"]}
    colour = axis(
        "value", "value V(s)", scale=ramp, legend={"orient": "top", "gradientLength": 160}
    )
    high = {"test": "datum.value > $bright", "value": "var(--paper)"}
    said = {"text": {"field": "arrow"}, "color": {"condition": high, "value": "var(--ink)"}}
    field = [{"field": "value", "format": ".3f"}, {"field": "arrow"}]
    return chart(
        "$height",
        layers(
            "fields",
            {"type": "rect", "strokeWidth": 1, "stroke": "var(--paper)"},
            x=across,
            y=up,
            color=colour,
            tooltip=field,
        ),
        layers("fields", {"type": "text", "fontSize": 18}, x=across, y=up, **said),
    )


def errors() -> Spec:
    """Return the largest error and the wrong actions over sweeps."""
    x = axis("x", "sweeps")
    error = axis("error", "largest error of a value", scale={"zero": True})
    return chart(
        "$height",
        layers(
            "sweeps", {"type": "line", "strokeWidth": 3, "color": "var(--series-1)"}, x=x, y=error
        ),
        layers("now", RULE, x=x),
        layers(
            "now",
            {"type": "point", "filled": True, "size": 110, "color": "var(--series-1)"},
            x=x,
            y=error,
        ),
    )


def over_steps(title: str, scale: Spec) -> Spec:
    """Return a measure over steps: median and band."""
    x = axis(
        "x",
        "environment steps (logarithmic)",
        scale=LOGARITHM,
        axis={"format": "~s", "tickCount": 6},
    )
    y, low = axis("median", title, scale=scale), axis("low", title, scale=scale)
    return chart(
        290,
        layers(
            "rows",
            {"type": "area", "opacity": 0.18},
            x=x,
            y=low,
            y2={"field": "high"},
            color=COLOUR,
        ),
        layers("rows", {"type": "line", "strokeWidth": 3}, x=x, y=y, color=COLOUR),
    )


def strip() -> Spec:
    """Return a claim's seeds, those in use coloured."""
    x = axis("x", "measured value of a seed", scale={"zero": False})
    used = {
        "condition": {"test": "datum.used", "value": "var(--series-1)"},
        "value": "var(--faint)",
    }
    dot = {"type": "point", "filled": True, "size": 34, "opacity": 0.65}
    y = kind("name", title=None, axis={"labelLimit": 150})
    jitter = axis("jitter", None, scale={"domain": [-0.1, 1.1]})
    return chart(
        "$height",
        layers("dots", dot, x=x, y=y, yOffset=jitter, color=used, order={"field": "used"}),
    )


def verdicts() -> Spec:
    """Return a claim's intervals by number of seeds."""
    x = axis(
        "n",
        "first seeds (logarithmic)",
        scale={"type": "log"},
        axis={"format": ",d", "values": "$few"},
    )
    y = axis("estimate", "$y", scale={"zero": False})
    low, high = axis("low", "$y", scale={"zero": False}), {"field": "high"}
    top = {"orient": "top", "title": None}
    colours = [f"var(--{verdict})" for verdict in VERDICTS]
    colour = kind(
        "verdict",
        scale={"domain": VERDICTS, "range": colours},
        legend=top,
    )
    shape = kind(
        "verdict", scale={"domain": VERDICTS, "range": ["circle", "square", "diamond"]}, legend=top
    )
    dot = {"type": "point", "filled": True, "size": 90, "opacity": 1}
    return chart(
        300,
        layers(
            "margins",
            {"type": "rule", "color": "var(--claim-line)", "strokeWidth": 2},
            y=axis("margin", None),
        ),
        layers(
            "answers",
            {"type": "rule", "strokeWidth": 3, "cursor": "pointer"},
            x=x,
            y=low,
            y2=high,
            color=colour,
        ),
        layers("answers", dot, x=x, y=y, color=colour, shape=shape),
        layers(
            "now", {"type": "point", "size": 280, "strokeWidth": 3, "color": "var(--ink)"}, x=x, y=y
        ),
    )


def specs() -> dict[str, Spec]:
    """Return all charts by name."""
    makers = (curves, outcomes, heat, spread, few, actions, bars, fields, errors, strip, verdicts)
    tried = over_steps("pairs of state and action tried (%)", {"domain": [0, 100]})
    lost = over_steps("value lost by the greedy policy", {"zero": True})
    return {make.__name__: make() for make in makers} | {"coverage": tried, "loss": lost}


def vega(edition: str = "6.") -> str:
    """Return Vega, Vega-Lite and vegaEmbed as one script for HTML.

    The edition is Vega-Lite's.
    """
    version = [v for v in vl_convert.get_vegalite_versions() if v.startswith(edition)][-1]
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return script.replace("</script", "<\\/script")
