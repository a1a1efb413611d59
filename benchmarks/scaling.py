"""How trainings grow: with seeds in a pack, with workers on each engine; what a large study takes.

    python -m benchmarks.run scaling

Every measurement is made in a process of its own, and what is compared takes turns. Trainings have
the values of params.yaml. Packs are run as hyperparameter_study runs them, start-up and compilation
included: the second, larger number of packs tells what a further pack costs.
"""

import json
import re
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.spread import Spread, spread
from benchmarks.training import Run, train

GUIDE = Path("docs/scaling.md")
SEEDS = (32, 128, 512, 1024)
PACKS, PACK_SIZE = (4, 12), 48
WAYS = (("inline", 1), ("processes", 2), ("ray", 2))
REPEATS = 2
STUDY = 1000 * 1000  # seeds of a thousand settings times a thousand seeds


def seeds(algorithm: str, count: int) -> dict[str, float]:
    """Return milliseconds and megabytes of a seed, trained in this process, among so many."""
    run: Run = train(algorithm, count, calls=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"milliseconds": 1000 * run.seconds[0] / count, "peak": peak}


def packs(engine: str, workers: int, count: int) -> dict[str, float]:
    """Return the seconds that so many packs of the study take, and the largest worker's peak."""
    from reprise.pipeline import execution, parameters
    from reprise.pipeline import packs as pack_runs
    from stages import hyperparameter_study as study

    params = parameters.load(study.NAME, study.Params)
    cut = pack_runs.cut(count * PACK_SIZE, PACK_SIZE, {"program 1": None})
    used = execution.Execution.model_validate(
        {"engine": engine, "address": None, "workers": workers}
    )
    start = time.perf_counter()
    with execution.used(used):
        pack_runs.run(partial(study.train, params), cut, label=f"{engine}, {workers}")
    seconds = time.perf_counter() - start
    who = resource.RUSAGE_SELF if engine == "inline" else resource.RUSAGE_CHILDREN
    return {"seconds": seconds, "peak": resource.getrusage(who).ru_maxrss / 1024}


def apart(*words: object) -> dict[str, float]:
    """Return a measurement of this module, made in a new process."""
    command = [sys.executable, "-m", "benchmarks.scaling", *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"  {' '.join(map(str, words))}: {found}", flush=True)
    return found


def by_seeds() -> dict[str, Spread]:
    """Return cost and memory of a seed, for packs of several sizes."""
    results = {}
    for algorithm in ("reinforce", "dqn"):
        for count in SEEDS:
            found = apart("seeds", algorithm, count)
            at = f"at_{count}_seeds"
            results[f"{algorithm}_milliseconds_per_seed_{at}"] = spread([found["milliseconds"]])
            results[f"{algorithm}_peak_megabytes_{at}"] = spread([found["peak"]])
    return results


def by_workers() -> dict[str, Spread]:
    """Return how much two workers gain over one on each engine, and what a further pack costs."""
    few, many = PACKS
    runs = [
        {(*way, count): apart("packs", *way, count) for way in WAYS for count in PACKS}
        for _ in range(REPEATS)
    ]

    def whole(engine: str, workers: int) -> np.ndarray:
        return np.array([run[engine, workers, many]["seconds"] for run in runs])

    def further(engine: str, workers: int) -> np.ndarray:
        less = np.array([run[engine, workers, few]["seconds"] for run in runs])
        return (whole(engine, workers) - less) / (many - few)

    results = {}
    for engine in ("processes", "ray"):
        name = f"{engine}_efficiency_of_two_workers"
        results[name] = spread(list(whole("inline", 1) / whole(engine, 2) / 2))
        ratios = further("inline", 1) / further(engine, 2)
        results[f"{name}_for_further_packs"] = spread(list(ratios / 2))
    for engine, workers in WAYS:
        name = f"{engine}_{workers}_seconds_of_{many}_packs"
        results[name] = spread(list(whole(engine, workers)))
    peaks = [run[("processes", 2, many)]["peak"] for run in runs]
    results["worker_peak_megabytes"] = spread(peaks)
    hours = further("processes", 2) / PACK_SIZE * STUDY / 3600
    results["hours_of_a_million_seeds_on_two_workers"] = spread(list(hours))
    return results


def measure() -> dict[str, Spread]:
    """Return all measurements."""
    return by_workers() | by_seeds()


def guide(results: str) -> str:
    """Return what the guide says of the measurements.

    Args:
        results: the file that `benchmarks.run` writes.
    """
    parts = re.split(r"^## ", results, flags=re.MULTILINE)[1:]
    sections = {part.split(maxsplit=1)[0]: part for part in parts}
    row = r"^\| ([a-z][\w ]+) \| (\S+) \| (\S+) \| (\S+) \| \d+ \|"
    rows = re.findall(row, sections["scaling"], flags=re.MULTILINE)
    found = {name: (median, low, high) for name, median, low, high in rows}

    def said(name: str) -> str:
        median, low, high = found[name]
        return median if low == high else f"{median} ({low} to {high})"

    pairs = re.findall(r"^\| (\w+) \| (.+) \|$", sections["machine"], flags=re.MULTILINE)
    machine = dict(pairs)
    hours = "hours of a million seeds on two workers"
    lines = [
        f"Measured on {machine['CPU']}, {machine['cores']} cores, {machine['memory']}: median "
        "(range).",
        "",
        "| two workers against one process | efficiency | for a further pack |",
        "| --- | ---: | ---: |",
        *(
            f"| {engine} | {said(f'{engine} efficiency of two workers')} | "
            f"{said(f'{engine} efficiency of two workers for further packs')} |"
            for engine in ("processes", "ray")
        ),
        "",
        f"1 is ideal: half the time. {PACKS[1]} packs of {PACK_SIZE} seeds of the DQN took "
        f"{said(f'inline 1 seconds of {PACKS[1]} packs')} s in one process, "
        f"{said(f'processes 2 seconds of {PACKS[1]} packs')} s on two, "
        f"{said(f'ray 2 seconds of {PACKS[1]} packs')} s on two workers of Ray, start-up and "
        f"compilation included. A worker held at most {said('worker peak megabytes')} MB.",
        "",
        "| seeds in a pack | REINFORCE, ms a seed | MB | DQN, ms a seed | MB |",
        "| ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {count:,} | "
            + " | ".join(
                said(f"{algorithm} {what} at {count} seeds")
                for algorithm in ("reinforce", "dqn")
                for what in ("milliseconds per seed", "peak megabytes")
            )
            + " |"
            for count in SEEDS
        ),
        "",
        "A thousand settings times a thousand seeds of the DQN, at the cost of a further pack, "
        f"would take two workers **{said(hours)} hours**; 64 workers of this kind a 32nd of that, "
        "if packs are many.",
    ]
    return "\n".join(lines)


def fill(results: Path, path: Path = GUIDE) -> None:
    """Write into the guide what was measured."""
    from reprise.site import readme

    text = path.read_text(encoding="utf-8")
    said = guide(results.read_text(encoding="utf-8"))
    path.write_text(readme.filled(text, "measured", [said]), encoding="utf-8")


if __name__ == "__main__":  # one measurement, for the process above this one
    match sys.argv[1:]:
        case ["seeds", algorithm, count]:
            print(json.dumps(seeds(algorithm, int(count))))
        case ["packs", engine, workers, count]:
            print(json.dumps(packs(engine, int(workers), int(count))))
