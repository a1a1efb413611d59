"""Settings of hyperparameters: a grid, or part of it.

The runs of a pack share a program. Hyperparameters that are inputs of the program may differ
between its runs; others (sizes, activations) need another program and so other packs.

Source: Bergstra and Bengio (2012), Random search for hyper-parameter optimization.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from reprise.hyperparameters import Frozen, check_choice

F = TypeVar("F", bound=Frozen)
MOST = 100_000  # settings in a grid


class Setting(NamedTuple, Generic[F]):
    """One setting of a study."""

    number: int  # its place in the grid
    values: Mapping[str, Any]
    hyperparameters: F

    @property
    def name(self) -> str:
        """Its values in words, which name its random streams."""
        return " ".join(f"{key}={value}" for key, value in self.values.items())

    @property
    def shown(self) -> dict[str, Any]:
        """Its values as a table's cells, lists as text."""
        return {key: str(v) if isinstance(v, list) else v for key, v in self.values.items()}


def grid(base: Frozen, algorithm: type[F], values: Mapping[str, Sequence[Any]]) -> list[Setting[F]]:
    """Combine all values; those of the last key vary fastest.

    Values replace fields of `base` and take their types: 1 becomes 1.0 in a field for floats. A
    ValueError names an unknown key or a combination that is not allowed.

    >>> class Walk(Frozen):
    ...     steps: int
    ...     stride: float
    >>> [setting.name for setting in grid(Walk(steps=1, stride=0.5), Walk, {"steps": [2, 3]})]
    ['steps=2', 'steps=3']
    """
    for key in values:
        check_choice("the hyperparameter", key, algorithm.model_fields)
    if (size := math.prod(map(len, values.values()))) > MOST:
        raise ValueError(f"the grid has {size:,} settings; allowed: at most {MOST:,}")
    found = []
    for number, chosen in enumerate(itertools.product(*values.values())):
        change = dict(zip(values, chosen, strict=True))
        try:
            changed = base.changed(algorithm, change)
        except ValueError as error:
            shown = ", ".join(f"{key} {value}" for key, value in change.items())
            raise ValueError(f"{shown}: {error}") from None
        own = {key: getattr(changed, key) for key in values}
        plain = {key: list(v) if isinstance(v, tuple) else v for key, v in own.items()}
        found.append(Setting(number, plain, changed))
    for key, tried in values.items():
        if len({repr(setting.values[key]) for setting in found}) < len(tried):
            raise ValueError(f"{key} is {list(tried)}; allowed: each value once")
    return found
