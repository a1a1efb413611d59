"""What tests ask of figures."""

import io
from collections.abc import Callable

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text


def drawn(*figures: Callable[[], Figure]) -> pytest.MarkDecorator:
    """Return the mark of a test that takes each of some functions that draw."""
    return pytest.mark.parametrize("draw", figures, ids=lambda draw: draw.__name__)


def png(figure: Figure) -> bytes:
    """Return a figure as a picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def texts(figure: Figure) -> str:
    """Return what is written in a figure, line by line."""
    found = figure.findobj(Text)
    return "\n".join(text.get_text() for text in found if isinstance(text, Text))


def leaves_no_trace(draw: Callable[[], Figure]) -> bool:
    """Whether a figure is the same bytes when drawn again, and not left open."""
    before = plt.get_fignums()
    return png(draw()) == png(draw()) and plt.get_fignums() == before
