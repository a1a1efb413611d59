"""The environment that an algorithm trains in, by its specification."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reprise.environments import seeding
from reprise.environments.acrobot import Acrobot
from reprise.environments.base import Environment
from reprise.environments.cartpole import CartPole
from reprise.environments.gymnasium_env import GymnasiumEnvironment
from reprise.environments.specification import Specification, once

COMPILED: dict[str, Callable[[], Environment]] = {"CartPole-v1": CartPole, "Acrobot-v1": Acrobot}


_made = threading.local()  # by specification; each thread has its own


def make(specification: Specification) -> Environment:
    """Return the compiled environment of that id if there is one, else Gymnasium's own.

    An equal specification has the same one, and so the same compiled programs: TensorFlow never
    gives back the memory of one.

    Raises:
        UserError: it cannot be made, does not fit, or ignores its seed.
    """
    altered = specification.kwargs or specification.wrappers
    if specification.id in COMPILED and not altered:
        return COMPILED[specification.id]()
    seeding.check(specification)
    return once(_made.__dict__, specification, lambda: GymnasiumEnvironment(specification))
