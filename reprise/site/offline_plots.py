"""Let `dvc plots` write pages that need no network.

DVC's own page loads Vega from a server. This one holds it. `make venv` writes it to
.reprise/plots.html and names it in .dvc/config.local, which git ignores.
"""

from pathlib import Path
from typing import Any

from dvc.config import Config
from dvc_render.html import PAGE_HTML

from reprise.pipeline import artifacts
from reprise.site import charts

PAGE = Path(".reprise/plots.html")

if __name__ == "__main__":
    scripts = f'<meta charset="utf-8"><script>{charts.vega("5.")}</script>'  # as DVC's
    artifacts.write(PAGE, PAGE_HTML.replace("{scripts}", scripts).encode())
    local: Any
    with Config(".dvc").edit("local") as local:  # a page of the user's own stays
        local.setdefault("plots", {}).setdefault("html_template", f"../{PAGE}")  # from .dvc/
