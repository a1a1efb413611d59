"""Text alternatives of figures: titles, axes, labels and note in one text."""

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

MOST = 16  # labels that are named; of more, only their number


def described(figure: Figure) -> str:
    """Return a figure in words: what it is about, what it draws, what its marks mean."""
    panels = figure.axes
    titles = _distinct(title for axes in panels for title in _titles(axes))
    drawn = _distinct(axis for axes in panels if (axis := _axes(axes)))
    drawn = [
        axis for axis in drawn if not any(other.endswith(f" against {axis}") for other in drawn)
    ]
    labels = _distinct(label for axes in panels for label in _labels(axes) if _says(label))
    labels = [label for label in labels if label not in titles]
    notes = _distinct(text.get_text() for text in _outside(figure) if _says(text.get_text()))
    told = [_cut(titles), _cut(drawn), f"Labels: {_cut(labels)}" if labels else "", *notes]
    return " ".join(f"{text.rstrip('.')}." for part in told if (text := " ".join(part.split())))


def show_with_figures() -> None:
    """Give the text to whatever shows a figure in a notebook, as `alt` in the output's metadata."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    formatter = shell and shell.display_formatter.formatters["image/png"]
    if not formatter or Figure not in formatter:
        return
    drawn = formatter.for_type(Figure)
    if not isinstance(drawn, _Described):
        formatter.for_type(Figure, _Described(drawn))


class _Described(NamedTuple):
    """A way to show a figure together with its text."""

    drawn: Callable[[Figure], Any]

    def __call__(self, figure: Figure) -> tuple[Any, dict[str, str]]:
        return self.drawn(figure), {"alt": described(figure)}


def _titles(axes: Axes) -> list[str]:
    return [title for place in ("left", "center", "right") if (title := axes.get_title(loc=place))]


def _axes(axes: Axes) -> str:
    x, y = axes.get_xlabel(), axes.get_ylabel()
    return f"{y} against {x}" if x and y else x or y


def _labels(axes: Axes) -> list[str]:
    """Return the words in a panel: at lines, in its legend, along an axis of names."""
    legend = axes.get_legend()
    texts = [*axes.texts, *(legend.get_texts() if legend else [])]
    ticks = [*axes.get_yticklabels(), *axes.get_xticklabels()]
    return [text.get_text() for text in [*texts, *ticks] if text.get_visible()]


def _outside(figure: Figure) -> list[Text]:
    """Return the texts that belong to no panel: notes and common labels."""
    return [text for text in figure.get_children() if isinstance(text, Text)]


def _says(label: str) -> bool:
    """Return whether a label has words, not only numbers."""
    return bool(re.search(r"[^\W\d_]{2}", re.sub(r"\\math\w+|\$", "", label)))


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(" ".join(text.split()) for text in texts))


def _cut(texts: list[str]) -> str:
    more = [f"and {len(texts) - MOST} more"] if len(texts) > MOST else []
    return "; ".join([*texts[:MOST], *more])
