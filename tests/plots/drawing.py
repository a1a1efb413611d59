"""What tests ask of figures."""

import io
from collections.abc import Callable

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(figure: Figure) -> str:
    """Return what is written in a figure, line by line."""
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def leaves_no_trace(draw: Callable[[], Figure]) -> bool:
    """Whether a figure is the same bytes when drawn again, and not left open."""
    before, pictures = plt.get_fignums(), [io.BytesIO(), io.BytesIO()]
    for picture in pictures:
        draw().savefig(picture, format="png")
    return pictures[0].getvalue() == pictures[1].getvalue() and plt.get_fignums() == before
