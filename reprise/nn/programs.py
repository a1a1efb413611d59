"""Compiled programs, with the same names in every process.

TensorFlow's persistent cache finds a compiled program by its content, which includes the names of
its functions. TensorFlow numbers these by one counter for the whole process, so a program's names
would depend on the programs traced before it. Here each program counts from a number of its own. If
this ever fails, programs are compiled again; results cannot change.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import count
from typing import Any, TypeVar

from reprise.nn.determinism import tf

T = TypeVar("T", bound=Any)  # a NamedTuple of tensors
_traced = Counter[str]()  # how often this process traced each program


def compiled(
    function: Callable[..., Any], *, jit_compile: bool = True, flat: bool = False
) -> Callable[..., Any]:
    """Compile a function of tensors.

    If the function is a partial, the `repr` of its arguments must identify the program. Without
    `jit_compile` the result is a graph, which is compiled only as a part of other programs. With
    `flat` a call computes nothing: it returns the program for tensors like its arguments, which
    takes and returns flat lists.
    """
    names: Any = importlib.import_module("tensorflow.python.framework.ops")
    inner, fixed = getattr(function, "func", function), getattr(function, "keywords", {})

    def traced(*arguments: Any) -> Any:
        shapes = [(tensor.shape, tensor.dtype) for tensor in tf.nest.flatten(arguments)]
        key = f"{inner.__module__}.{inner.__qualname__} {fixed} {shapes}"
        _traced[key] += 1
        digest = hashlib.sha256(f"{key} {_traced[key]}".encode()).digest()
        names.uid = count(int.from_bytes(digest[:7], "big") + 2**40).__next__
        return function(*arguments)

    program = tf.function(traced, jit_compile=jit_compile, autograph=False)

    def call(*arguments: Any) -> Any:
        before = names.uid
        try:
            if flat:
                return program.get_concrete_function(*arguments).inference_fn.call_preflattened
            return program(*arguments)
        finally:
            names.uid = before

    return call


@cache
def of(training: Callable, env: Any, s: Any, **others: int) -> Callable:
    """Compile a training as the environment needs it."""
    return env.program(partial(training, env=env, s=s, **others))


def in_blocks(program: Callable, block: int | None, *arguments: Any) -> Any:
    """Run a program for up to `block` seeds at once.

    The arguments are tensors [.., N]. In blocks, networks and replay buffers fit into a processor's
    cache. The last block is filled up with the first seeds.
    """
    seeds = tf.nest.flatten(arguments)[0].shape[-1]
    if block is None or seeds <= block:
        return program(*arguments)
    count = -(-seeds // block)
    size = min(block, -(-seeds // (8 * count)) * 8)  # equal blocks, a multiple of eight seeds
    places = tf.range(count * size) % seeds
    parts = [
        program(*tf.nest.map_structure(partial(tf.gather, indices=here, axis=-1), arguments))
        for here in tf.unstack(tf.reshape(places, [-1, size]))
    ]
    return tf.nest.map_structure(lambda *each: tf.concat(each, -1)[..., :seeds], *parts)


def numbers(kind: type[T], each: Sequence[Any], choices: Mapping[str, Sequence[str]]) -> T:
    """Turn the seeds' hyperparameters into a program's numbers [N].

    A word becomes its place among the choices, and None (no limit) becomes infinity.
    """

    def column(name: str) -> tf.Tensor:
        values = [getattr(h, name) for h in each]
        values = [math.inf if value is None else value for value in values]
        if name in choices:
            values = [choices[name].index(value) for value in values]
        return tf.constant(values, tf.int32 if isinstance(values[0], int) else tf.float32)

    return kind(*map(column, kind._fields))


def chosen(place: Any, choices: Sequence[str], values: Mapping[str, Any]) -> Any:
    """Select each seed's value, by its choice's place [N]."""
    value = values[choices[0]]
    for number, choice in enumerate(choices[1:], start=1):
        value = tf.where(place == number, values[choice], value)
    return value


def recorder(length: int, fields: Iterable[tuple[Any, Sequence[int]]]) -> list[tf.TensorArray]:
    """Return arrays for a loop's values, by type and shape."""
    return [tf.TensorArray(dtype, length, element_shape=shape) for dtype, shape in fields]


def record(memory: Iterable, place: tf.Tensor, values: Iterable[tf.Tensor]) -> list:
    """Write one value into each array, at a place."""
    return [array.write(place, value) for array, value in zip(memory, values, strict=True)]
