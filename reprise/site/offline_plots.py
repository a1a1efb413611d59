"""Lets `dvc plots` make pages that need no network.

DVC's own page loads Vega from a server. This one holds it: `make venv` writes it to
.reprise/plots.html and names it in .dvc/config.local, which git ignores.
"""

from pathlib import Path
from typing import Any

from dvc.config import Config

from reprise.pipeline import artifacts
from reprise.site import charts

PAGE = Path(".reprise/plots.html")

# Names in braces are DVC's. It needs no `scripts`, where it would put a server's.
HTML = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
{refresh_tag}
<title>Plots</title>
<style>body { font: 14px sans-serif; } table { border-spacing: 15px; }</style>
<script>VEGA</script>
{plot_divs}
</html>
"""

if __name__ == "__main__":
    artifacts.write(PAGE, HTML.replace("VEGA", charts.vega("5.")).encode())  # as DVC's
    local: Any
    with Config(".dvc").edit("local") as local:  # a page of the user's own stays
        local.setdefault("plots", {}).setdefault("html_template", f"../{PAGE}")  # from .dvc/
