"""A reinforcement-learning chapter as code: its algorithms, and what their results are worth.

`import reprise` sets the environment variables that decide TensorFlow's bits. TensorFlow reads them
when it is loaded, so that `import reprise` comes before `import tensorflow` or `import keras`.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprise.api import load, train

__all__ = ["load", "train"]

# The fusions of YNNPACK choose their instructions by the CPU they run on, so that sums would depend
# on it.
XLA_FLAGS = ["--xla_cpu_multi_thread_eigen=false", "--xla_cpu_experimental_ynn_fusion_type="]
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
    """Return what the library offers when it is asked for: loading it takes TensorFlow's time."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from reprise import api

    return getattr(api, name)
