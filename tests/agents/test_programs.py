"""Compiled programs hold no operation of the processor's choice.

A processor computes a dot product in its fastest way, x / sqrt(y) becomes an approximate
reciprocal, and a random operation draws from a global state. All of them show in the programs,
however the code calls them: these tests read every program that a stage compiles.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from reprise.nn.determinism import tf
from reprise.nn.programs import in_blocks
from tests import tiny
from tests.cpus import hashes

STAGES = [
    "hardcoded_baseline", "reinforce_training", "actor_critic", "prior_knowledge",
    "partial_observability", "dqn_ablations", "lunar_lander",
]  # fmt: skip
UNCOMPILED = ["hardcoded_baseline", "lunar_lander"]  # no training, and one in a graph
OPTIMISED = ["reinforce_training", "dqn_ablations"]  # one of each algorithm: it takes seconds

INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%?\S+ = (?:\(.*?\)|\S+) ([a-z][a-z0-9-]*)\(", re.MULTILINE)
UNWANTED = {
    "dot", "convolution", "ragged-dot", "rng", "rng-bit-generator", "rng-get-and-update-state"
}  # fmt: skip
IN_GRAPH = re.compile(
    r".*MatMul.*|Einsum|.*Conv\dD.*|.*Dot.*|Cross"
    r"|(?!Stateless).*(Random|Multinomial|Normal|RngBit|Shuffle).*"
)
Program = tuple[Any, tuple]


@cache
def programs(stage: str) -> list[Program]:
    """Return a stage's programs and their first arguments."""
    found: dict[int, Program] = {}
    kind = type(tf.function(lambda: None))
    call, prepare = kind.__call__, kind.get_concrete_function

    def remembered(program: Any, *arguments: Any) -> Any:
        # Else it is part of another program, and read with that.
        if tf.executing_eagerly() and program._jit_compile:
            found.setdefault(id(program), (program, arguments))
        return call(program, *arguments)

    def prepared(program: Any, *arguments: Any) -> Any:
        if tf.executing_eagerly() and program._jit_compile:
            found.setdefault(id(program), (program, arguments))
        return prepare(program, *arguments)

    def two_seeds(name: str) -> dict[str, Any]:
        section = hashes.section(name)
        return section | ({"pack_size": 2} if "pack_size" in section else {})

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("REPRISE_WORKERS", "1")
        monkeypatch.setattr(kind, "__call__", remembered)
        monkeypatch.setattr(kind, "get_concrete_function", prepared)
        tiny.stage(stage).run(tiny.params(stage, two_seeds))
    return list(found.values())


def instructions(program: Any, arguments: tuple, stage: str = "hlo") -> set[str]:
    text = program.experimental_get_compiler_ir(*arguments)(stage=stage)
    return set(INSTRUCTION.findall(text))


def of_graph(program: Any, arguments: tuple) -> set[str]:
    graph = program.get_concrete_function(*arguments).graph.as_graph_def()
    nodes = [*graph.node, *(node for part in graph.library.function for node in part.node_def)]
    return {node.op for node in nodes if IN_GRAPH.fullmatch(node.op)}


@pytest.mark.parametrize("stage", STAGES)
def test_no_program_holds_a_dot_product_or_global_random_numbers(stage: str):
    assert programs(stage)
    assert not set().union(*(of_graph(*program) for program in programs(stage)))
    lowered = [instructions(*program) for program in programs(stage)]
    assert not set().union(*lowered) & UNWANTED
    training = {"sqrt", "divide", "shift-left", "dynamic-update-slice"}
    assert stage in UNCOMPILED or any(training <= found for found in lowered)


@pytest.mark.parametrize("stage", OPTIMISED)
def test_no_program_divides_by_a_bare_root(stage: str):
    found = [instructions(*program, "optimized_hlo") for program in programs(stage)]
    assert "sqrt" in set().union(*found)
    assert "rsqrt" not in set().union(*found)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: x @ x, "MatMul"),
        (lambda x: tf.tensordot(x, x, 1), "MatMul"),
        (lambda x: tf.while_loop(lambda y: True, lambda y: [y @ y], [x], maximum_iterations=3),
         "dot"),
        (lambda x: x + tf.random.uniform([3, 3]), "RandomUniform"),
        (lambda x: x + tf.random.normal([3, 3]), "rng"),
        (lambda x: x + tf.random.stateless_uniform([3, 3], [1, 2]), None),
    ],
)  # fmt: skip
def test_an_unwanted_operation_is_found(function: Callable, name: str | None):
    program = tf.function(function, jit_compile=True, autograph=False), (tf.ones([3, 3]),)
    found = of_graph(*program) | (instructions(*program) & UNWANTED)
    assert name in found if name else not of_graph(*program)


@pytest.mark.parametrize(("epsilon", "bare"), [(0, True), (1e-7, False)])
def test_a_division_by_a_root_is_found(epsilon: float, bare: bool):
    program = tf.function(lambda x: x / (tf.sqrt(x) + epsilon), jit_compile=True, autograph=False)
    assert ("rsqrt" in instructions(program, (tf.ones([3, 3]),), "optimized_hlo")) == bare


def test_the_linter_finds_every_unwanted_call():
    calls = [
        "tf.matmul(a, b)", "tf.einsum('ij,jk', a, b)", "tf.tensordot(a, b, 1)",
        "tf.linalg.matmul(a, b)", "tf.keras.layers.Dense(2)", "tf.random.set_seed(1)",
        "tf.random.uniform([3])", "tf.random.normal([3])", "tf.math.rsqrt(a)",
    ]  # fmt: skip
    lines = ["from reprise.nn.determinism import tf", "", *(f"print({call})" for call in calls)]
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise"]
    done = subprocess.run(
        [*command, "--stdin-filename", "reprise/x.py", "-"], input="\n".join(lines),
        cwd=tiny.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {int(line) for line in re.findall(r":(\d+):\d+: TID251", done.stdout)}
    assert found >= set(range(3, 3 + len(calls))), done.stdout + done.stderr


def test_blocks_of_seeds_give_each_seed_its_own_result():
    def program(keys, rates):
        assert keys.shape == (2, 4)
        return [keys[0] + rates], (2 * rates,)

    keys, rates = tf.reshape(tf.range(20.0), [2, 10]), tf.range(10.0)
    (first,), (second,) = in_blocks(program, 4, keys, rates)
    assert first.numpy().tolist() == [2.0 * n for n in range(10)]
    assert second.numpy().tolist() == [2.0 * n for n in range(10)]
