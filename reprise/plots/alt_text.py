"""Alternative texts of figures, for screen readers."""

import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from matplotlib.figure import Figure

MOST = 16  # labels to name; of further ones only the number


def described(figure: Figure) -> str:
    """Describe a figure: titles, axes, labels, note."""
    titles, drawn, labels = [], [], []
    for axes in figure.axes:
        titles += [axes.get_title(loc=place) for place in ("left", "center", "right")]
        x, y = axes.get_xlabel(), axes.get_ylabel()
        drawn.append(f"{y} against {x}" if x and y else x or y)
        legend = axes.get_legend()
        texts = [*axes.texts, *(legend.get_texts() if legend else [])]
        texts += [*axes.get_yticklabels(), *axes.get_xticklabels()]
        labels += [text.get_text() for text in texts if text.get_visible()]
    titles, drawn, labels = map(_distinct, (titles, drawn, labels))
    drawn = [one for one in drawn if not any(axis.endswith(f" against {one}") for axis in drawn)]
    labels = [label for label in labels if label not in titles]
    notes = _distinct(text.get_text() for text in figure.texts)
    parts = [_cut(titles), _cut(drawn), f"Labels: {_cut(labels)}" if labels else "", *notes]
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def show_with_figures() -> None:
    """Give each figure in a notebook its `alt` text."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    formatter = shell and shell.display_formatter.formatters["image/png"]
    if formatter and Figure in formatter:
        draw = formatter.for_type(Figure)
        if getattr(draw, "func", None) is not _with_text:
            formatter.for_type(Figure, partial(_with_text, draw))


def _with_text(draw: Callable[[Figure], Any], figure: Figure) -> tuple[Any, dict[str, str]]:
    return draw(figure), {"alt": described(figure)}


def _distinct(texts: Iterable[str]) -> list[str]:
    """Keep each text that holds a word, once."""
    lines = dict.fromkeys(" ".join(text.split()) for text in texts)
    return [line for line in lines if re.search(r"[^\W\d_]{2}", re.sub(r"\\math\w+|\$", "", line))]


def _cut(texts: list[str]) -> str:
    more = [f"and {len(texts) - MOST} more"] if len(texts) > MOST else []
    return "; ".join([*texts[:MOST], *more])
