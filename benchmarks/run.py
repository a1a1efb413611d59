"""Runs the benchmarks and writes benchmarks/results.md: every measurement, and what it promises.

    python -m benchmarks.run [NAME ...]

Without a name, all of them. With names, the other sections stay as they are, if they are of the
same machine. Exit codes: 0 every promise that was measured holds; 1 one does not, or a benchmark
failed; 2 unknown name.
"""

import contextlib
import importlib
import os
import platform
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks import scaling
from benchmarks.spread import Spread, number
from reprise.errors import PlainError, UserError, closest

RESULTS = Path(__file__).with_name("results.md")
NAMES = (
    "mdp_solvers", "q_learning", "training", "chapter", "adapter", "scaling", "pipeline",
    "stable_baselines",  # the last: what it needs may not be there
)  # fmt: skip
LIBRARIES = ("tensorflow", "keras", "numpy", "numba", "scipy", "gymnasium", "quantecon", "dvc")
TITLE = (
    "# Measurements\n\n`make benchmark` writes this file. A promise is judged by the median. The "
    "intervals are of the\ngeometric mean over the repeats, by Student's t of the logarithms."
)


class Promise(NamedTuple):
    """What a measurement must be."""

    measurement: str
    words: str
    bound: Literal["at least", "at most", "below"]
    limit: float

    def holds(self, value: float) -> bool:
        """Return whether a value keeps the promise."""
        match self.bound:
            case "at least":
                return value >= self.limit
            case "at most":
                return value <= self.limit
            case "below":
                return value < self.limit

    def __str__(self) -> str:
        return f"{self.words} {self.bound} {number(self.limit)}"


PROMISES: dict[str, tuple[Promise, ...]] = {
    "mdp_solvers": (
        Promise("solve_ratio", "seconds to solve a million states / QuantEcon's", "at most", 1.0),
        Promise("peak_gigabytes", "peak memory of a million states, GB,", "below", 3.0),
    ),
    "q_learning": (
        Promise("updates_per_second", "updates a second on one core", "at least", 20e6),
        Promise(
            "slowest_behaviour_updates_per_second",
            "updates a second by the slowest behaviour",
            "at least",
            10e6,
        ),
    ),
    "training": (
        Promise("reinforce_ratio", "REINFORCE, steps a second / the yardstick's", "at least", 1.0),
        Promise("dqn_ratio", "DQN, steps a second / the yardstick's", "at least", 1.0),
    ),
    "chapter": (
        Promise(
            "reinforce_ratio_at_1_seed", "one seed of REINFORCE / plain eager's", "at least", 1
        ),
        Promise("dqn_ratio_at_1_seed", "one seed of the DQN / plain eager's", "at least", 1),
    ),
    "adapter": (
        Promise(
            "lowest_ratio",
            "steps a second in any environment / gymnasium.make_vec's",
            "at least",
            0.5,
        ),
    ),
    "scaling": (
        Promise(
            "processes_efficiency_of_two_workers_for_further_packs",
            "efficiency of two workers against one, for a further pack,",
            "at least",
            0.7,
        ),
    ),
    "pipeline": (
        Promise("peak_gigabytes", "peak memory of any stage, GB,", "below", 4.0),
        Promise("cold_seconds", "seconds of a cold `dvc repro --force`", "at most", 300.0),
        Promise(
            "cold_seconds_without_ablations_and_study",
            "the same without dqn_ablations and hyperparameter_study",
            "at most",
            300.0,
        ),
        Promise("no_op_seconds", "seconds of a `dvc repro` with nothing to do", "at most", 2.0),
    ),
    "stable_baselines": (
        Promise("reinforce_ratio_at_1_seed", "one seed of REINFORCE / its A2C's", "at least", 1),
        Promise("dqn_ratio_at_1_seed", "one seed of the DQN / its DQN's", "at least", 1),
    ),
}


