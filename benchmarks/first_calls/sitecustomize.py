"""Records the time of the first two calls of each compiled program.

Python imports a module of this name when it starts, from a folder on PYTHONPATH: in every stage and
in every worker. The first call traces and compiles, the second only runs. Each call is a line of
JSON in the file FIRST_CALLS: its seconds by two clocks, and the seconds of tracing.
"""

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from itertools import count
from typing import Any

PROGRAMS = "reprise.nn.programs"  # its `compiled` compiles all training and acting
numbers = count()


class Finder(MetaPathFinder):
    """Replaces `compiled` as soon as its module is imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return the module's spec, which replaces `compiled` after the import."""
        if name != PROGRAMS:
            return None
        sys.meta_path.remove(self)
        spec: Any = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            tf, compiled = module.tf, module.compiled

            def recording(function: Callable, **options: Any) -> Callable:
                traced = Traced(function)
                return recorded(tf, traced, compiled(traced, **options))

            module.compiled = recording

        spec.loader.exec_module = exec_module
        return spec


class Clock:
    """Processor and wall seconds since its creation."""

    def __init__(self) -> None:
        self.start = time.process_time(), time.perf_counter()

    def taken(self) -> tuple[float, float]:
        """Return both."""
        return time.process_time() - self.start[0], time.perf_counter() - self.start[1]


class Traced:
    """A function that times its tracing, with a partial's attributes for `compiled`."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.func = getattr(function, "func", function)
        self.keywords = getattr(function, "keywords", {})
        self.taken = 0.0, 0.0

    def __call__(self, *arguments: Any) -> Any:
        """Trace the function and time it."""
        clock = Clock()
        result = self.function(*arguments)
        self.taken = clock.taken()
        return result


def recorded(tf: Any, traced: Traced, program: Callable, flat: bool = False) -> Callable:
    """Return a program that records its first two calls for each shape of arguments.

    A flat program takes one shape only, and is called often.
    """
    seen: dict[Any, list] = {}

    def call(*arguments: Any) -> Any:
        shapes = "" if flat else str([tensor.shape for tensor in tf.nest.flatten(arguments)])
        number, calls = seen.setdefault(shapes, [next(numbers), 0])
        if calls == 2 or not tf.executing_eagerly():  # within another program
            return program(*arguments)
        seen[shapes][1] += 1
        traced.taken, clock = (0.0, 0.0), Clock()
        result = program(*arguments)
        record = {
            "stage": os.environ.get("DVC_STAGE", ""), "process": os.getpid(), "program": number,
            **dict(zip(("cpu", "seconds"), clock.taken(), strict=True)),
            **dict(zip(("tracing_cpu", "tracing_seconds"), traced.taken, strict=True)),
        }  # fmt: skip
        with open(os.environ["FIRST_CALLS"], "a") as lines:  # noqa: PTH123
            print(json.dumps(record), file=lines, flush=True)
        return recorded(tf, traced, result, flat=True) if callable(result) else result

    return call


if "FIRST_CALLS" in os.environ:
    sys.meta_path.insert(0, Finder())
