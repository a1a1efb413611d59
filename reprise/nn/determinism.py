"""TensorFlow with fixed bits: the only module that imports it.

Every other module imports it by `from reprise.nn.determinism import tf`. TensorFlow reads its
settings from the environment when it loads; `import reprise` sets them. If TensorFlow was loaded
without them, every use of `tf` raises a UserError. It loads at first use: a process that only
checks parameters or sends packs to workers does not wait for it.

The settings: no oneDNN and at most AVX2, for the same instructions, and so the same bits, on every
x86-64 CPU since 2013; one thread, so that reductions are always cut the same way (packs use the
other cores); no GPU, which is slower for networks this small and gives other bits.
"""

import gc
import importlib.util
import logging
import os
import sys
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from reprise import ENVIRONMENT
from reprise.errors import UserError


class _Late(ModuleType):
    """TensorFlow loaded without the settings."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UserError(
            "TensorFlow was loaded without the settings that fix its bits: start Python again, and "
            "import reprise before tensorflow and keras"
        )


class _WithoutKeras(MetaPathFinder):
    """Delays the slow import of Keras until its first use."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        if name.startswith("keras."):
            raise ModuleNotFoundError(name, name=name)


def _tensorflow() -> Any:
    """Return TensorFlow, which loads at its first attribute access."""
    if "tensorflow" in sys.modules:
        set_in_time = all(os.environ.get(name) == value for name, value in ENVIRONMENT.items())
        return sys.modules["tensorflow"] if set_in_time else _Late("tensorflow")
    os.environ.update(ENVIRONMENT)  # again: the user may have changed them since
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("tensorflow is not installed: run `make venv`", name="tensorflow")
    load = spec.loader.exec_module

    def load_quietly(module: ModuleType) -> None:
        sys.stderr.flush()
        stderr, collects = os.dup(2), gc.isenabled()
        sys.meta_path.insert(0, _WithoutKeras)
        gc.disable()  # collecting garbage would take a fifth of the time
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 a device, not a file
            os.dup2(nowhere.fileno(), 2)  # hides the messages with which it starts
        try:
            load(module)
        finally:
            sys.meta_path.remove(_WithoutKeras)
            gc.freeze()  # later collections skip all that was loaded
            if collects:
                gc.enable()
            os.dup2(stderr, 2)
            os.close(stderr)

    spec.loader.exec_module = load_quietly
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = sys.modules["tensorflow"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# It warns that a program is traced again, but each time for another variant.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _tensorflow()
