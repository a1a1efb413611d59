"""Hand out TensorFlow with its bits fixed: the only module that imports it.

The settings act only if they are in the environment before TensorFlow is loaded. `import reprise`
sets them; where TensorFlow was loaded without them, every use of it here raises a UserError. So
every other module writes `from reprise.nn.determinism import tf`. Loading is deferred to the first
use: a process that only validates parameters or hands packs to workers never pays for it.

What the settings are for:
    oneDNN off, AVX2 at most: the same instructions, and so the same bits, on every x86-64 CPU since
    2013. one thread: reductions are cut the same way whatever the number of cores; packs use the
    other cores. no GPU: networks this small are slower on one, and its bits differ.
"""

import gc
import importlib.util
import logging
import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from reprise import ENVIRONMENT
from reprise.errors import UserError


class _Late(ModuleType):
    """Stands for a TensorFlow that was loaded without the settings: none of it can be used."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UserError(
            "TensorFlow was loaded before `import reprise` set what decides its bits: start Python "
            "again, and import reprise before tensorflow and keras"
        )


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


def _tensorflow() -> Any:
    """Return TensorFlow, loaded or to be loaded with the settings, or what stands for it."""
    if "tensorflow" not in sys.modules:
        os.environ.update(ENVIRONMENT)  # once more: the user may have changed them since
        return _lazy("tensorflow")
    set_in_time = all(os.environ.get(name) == value for name, value in ENVIRONMENT.items())
    return sys.modules["tensorflow"] if set_in_time else _Late("tensorflow")


# It warns of programs traced again, each of which is of another variant.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _tensorflow()
