"""Lets `dvc plots` make pages that need no network.

DVC's own page loads Vega from a server. This one holds it: `make venv` writes it to
.reprise/plots.html and names it in .dvc/config.local, which git ignores.

Used as `python -m reprise.site.offline_plots`, from the repository's root.
"""

import sys
from pathlib import Path
from typing import Any

from reprise.errors import PlainError
from reprise.pipeline import artifacts
from reprise.site import verify

PAGE = Path(".reprise/plots.html")
FROM_DVC = f"../{PAGE.as_posix()}"  # DVC takes it from its own folder

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


def page() -> str:
    """Return the page for DVC's plots, with Vega in it."""
    import vl_convert  # here, as it is large

    versions = [v for v in vl_convert.get_vegalite_versions() if v.startswith("5.")]  # as DVC's
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=versions[-1])
    return HTML.replace("VEGA", script.replace("</script", "<\\/script"))


def configure(root: Path) -> None:
    """Let DVC use the page unless the user chose another."""
    from dvc.config import Config

    local: Any
    with Config(str(root / ".dvc")).edit("local") as local:
        local.setdefault("plots", {}).setdefault("html_template", FROM_DVC)


def main() -> int:
    """Write the page and return the exit code."""
    try:
        verify.require_root()
        artifacts.write(PAGE, page().encode())
        configure(Path.cwd())
    except PlainError as error:
        print(f"offline_plots: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
