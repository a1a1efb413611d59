"""Fix what decides TensorFlow's bits, then hand TensorFlow out: the only module that imports it.

The settings act only if they are in the environment before TensorFlow is loaded, so every other
module writes `from reprise.determinism import tf` and none can load it without them. Loading is
deferred to the first use: a process that only validates parameters or hands packs to workers never
pays for it.

What the settings are for:
    oneDNN off, AVX2 at most: the same instructions, and so the same bits, on every x86-64 CPU since
    2013. one thread: reductions are cut the same way whatever the number of cores; packs use the
    other cores. no GPU: networks this small are slower on one, and its bits differ.
"""

import gc
import importlib.util
import logging
import os
import platform
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

# The fusions of YNNPACK choose their instructions by the CPU they run on, so that sums would depend
# on it.
XLA_FLAGS = ["--xla_cpu_multi_thread_eigen=false", "--xla_cpu_experimental_ynn_fusion_type="]
if platform.machine() in {"x86_64", "AMD64"}:
    XLA_FLAGS.append("--xla_cpu_max_isa=AVX2")

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "XLA_FLAGS": " ".join(XLA_FLAGS),
}


class _WithoutKeras(MetaPathFinder):
    """Keeps TensorFlow from loading Keras at once, which takes long: `tf.keras` loads it."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        if name.startswith("keras."):
            raise ModuleNotFoundError(name, name=name)


class _Quiet(Loader):
    """Loads a module with file descriptor 2 leading nowhere: TensorFlow greets there, unasked."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        sys.stderr.flush()
        stderr = os.dup(2)
        sys.meta_path.insert(0, _WithoutKeras)
        collects = gc.isenabled()
        gc.disable()  # a fifth of the time would go into looking for garbage among what is loaded
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 a device, not a file
            os.dup2(nowhere.fileno(), 2)
        try:
            self.loader.exec_module(module)
        finally:
            sys.meta_path.remove(_WithoutKeras)
            gc.freeze()  # nor is it looked for there later, while programs are traced
            if collects:
                gc.enable()
            os.dup2(stderr, 2)
            os.close(stderr)


def _lazy(name: str) -> ModuleType:
    """Return a module that is executed at its first attribute access."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{name} is not installed: run `make venv`", name=name)
    spec.loader = importlib.util.LazyLoader(_Quiet(spec.loader))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if "tensorflow" in sys.modules or "keras" in sys.modules:
    raise ImportError(
        "tensorflow was imported before reprise.determinism, which must set its environment first"
    )
os.environ.update(ENVIRONMENT)
# It warns of programs traced again, each of which is of another variant.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _lazy("tensorflow")
