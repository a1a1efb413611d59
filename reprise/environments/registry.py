"""From an environment's specification to the environment for training."""

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
    """Return the compiled environment if one exists, else Gymnasium's.

    Equal specifications share one environment and so its compiled programs: TensorFlow never frees
    a program's memory.

    Raises:
        UserError: Gymnasium cannot make it, its spaces do not fit, or it ignores its seed.
    """
    altered = specification.kwargs or specification.wrappers
    if specification.id in COMPILED and not altered:
        return COMPILED[specification.id]()
    check_seeding(specification)
    return _adapted(specification)
