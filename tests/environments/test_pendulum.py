"""The compiled Pendulum against Gymnasium's, step by step.

Gymnasium computes in float64, and a float32 operation errs by half a unit in the last place. A step
has some ten operations on numbers up to the speed limit of 8 and the cost of pi^2 + 6.4.
"""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.envs.classic_control.pendulum import PendulumEnv

from reprise.environments.pendulum import Pendulum
from reprise.nn.determinism import tf

HALF_UNIT = 2.0**-24


@pytest.mark.parametrize("compiled", [True, False])
def test_a_step_from_any_state_is_gymnasiums_within_float32(compiled: bool):
    random = np.random.default_rng(0)
    states = (random.uniform(-1, 1, (2000, 2)) * [np.pi, 8]).astype(np.float32)
    torques = random.uniform(-3, 3, 2000).astype(np.float32)  # some beyond the limits
    environment, following, steps = PendulumEnv(), np.empty((2000, 2)), []
    for n, (state, torque) in enumerate(zip(states.astype(float), torques, strict=True)):
        environment.state = state
        steps.append(environment.step(np.array([torque], np.float32)))
        following[n] = environment.state
    reward, observation = (np.array([step[k] for step in steps]) for k in (1, 0))
    step = tf.function(Pendulum().step, jit_compile=compiled, autograph=False)
    here, our_reward, terminated = (x.numpy() for x in step(states.T, torques[None]))
    here = here.T.astype(float)
    difference = here - following  # of angles the shorter way round
    difference[:, 0] = (difference[:, 0] + np.pi) % (2 * np.pi) - np.pi
    assert (np.abs(difference) <= 10 * HALF_UNIT * np.array([4, 8])).all()
    np.testing.assert_allclose(our_reward, reward, rtol=4 * HALF_UNIT, atol=4 * HALF_UNIT)
    assert not terminated.any()
    seen = Pendulum().observe(tf.constant(here.T, tf.float32)).numpy().T
    assert (np.abs(seen - observation) <= 12 * HALF_UNIT * np.array([4, 4, 8])).all()
    assert np.abs(here[:, 0]).max() <= np.float32(np.pi)
    assert (np.abs(here[:, 1]) == 8).any()
