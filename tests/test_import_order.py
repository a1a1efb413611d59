"""TensorFlow and Keras, imported before or after Reprise."""

import os
import subprocess
import sys

import reprise
from tests.tiny import ROOT

LOAD = """
model = reprise.load("data/lunar_lander/weights.npz", seed=3)
print(model.output_shape)
"""
TRAIN = """
small = {"iterations": 2, "maximum_steps": 20, "hidden_sizes": [2], "episodes_per_iteration": 2}
evaluation = {"episodes": 1, "limits": [20]}
trained = reprise.train("reinforce", seeds=2, evaluation=evaluation, **small)
print(trained.weights["kernel_0"].tobytes().hex())
"""
LATE = (
    "TensorFlow was loaded without the settings that fix its bits: start Python again, "
    "and import reprise before tensorflow and keras"
)
SET = "import os, reprise\nos.environ['XLA_FLAGS'] = '--xla_cpu_max_isa=SSE4_2'\n"


def run(code: str, **variables: str) -> str:
    kept = {"PATH", "HOME", "LANG"} & os.environ.keys()
    environment = {name: os.environ[name] for name in kept} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment | variables,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def raised(code: str) -> str:
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    return (
        f"import reprise.errors\ntry:\n{lines}except reprise.errors.UserError as e:\n    print(e)"
    )


def test_a_network_loads_after_keras_and_training_says_what_to_do():
    assert run(f"import keras\nimport reprise\n{LOAD}{raised(TRAIN)}") == f"(None, 4)\n{LATE}\n"


def test_whoever_imports_reprise_first_gets_the_same_bytes(capsys):
    """Flags of the user's own are set after it, or before it and Keras."""
    before = {"XLA_FLAGS": "--no_flag_of_theirs", "TF_NUM_INTRAOP_THREADS": "3"}
    exec(TRAIN, {"reprise": reprise})  # noqa: S102 (ours)
    alone = capsys.readouterr().out
    assert run(f"{SET}{TRAIN}") == alone
    assert run(f"import reprise\nimport keras\n{TRAIN}", **before) == alone
