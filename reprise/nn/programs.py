"""Compiled programs with the same names in every process.

TensorFlow's persistent cache finds a compiled program by its content, and that includes the names
of its functions. TensorFlow numbers them by one counter for the whole process, so the same program
has other names where another one was traced before. Here each program counts from a number of its
own. If this ever fails, programs are compiled again; results cannot change.
"""

from __future__ import annotations

import hashlib
import importlib
from collections import Counter
from collections.abc import Callable
from functools import wraps
from itertools import count
from typing import Any

from reprise.nn.determinism import tf

_traced = Counter[str]()  # programs of this process


def compiled(function: Callable[..., Any], *, jit_compile: bool = True) -> Callable[..., Any]:
    """Return a function as a compiled program.

    Args:
        function: of tensors. If it is a partial, its arguments decide the program, and their
            `repr` shows all of them.
        jit_compile: false for a graph that is only compiled as a part of programs.
    """
    names: Any = importlib.import_module("tensorflow.python.framework.ops")

    def traced(*arguments: Any) -> Any:
        names.uid = count(_first_number(function, arguments)).__next__
        return function(*arguments)

    program = tf.function(traced, jit_compile=jit_compile, autograph=False)

    @wraps(traced)
    def call(*arguments: Any) -> Any:
        before = names.uid
        try:
            return program(*arguments)
        finally:
            names.uid = before

    return call


def _first_number(function: Callable[..., Any], arguments: Any) -> int:
    """Return a large number that the function, its settings and its arguments' shapes decide."""
    inner = getattr(function, "func", function)
    fixed = getattr(function, "args", ()), getattr(function, "keywords", {})
    shapes = [(tensor.shape, tensor.dtype) for tensor in tf.nest.flatten(arguments)]
    key = f"{inner.__module__}.{inner.__qualname__} {fixed} {shapes}"
    _traced[key] += 1
    digest = hashlib.sha256(f"{key} {_traced[key]}".encode()).digest()
    return int.from_bytes(digest[:7], "big") + 2**40
