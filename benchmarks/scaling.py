"""Cost of training by seeds in a pack and by workers of each engine.

    python -m benchmarks.run scaling

Each measurement runs in a new process, and compared ones take turns. Hyperparameters are those of
params.yaml. Packs run as in hyperparameter_study, with start-up and compilation. The packs after
each worker's first show the cost of a further pack.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import ours
from benchmarks.spread import Spread, spread
from benchmarks.turns import printed

GUIDE = Path("docs/scaling.md")
HOURS = "hours_of_a_million_seeds_on_two_workers"
SEEDS = (32, 128, 1024)
PACKS, PACK_SIZE = 12, 48
WAYS = (("inline", 1), ("processes", 2), ("ray", 2))
REPEATS = 2
STUDY = 1000 * 1000  # seeds of a thousand settings times a thousand seeds


def seeds(algorithm: str, count: int) -> dict[str, float]:
    """Measure milliseconds per seed and megabytes for a pack of seeds."""
    run = ours.train(algorithm, count, seconds=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"milliseconds": 1000 * run.seconds[0] / count, "peak": peak}


def packs(engine: str, workers: int) -> dict[str, float]:
    """Measure the seconds of the study's packs and a worker's peak memory."""
    from reprise.pipeline import execution, parameters
    from reprise.pipeline import packs as pack_runs
    from stages import hyperparameter_study as study

    params = parameters.load(study.NAME, study.Params)
    cut = pack_runs.cut(PACKS * PACK_SIZE, PACK_SIZE, {"program 1": None})
    used = execution.Execution.model_validate(
        {"engine": engine, "address": None, "workers": workers}
    )
    start, done = time.perf_counter(), []

    def describe(results: list) -> str:
        done.append(time.perf_counter())
        return ""

    with execution.used(used):
        pack_runs.run(partial(study.train, params), cut, label=engine, describe=describe)
    who = resource.RUSAGE_SELF if engine == "inline" else resource.RUSAGE_CHILDREN
    return {
        "seconds": time.perf_counter() - start,
        "further": (done[-1] - done[workers - 1]) / (PACKS - workers),
        "peak": resource.getrusage(who).ru_maxrss / 1024,
    }


def apart(*words: object) -> dict[str, float]:
    """Make one measurement of this module in a new process."""
    found = printed([sys.executable, "-m", "benchmarks.scaling", *map(str, words)])
    print(f"  {' '.join(map(str, words))}: {found}", flush=True)
    return found


def by_seeds() -> dict[str, Spread]:
    """Measure the cost of a seed in packs of several sizes."""
    results: dict[str, Spread] = {}
    for algorithm in ("reinforce", "dqn"):
        for count in SEEDS:
            found = apart("seeds", algorithm, count)
            at = f"at_{count}_seeds"
            results[f"{algorithm}_milliseconds_per_seed_{at}"] = spread([found["milliseconds"]])
            results[f"{algorithm}_peak_megabytes_{at}"] = spread([found["peak"]])
        costs = [
            results[f"{algorithm}_milliseconds_per_seed_at_{count}_seeds"].median
            for count in (SEEDS[0], SEEDS[-1])
        ]
        results[f"{algorithm}_large_pack"] = spread([costs[1] / costs[0]])
    return results


def by_workers() -> dict[str, Spread]:
    """Measure the gain from two workers, and the cost of a study."""
    runs = [{way: apart("packs", *way) for way in WAYS} for _ in range(REPEATS)]

    def of(way: tuple[str, int], kind: str) -> np.ndarray:
        return np.array([run[way][kind] for run in runs])

    inline, *others = WAYS
    results = {}
    for way in others:
        name = f"{way[0]}_efficiency_of_two_workers"
        for kind, key in (("seconds", name), ("further", f"{name}_for_further_packs")):
            results[key] = spread(list(of(inline, kind) / of(way, kind) / way[1]))
    for way in WAYS:
        results[f"{way[0]}_{way[1]}_seconds_of_{PACKS}_packs"] = spread(list(of(way, "seconds")))
    processes = others[0]
    results["worker_peak_megabytes"] = spread(list(of(processes, "peak")))
    results[HOURS] = spread(list(of(processes, "further") / PACK_SIZE * STUDY / 3600))
    return results


def measure() -> dict[str, Spread]:
    """Measure workers and sizes of packs."""
    return by_workers() | by_seeds()


def guide(machine: Mapping[str, str], measured: Mapping[str, Spread]) -> str:
    """Write the text of docs/scaling.md on the measurements."""
    efficiency = [
        f"| {engine} | {measured[f'{engine}_efficiency_of_two_workers']} | "
        f"{measured[f'{engine}_efficiency_of_two_workers_for_further_packs']} |"
        for engine in ("processes", "ray")
    ]
    whole = [
        measured[f"{way}_seconds_of_{PACKS}_packs"] for way in ("inline_1", "processes_2", "ray_2")
    ]
    costs = [
        f"| {count:,} | "
        + " | ".join(
            str(measured[f"{algorithm}_{kind}_at_{count}_seeds"])
            for algorithm in ("reinforce", "dqn")
            for kind in ("milliseconds_per_seed", "peak_megabytes")
        )
        + " |"
        for count in SEEDS
    ]
    return "\n".join(
        [
            f"Measured on {machine['CPU']}, {machine['cores']} cores, {machine['memory']}: median "
            "(range).",
            "",
            "| two workers compared with one process | efficiency | for a further pack |",
            "| --- | ---: | ---: |",
            *efficiency,
            "",
            f"An efficiency of 1 is ideal: two workers take half the time. {PACKS} packs of "
            f"{PACK_SIZE} seeds of the DQN took {whole[0]} s in one process, {whole[1]} s in two "
            f"processes and {whole[2]} s on two workers of Ray, including start-up and "
            f"compilation. A worker used at most {measured['worker_peak_megabytes']} MB.",
            "",
            "| seeds in a pack | REINFORCE, ms per seed | MB | DQN, ms per seed | MB |",
            "| ---: | ---: | ---: | ---: | ---: |",
            *costs,
            "",
            "At the cost of a further pack, a thousand settings with a thousand seeds of the DQN "
            f"each would take two workers **{measured[HOURS]} hours**. With enough packs, 64 such "
            "workers would take a 32nd of that.",
        ]
    )


def fill(machine: Mapping[str, str], measured: Mapping[str, Spread], path: Path = GUIDE) -> None:
    """Write the measurements into docs/scaling.md."""
    from reprise.site import readme

    text = path.read_text(encoding="utf-8")
    path.write_text(readme.filled(text, "measured", [guide(machine, measured)]), encoding="utf-8")


if __name__ == "__main__":  # one measurement, for `apart`
    match sys.argv[1:]:
        case ["seeds", algorithm, count]:
            print(json.dumps(seeds(algorithm, int(count))))
        case ["packs", engine, workers]:
            print(json.dumps(packs(engine, int(workers))))
