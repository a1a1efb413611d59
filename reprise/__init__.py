"""A reinforcement-learning chapter: its algorithms, experiments and claims.

`import reprise` sets the environment variables that decide TensorFlow's bits. TensorFlow reads them
when it is loaded, so `import reprise` must come before `import tensorflow` or `import keras`.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprise.api import load, train

__all__ = ["load", "train"]

XLA_FLAGS = [
    "--xla_cpu_multi_thread_eigen=false",
    # YNNPACK's fusions choose their instructions by the CPU, which changes the bits of sums.
    "--xla_cpu_experimental_ynn_fusion_type=",
    # Compiles a whole loop into one function. Otherwise XLA dispatches every kernel again in each
    # turn, which takes longer than a small network does.
    "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000",
]
if platform.machine() in {"x86_64", "AMD64"}:
    XLA_FLAGS.append("--xla_cpu_max_isa=AVX2")

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "XLA_FLAGS": " ".join(XLA_FLAGS),
}

if "tensorflow" not in sys.modules:
    os.environ.update(ENVIRONMENT)


def __getattr__(name: str) -> Any:
    """Import `train` or `load` at first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from reprise import api

    return getattr(api, name)
