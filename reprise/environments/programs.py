"""How an algorithm's program runs, by what it plays.

Around a compiled environment the program is compiled as a whole. Around one of Gymnasium's the same
code runs as a graph that calls Python at every step; what lies between, such as gradients, is
compiled in parts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from reprise.environments import seeding
from reprise.environments.acrobot import Acrobot
from reprise.environments.base import Environment
from reprise.environments.cartpole import CartPole
from reprise.environments.gymnasium_env import GymnasiumAdapter
from reprise.environments.specification import Specification, once
from reprise.nn.determinism import tf

TWINS: dict[str, Callable[[], Environment]] = {"CartPole-v1": CartPole, "Acrobot-v1": Acrobot}


_adapters = threading.local()  # by specification; a thread's plays one training at a time


def environment(specification: Specification) -> Environment:
    """Return what a training plays: the compiled twin of the environment, or itself.

    An equal specification has the same one, and so the same compiled programs: TensorFlow never
    gives back the memory of one.

    Raises:
        UserError: it cannot be made, does not fit, or ignores its seed.
    """
    altered = specification.kwargs or specification.wrappers
    if specification.id in TWINS and not altered:
        return TWINS[specification.id]()
    seeding.check(specification)
    return once(_adapters.__dict__, specification, lambda: GymnasiumAdapter(specification))


def program(environment: Environment, function: Callable) -> Callable:
    """Return a program that trains in an environment.

    Raises, when called:
        EpisodeError: the environment raised, or gave what does not fit or is not finite.
    """
    if not isinstance(environment, GymnasiumAdapter):
        return tf.function(function, jit_compile=True, autograph=False)
    graph = tf.function(function, autograph=False)

    def run(*arguments):
        environment.failure = None
        try:
            return graph(*arguments)
        except tf.errors.OpError:
            if environment.failure:
                raise environment.failure from environment.failure.__cause__
            raise
        finally:
            environment.close()

    return run


def part(environment: Environment, function: Callable) -> Callable:
    """Return a function that a program calls between steps, compiled if the program is not."""
    if isinstance(environment, GymnasiumAdapter):
        return tf.function(function, jit_compile=True, autograph=False)
    return function


def precision(environment: Environment) -> str:
    """Return the type in which rewards are summed; a twin's are whole, and exact in float32."""
    return "float64" if isinstance(environment, GymnasiumAdapter) else "float32"


def truncated(environment: Environment, state: tf.Tensor) -> tf.Tensor:
    """Return whether the environment itself has cut episodes short: [..., L], or for all []."""
    if isinstance(environment, GymnasiumAdapter):
        return environment.truncated(state)
    return tf.constant(False)


def renewed(
    environment: Environment,
    state: tf.Tensor,
    ended: tf.Tensor,
    keys: Callable[[], tf.Tensor],
) -> tf.Tensor:
    """Return states [.., L] in which the episodes that have ended [L] have begun anew.

    Args:
        environment: what is played.
        state: of all episodes.
        ended: which of them have.
        keys: makes the lanes' keys for new beginnings, uint32 [2, L].
    """
    if isinstance(environment, GymnasiumAdapter):
        return environment.renew(state, ended, part(environment, keys))
    return tf.where(ended, environment.reset(keys()), state)


def on_observations(environment: Environment, weights: list) -> list:
    """Return trained networks as they take the observations that Gymnasium gives."""
    if isinstance(environment, GymnasiumAdapter):
        return environment.on_observations(weights)
    return weights
