"""What an action is credited with: the total reward, the return, or the advantage.

    G_t = r_t + gamma G_{t+1}        A_t = (G_t - mean G) / std G

Shapes: T time, then any axes (episodes), L lanes.

Source: the chapter, section Evaluating Actions; Sutton and Barto (2018), equation 3.9.
"""

from __future__ import annotations

from typing import Literal

from reprise.nn.determinism import tf

Credit = Literal["total_reward", "return", "advantage"]

EPSILON = 1e-8  # equal returns have a deviation of zero: their advantages are zero, not NaN


def discounted_returns(rewards: tf.Tensor, discount: tf.Tensor) -> tf.Tensor:
    """Return the sum of discounted rewards from each step on, [T, ..., L].

    >>> discounted_returns(tf.constant([10, 0, -50]), tf.constant(0.8)).numpy().tolist()
    [-22.0, -40.0, -50.0]

    Args:
        rewards: zero after an episode's end, [T, ..., L].
        discount: one number, or one a lane [L].
    """
    rewards = tf.cast(rewards, tf.float32)  # returns of integers would be cut to integers
    steps = rewards.shape[0]
    returns = tf.TensorArray(tf.float32, steps, element_shape=rewards.shape[1:])

    def body(t, following, returns):
        here = rewards[t] + discount * following
        return t - 1, here, returns.write(t, here)

    start = (tf.constant(steps - 1), tf.zeros(rewards.shape[1:]), returns)
    return tf.while_loop(lambda t, *_: t >= 0, body, start)[-1].stack()


def normalised(returns: tf.Tensor, played: tf.Tensor) -> tf.Tensor:
    """Return the advantages: returns less their mean over their standard deviation, [T, E, L].

    Args:
        returns: of each step of each episode [T, E, L].
        played: which steps belong to an episode, bool [T, E, L]; the others get 0 and do not count.
    """
    mask = tf.cast(played, tf.float32)
    steps = tf.reduce_sum(mask, [0, 1])
    mean = tf.reduce_sum(returns * mask, [0, 1]) / steps
    deviation = tf.sqrt(tf.reduce_sum(mask * (returns - mean) ** 2, [0, 1]) / steps)
    return mask * (returns - mean) / (deviation + EPSILON)


def credited(
    credit: tf.Tensor, rewards: tf.Tensor, played: tf.Tensor, discount: tf.Tensor
) -> tf.Tensor:
    """Return what each step is credited with, [T, E, L].

    The total reward is that of the whole episode, undiscounted, whatever came before the step; the
    return is that from the step on; the advantage is the return, normalised over all steps.

    Args:
        credit: the place in `Credit` of the one that counts, int32: one, or one a lane [L].
        rewards: zero after an episode's end, [T, E, L].
        played: which steps belong to an episode, bool [T, E, L].
        discount: one number, or one a lane [L].
    """
    total, returns = tf.reduce_sum(rewards, 0), discounted_returns(rewards, discount)
    advantages = normalised(returns, played)
    return tf.where(credit == 0, total, tf.where(credit == 1, returns, advantages))
