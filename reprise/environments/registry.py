"""The environment that an algorithm trains in, by its specification."""

from __future__ import annotations

from reprise.environments.acrobot import Acrobot
from reprise.environments.base import Environment
from reprise.environments.cartpole import CartPole
from reprise.environments.episodes import check_seeding
from reprise.environments.gymnasium_env import GymnasiumEnvironment
from reprise.environments.pendulum import Pendulum
from reprise.environments.specification import Specification, once

COMPILED = {"CartPole-v1": CartPole, "Acrobot-v1": Acrobot, "Pendulum-v1": Pendulum}

_adapted = once(GymnasiumEnvironment)


def make(specification: Specification) -> Environment:
    """Return the compiled environment of that id, else Gymnasium's own.

    An equal specification has the same one, and so the same compiled programs: TensorFlow never
    gives back the memory of one. A UserError if it cannot be made, does not fit, or ignores its
    seed.
    """
    altered = specification.kwargs or specification.wrappers
    if specification.id in COMPILED and not altered:
        return COMPILED[specification.id]()
    check_seeding(specification)
    return _adapted(specification)