def machine() -> str:
    """Return the section that names what was measured on."""
    information = Path("/proc/cpuinfo")
    text = information.read_text(encoding="utf-8") if information.exists() else ""
    model = re.search(r"^model name\s*: (.*)$", text, flags=re.MULTILINE)
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    rows = {
        "CPU": model[1] if model else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{gigabytes:.0f} GB",
        "system": f"{platform.system()}, {platform.machine()}",
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }
    return _section("machine", [_table(("", ""), rows.items())])


def section(name: str, measurements: Mapping[str, Spread]) -> str:
    """Return a benchmark's section: its promises, then its measurements."""
    promises = [
        (str(promise), str(measured), "yes" if promise.holds(measured.median) else "**no**")
        for promise in PROMISES[name]
        for measured in [measurements[promise.measurement]]
    ]
    rows = [
        (what.replace("_", " "), *map(number, values[:3]), str(values.repeats), values.within)
        for what, values in measurements.items()
    ]
    return _section(
        name,
        [
            _table(("promise", "measured, median (min to max)", "holds"), promises),
            _table(("measurement", "median", "min", "max", "repeats", "95% interval"), rows),
        ],
    )


def document(machine: str, sections: Mapping[str, str], before: str = "") -> str:
    """Return the file: new sections, and of the file before those that are not measured anew.

    Args:
        machine: its section.
        sections: by the benchmarks' names.
        before: the file as it was; sections of another machine are dropped.
    """
    parts = re.split(r"^(?=## )", before, flags=re.MULTILINE)[1:]
    old = {part.split(maxsplit=2)[1]: f"{part.rstrip()}\n" for part in parts}
    kept = old if old.get("machine") == machine else {}
    texts = {**kept, **sections}
    return "\n".join([f"{TITLE}\n", machine, *(texts[name] for name in NAMES if name in texts)])


def broken(name: str, measurements: Mapping[str, Spread]) -> list[str]:
    """Return the promises of a benchmark that do not hold, one line each."""
    return [
        f"{name}: {promise}: it is {measurements[promise.measurement]}"
        for promise in PROMISES[name]
        if not promise.holds(measurements[promise.measurement].median)
    ]


def measured(name: str) -> dict[str, Spread]:
    """Return a benchmark's measurements, made in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, name).result()


def chosen(names: Sequence[str]) -> list[str]:
    """Return the benchmarks to run, in their order.

    Raises:
        UserError: names what is no benchmark.
    """
    for name in names:
        if name not in NAMES:
            hint = closest(name, NAMES)
            known = f"did you mean {hint}?" if hint else f"there are {', '.join(NAMES)}"
            raise UserError(f"no benchmark {name!r}; {known}")
    return [name for name in NAMES if name in names or not names]


def run(names: Sequence[str], results: Path) -> int:
    """Run benchmarks, write each one's section when it is done, and return the exit code."""
    here = machine()
    failures = []
    for name in chosen(names):
        print(f"{name}: measuring", flush=True)
        start = time.monotonic()
        measurements = measured(name)
        before = results.read_text(encoding="utf-8") if results.exists() else ""
        text = document(here, {name: section(name, measurements)}, before)
        results.write_text(text, encoding="utf-8")
        if name == "scaling" and results == RESULTS:
            scaling.fill(results)
        print(f"{name}: done in {time.monotonic() - start:.0f} s", flush=True)
        for promise in PROMISES[name]:
            print(f"  {promise}: {measurements[promise.measurement]}", flush=True)
        failures += broken(name, measurements)
    for failure in failures:
        print(f"PROMISE BROKEN: {failure}", file=sys.stderr)
    return 1 if failures else 0


def main(argv: Sequence[str] | None = None, results: Path = RESULTS) -> int:
    """Run what the command line names and return the exit code."""
    try:
        with contextlib.chdir(RESULTS.parents[1]):
            return run(sys.argv[1:] if argv is None else argv, results)
    except PlainError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return error.exit_code


def _measure(name: str) -> dict[str, Spread]:
    return importlib.import_module(f"benchmarks.{name}").measure()


def _section(name: str, tables: Iterable[str]) -> str:
    return "\n".join([f"## {name}\n", *tables])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
