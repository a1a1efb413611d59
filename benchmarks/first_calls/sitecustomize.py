"""Records what the first two calls of each compiled program take.

Python imports a module of this name when it starts, from a folder on PYTHONPATH: in every stage and
in every worker. The first call traces and compiles, the second only runs. Each is a line of JSON
in the file that FIRST_CALLS names: its seconds by two clocks, and those of tracing.
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

PROGRAMS = "reprise.nn.programs"  # all that trains or acts is compiled by its `compiled`
numbers = count()


class Finder(MetaPathFinder):
    """Lets `compiled` return programs that record, as soon as its module is imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return the module's own spec, with more to do after its import."""
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
    """Seconds of the processor and of the wall since it was made."""

    def __init__(self) -> None:
        self.start = time.process_time(), time.perf_counter()

    def taken(self) -> tuple[float, float]:
        """Return both."""
        return time.process_time() - self.start[0], time.perf_counter() - self.start[1]


class Traced:
    """A function that TensorFlow calls to trace it; `compiled` reads what a partial has."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.func = getattr(function, "func", function)
        self.keywords = getattr(function, "keywords", {})
        self.taken = 0.0, 0.0

    def __call__(self, *arguments: Any) -> Any:
        """Trace, and take the time."""
        clock = Clock()
        result = self.function(*arguments)
        self.taken = clock.taken()
        return result


def recorded(tf: Any, traced: Traced, program: Callable, flat: bool = False) -> Callable:
    """Return a program that records its calls with arguments of each shape.

    A flat one takes one shape only, and is called often.
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
