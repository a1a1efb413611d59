"""Runs the benchmarks and writes results.json, results.md and docs/scaling.md's numbers.

    python -m benchmarks.run [NAME ...]

Without a name, all benchmarks run. With names, the others keep their measurements if they were
taken on the same machine. A benchmark that fails prints one line and loses its old measurements,
and the next one runs.

Exit codes: 0 every measured promise holds; 1 a promise is broken, or a benchmark failed; 2 unknown
name.
"""

import contextlib
import importlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, NamedTuple

from ruamel.yaml import YAML

from benchmarks import scaling
from benchmarks.spread import Spread, number
from reprise.errors import PlainError, UserError, closest

RESULTS = Path(__file__).with_name("results.json")
LIBRARIES = ("tensorflow", "keras", "numpy", "numba", "scipy", "gymnasium", "quantecon", "dvc")
TITLE = """# Measurements

`make benchmark` writes this file, and every measurement with its range and 95% interval into
[results.json](results.json). The median over the repeats decides whether a promise holds.
"""
Measurements = dict[str, Spread]


class Promise(NamedTuple):
    """A bound that a measurement must keep."""

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


PROMISES: dict[str, list[Promise]] = {
    name: [Promise(*row) for row in rows]
    for name, rows in YAML(typ="safe", pure=True).load(RESULTS.with_name("promises.yaml")).items()
}
NAMES = tuple(PROMISES)


def machine() -> dict[str, str]:
    """Describe the machine and the versions that decide its speed."""
    information = Path("/proc/cpuinfo")
    text = information.read_text(encoding="utf-8") if information.exists() else ""
    model = re.search(r"^model name\s*: (.*)$", text, flags=re.MULTILINE)
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "CPU": model[1] if model else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{gigabytes:.0f} GB",
        "system": f"{platform.system()}, {platform.machine()}",
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def document(machine: Mapping[str, str], measured: Mapping[str, Measurements]) -> str:
    """Write the text of results.md: promises, and the pipeline's time by stage."""
    lines = [
        f"{TITLE}\n{', '.join(f'{name} {value}' for name, value in machine.items())}.",
        "", "## Promises", "", "| promise | measured, median (min to max) | holds |",
        "| --- | --- | --- |",
    ]  # fmt: skip
    for name, each in PROMISES.items():
        for promise in each:
            if found := measured.get(name, {}).get(promise.measurement):
                kept = "yes" if promise.holds(found.median) else "**no**"
                lines.append(f"| {promise} | {found} | {kept} |")
            else:
                lines.append(f"| {promise} | not measured | |")
    pipeline = measured.get("pipeline", {})
    peak = "_all_processes_gigabytes"
    if stages := [key.removesuffix(peak) for key in pipeline if key.endswith(peak)]:
        lines += ["", "## Time and memory of a full run, by stage", ""]
        lines += ["| stage | seconds | CPU seconds of compilation | peak memory, GB |"]
        lines += ["| --- | ---: | ---: | ---: |"]
    for stage in stages:
        compiling = pipeline.get(f"{stage}_compilation_cpu_seconds", "")
        seconds, most = pipeline[f"{stage}_seconds"], pipeline[f"{stage}{peak}"]
        lines.append(f"| {stage} | {seconds} | {compiling} | {most} |")
    return "\n".join([*lines, ""])


def read(results: Path) -> tuple[dict[str, str], dict[str, Measurements]]:
    """Read the machine and the measurements, both empty without a file."""
    if not results.exists():
        return {}, {}
    found = json.loads(results.read_text(encoding="utf-8"))
    return found["machine"], {
        name: {key: _spread(*value) for key, value in each.items()}
        for name, each in found["measurements"].items()
    }


def _spread(median: float, low: float, high: float, repeats: int, interval: list | None) -> Spread:
    return Spread(median, low, high, repeats, (interval[0], interval[1]) if interval else None)


def write(results: Path, machine: Mapping[str, str], measured: Mapping[str, Measurements]) -> None:
    """Write results.json, and results.md next to it."""
    ordered = {name: measured[name] for name in NAMES if name in measured}
    text = json.dumps({"machine": machine, "fields": Spread._fields, "measurements": ordered})
    lines = text.replace("}, ", "},\n").replace("], ", "],\n")
    results.write_text(f"{lines}\n", encoding="utf-8")
    results.with_suffix(".md").write_text(document(machine, ordered), encoding="utf-8")


def broken(name: str, measurements: Measurements) -> list[str]:
    """List the broken promises of a benchmark, one line each."""
    return [
        f"{name}: {promise}: it is {measurements[promise.measurement]}"
        for promise in PROMISES[name]
        if not promise.holds(measurements[promise.measurement].median)
    ]


def measured(name: str) -> Measurements:
    """Run a benchmark in a new process and return its measurements."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, name).result()


def chosen(names: Sequence[str]) -> list[str]:
    """Put the benchmarks with these names, or all, in order.

    Raises:
        UserError: names an unknown benchmark.
    """
    for name in names:
        if name not in NAMES:
            hint = closest(name, NAMES)
            known = f"did you mean {hint}?" if hint else f"allowed: {', '.join(NAMES)}"
            raise UserError(f"no benchmark {name!r}; {known}")
    return [name for name in NAMES if name in names or not names]


def run(names: Sequence[str], results: Path) -> int:
    """Run benchmarks, write each result at once, return the exit code."""
    here = machine()
    failures = []
    for name in chosen(names):
        print(f"{name}: measuring", flush=True)
        start = time.monotonic()
        before, others = read(results)
        kept = {key: found for key, found in others.items() if before == here and key != name}
        try:
            measurements = measured(name)
            failures += [f"PROMISE BROKEN: {line}" for line in broken(name, measurements)]
        except Exception as error:  # whatever fails, the others run
            failures.append(f"NOT MEASURED: {name}: {' '.join(str(error).split()) or repr(error)}")
            print(f"  {failures[-1]}", flush=True)
            write(results, here, kept)
            continue
        write(results, here, kept | {name: measurements})
        if name == "scaling" and results == RESULTS:
            scaling.fill(here, measurements)
        print(f"{name}: done in {time.monotonic() - start:.0f} s", flush=True)
        for promise in PROMISES[name]:
            print(f"  {promise}: {measurements[promise.measurement]}", flush=True)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def main(argv: Sequence[str] | None = None, results: Path = RESULTS) -> int:
    """Run the named benchmarks and return the exit code."""
    try:
        with contextlib.chdir(RESULTS.parents[1]):
            return run(sys.argv[1:] if argv is None else argv, results)
    except PlainError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return error.exit_code


def _measure(name: str) -> Measurements:
    return importlib.import_module(f"benchmarks.{name}").measure()


if __name__ == "__main__":
    sys.exit(main())
