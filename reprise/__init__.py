"""A reinforcement-learning chapter as code: its algorithms, and what their results are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprise.library import load_lane, train

__all__ = ["load_lane", "train"]


def __getattr__(name: str) -> Any:
    """Return what the library offers when it is asked for: loading it takes TensorFlow's time."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from reprise import library

    return getattr(library, name)
