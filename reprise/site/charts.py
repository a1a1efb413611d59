"""The explorer's charts as Vega-Lite specifications, from charts.yaml."""

from pathlib import Path
from typing import Any

import vl_convert
from ruamel.yaml import YAML

CHARTS = Path(__file__).with_name("templates") / "charts.yaml"


def specs() -> dict[str, dict[str, Any]]:
    """Read all charts by name, as wide as their page."""
    tables = YAML(typ="safe", pure=True).load(CHARTS)
    wide = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
    return {
        name: wide | {"height": height, "layer": [_layer(*layer) for layer in layers]}
        for name, (height, *layers) in tables.items()
        if name != "shared"
    }


def _layer(data: str, mark: Any, encoding: dict[str, Any]) -> dict[str, Any]:
    channels = {
        name: _quantitative(*of) if isinstance(of, list) and name != "tooltip" else of
        for name, of in encoding.items()
    }
    return {"data": {"name": data}, "mark": mark, "encoding": channels}


def _quantitative(field: str, title: str | None, more: Any = ()) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, **dict(more)}


def vega(edition: str = "6.") -> str:
    """Bundle Vega, Vega-Lite and vegaEmbed as one script for HTML.

    `edition` is the version of Vega-Lite, or its beginning.
    """
    version = [v for v in vl_convert.get_vegalite_versions() if v.startswith(edition)][-1]
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return script.replace("</script", "<\\/script")
