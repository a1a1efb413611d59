"""Records what the first two calls of each compiled program take.

Python imports a module of this name when it starts, from a folder on PYTHONPATH: in every stage and
in every worker. The first call traces and compiles, the second only runs. Each is a line of JSON
in the file that FIRST_CALLS names.
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
            module.compiled = lambda *given, **options: recorded(tf, compiled(*given, **options))

        spec.loader.exec_module = exec_module
        return spec


def recorded(tf: Any, program: Callable, flat: bool = False) -> Callable:
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
        cpu, start = time.process_time(), time.perf_counter()
        result = program(*arguments)
        took = {"cpu": time.process_time() - cpu, "seconds": time.perf_counter() - start}
        who = {"stage": os.environ.get("DVC_STAGE", ""), "process": os.getpid(), "program": number}
        with open(os.environ["FIRST_CALLS"], "a") as lines:  # noqa: PTH123
            print(json.dumps(who | took), file=lines, flush=True)
        return recorded(tf, result, flat=True) if callable(result) else result

    return call


if "FIRST_CALLS" in os.environ:
    sys.meta_path.insert(0, Finder())
