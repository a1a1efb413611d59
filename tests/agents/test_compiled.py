"""Whole trainings, compiled and as plain operations one after another.

The random numbers are integer operations, the same bits in either. What is computed from them in
float32 is only close: the compiler fuses products with sums, which then round once instead of
twice. So weights may part by some units in the last place with each update; as long as no action
hangs on one, every episode is as long and every return of whole rewards the same.
"""

from __future__ import annotations

import numpy as np
import pytest

from reprise import seeds
from reprise.agents import dqn, reinforce
from reprise.environments.cartpole import CartPole
from reprise.hyperparameters import part
from reprise.nn import streams
from reprise.nn.determinism import tf
from tests.agents import test_dqn, test_reinforce

KEYS = tf.constant(seeds.training_keys(42, "training", range(4)).T)


def assert_close(compiled: list, plain: list) -> None:
    """Compare weights, after up to a dozen updates of some hundredths."""
    for one, other in zip(compiled, plain, strict=True):
        assert np.abs(other).max() > 1e-3
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)


def test_reinforce_is_the_same_compiled_and_not():
    h = test_reinforce.TINY
    numbers = reinforce.numbers_of([h] * 4)
    settings = part(reinforce.Settings, h)
    weights = reinforce.initial_weights(KEYS, CartPole(), h)
    (returns, steps), final = reinforce.program(CartPole(), settings)(KEYS, weights, numbers)
    (plain_returns, plain_steps), plain = reinforce.training(KEYS, weights, numbers, CartPole(), h)
    np.testing.assert_array_equal(steps, plain_steps)
    np.testing.assert_allclose(returns, plain_returns, rtol=2e-7)  # a sum divided by 3
    assert_close(final, plain)


def test_dqn_is_the_same_compiled_and_not():
    h = test_dqn.TINY
    numbers = dqn.Numbers(*(tf.fill([4], float(getattr(h, name))) for name in dqn.Numbers._fields))
    compiled = dqn.program(CartPole(), part(dqn.Settings, h))
    (returns, steps, *curves), *weights = compiled(KEYS, numbers)
    (plain_returns, plain_steps, *plain_curves), *plain = dqn.training(KEYS, numbers, CartPole(), h)
    np.testing.assert_array_equal(returns, plain_returns)
    np.testing.assert_array_equal(steps, plain_steps)
    for found, expected in zip(curves, plain_curves, strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)
    for found, expected in zip(weights, plain, strict=True):  # final and best
        assert_close(found, expected)


@pytest.mark.parametrize("shape", [(), (3,), (7, 2)])
def test_random_numbers_are_the_same_bits_compiled_and_not(shape: tuple[int, ...]):
    compiled = tf.function(streams.uniform, jit_compile=True, autograph=False)
    found, plain = compiled(KEYS, shape).numpy(), streams.uniform(KEYS, shape).numpy()
    assert found.tobytes() == plain.tobytes()
