"""Print a hash of every file that stages write with tiny parameters.

`python -m tests.cpus.hashes PYTHON STAGE...`, natively or under an emulator, where params.yaml,
dvc.yaml, data/ and notebooks/ are; PYTHON starts the kernels of notebooks, as an emulated process
starts a native one. Prints JSON: first what the CPU is taken for, then a line for each stage.

A pack has 24 seeds, three vectors of AVX2; two seeds would be computed one by one, by instructions
that all processors share. Of an experiment's variants it keeps one for each kind of program.
"""

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from reprise.pipeline import artifacts, parameters
from stages import report, reporting
from tests import tiny

NOTEBOOK = "markov_chain"
WIDE = {"seeds": 24, "pack_size": 24}
SHORT = {"iterations": 2000, "epsilon_decay": 1000}
CHANGES: dict[str, dict[str, Any]] = {
    "policy_search": {"evaluations": 100, "seeds": 2, "tolerances": [0.5]},
    "credit_assignment": WIDE,
    "reinforce_training": WIDE | {"hidden_sizes": [5]},
    "actor_critic": WIDE,
    "prior_knowledge": WIDE,
    "partial_observability": WIDE,
    "td_learning": {"iterations": 400},
    "q_learning_convergence": {"iterations": 1000},
    "exploration": {"problems": {"taxi": SHORT, "frozen_lake": SHORT, "cliff_walking": SHORT}},
    "approximate_q_learning": WIDE,
    "dqn_training": WIDE | {"hidden_sizes": [32, 32], "batch_size": 8},
    "dqn_ablations": WIDE | {"partners": {"double": tiny.ABSENT}},
    "hyperparameter_study": WIDE | {
        "seeds": 6, "grid": [
            {"name": "learning_rate", "values": [0.01, 0.05]},
            {"name": "replay_capacity", "values": [32]},
            {"name": "discount", "values": [0.9, 0.95]},
        ],
    },
}  # fmt: skip
NOISY = {"features": ["angle", "velocity"], "noisy": True, "history": 4, "rates": True}
VARIANTS: dict[str, dict[str, Any]] = {
    "credit_assignment": {"return": {"credit": "return"}},
    "prior_knowledge": {"both": {"penalty": 5.0, "imitates": True}},
    "partial_observability": {"noisy": NOISY},
    "dqn_ablations": {
        "everything": {
            "target_network": "soft", "double": True, "dueling": True, "loss": "huber",
            "activation": "tanh", "gradient_steps": 2, "optimizer": "adam",
        }
    },
}  # fmt: skip


def section(name: str) -> dict[str, Any]:
    """Return a stage's parameters: tiny, but as wide as a processor's vectors."""
    found = tiny.section(name, **CHANGES.get(name, {}))
    if name in VARIANTS:
        found |= {"variants": VARIANTS[name], "baseline": next(iter(VARIANTS[name]))}
    return found


def results(name: str) -> Mapping[str, Any]:
    if name == reporting.NAME:
        return reporting.run(parameters.load(name, reporting.Params), NOTEBOOK)
    if name == report.NAME:
        return report.run(parameters.load(name, report.Params), "extra")
    return tiny.stage(name).run(tiny.params(name, section))


if __name__ == "__main__":
    sys.executable = sys.argv[1]
    used = np.lib.introspect.opt_func_info(func_name="^exp$", signature="d")["exp"].values()
    taken_for = {"llvm": str(llvm.get_host_cpu_name()), "numpy": next(iter(used))["current"]}
    print(json.dumps(taken_for), flush=True)
    for stage in sys.argv[2:]:
        start, files = time.process_time(), {}
        for file, content in results(stage).items():
            files[file] = hashlib.sha256(artifacts.render(file, content)).hexdigest()
        seconds = round(time.process_time() - start, 1)
        print(json.dumps({"stage": stage, "seconds": seconds, "files": files}), flush=True)
