"""REINFORCE over lanes, the whole training as one compiled program.

    gradient = mean_t A_t grad(-log pi(a_t | s_t))

The mean runs over all steps of an iteration's episodes, each lane's own; A_t is what the step is
credited with, in the chapter its normalised return. All episodes of all lanes are played at once;
one that has ended stands still until the longest one ends.

Shapes: L lanes, E episodes, T time, O features of an observation.

Source: Williams (1992), section 4, equation 11; the chapter, section Policy Gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Literal, NamedTuple, get_args

import numpy as np

from reprise import capacity
from reprise.agents import policy_networks
from reprise.agents.policy_networks import Choose, likeliest, sampled, surprise
from reprise.agents.returns import Credit, credited
from reprise.capacity import Given, Need
from reprise.environments import programs
from reprise.environments.base import Environment
from reprise.hyperparameters import Discount, Frozen, HiddenSizes, PositiveFloat, PositiveInt
from reprise.nn import networks, optimizers, streams
from reprise.nn.determinism import tf

Behaviour = Literal["sampled", "likeliest"]


class Hyperparameters(Frozen):
    """What decides a training but for its seeds."""

    hidden_sizes: HiddenSizes
    activation: networks.Activation
    iterations: PositiveInt
    episodes_per_iteration: PositiveInt
    maximum_steps: PositiveInt
    behaviour: Behaviour
    credit: Credit
    discount: Discount
    optimiser: optimizers.Optimiser
    learning_rate: PositiveFloat

    def needs_for(self, lanes: Given, packs: Given) -> Iterator[Need]:
        """Yield what a training asks for.

        Args:
            lanes: the parameters whose product is the number of lanes that train at once.
            packs: those whose product is how often so many do.
        """
        at_once, iterations = capacity.product(lanes), {"iterations": self.iterations}
        yield from play_needs(
            "episodes_per_iteration", self.episodes_per_iteration, self.maximum_steps or 1, lanes
        )
        # Weights and two moments.
        sizes, given = (1, *self.hidden_sizes, 1), {"hidden_sizes": self.hidden_sizes}
        yield from networks.needs(sizes, 3, given, lanes)
        curves = at_once * self.iterations * 2 * 4
        yield capacity.memory("the curves", curves, iterations | dict(lanes))
        times, trained = capacity.product(packs), iterations | dict(lanes) | dict(packs)
        yield capacity.memory("the curves", curves * times, trained)
        yield capacity.work(
            "the training", at_once * times * self.iterations * self.episodes_per_iteration,
            trained | {"episodes_per_iteration": self.episodes_per_iteration},
        )  # fmt: skip
        yield capacity.count(
            "the number of iterations", self.iterations, capacity.INT32, iterations
        )


def play_needs(name: str, episodes: int, steps: int, lanes: Given) -> Iterator[Need]:
    """Yield what it takes to play episodes at once, all their steps kept.

    A step is an observation of one feature, an action, a reward and a random number at the least.
    How many steps were played is a float32 number.

    Args:
        name: of the parameter that is the number of episodes.
        episodes: E.
        steps: T, the parameter maximum_steps.
        lanes: the parameters whose product is the number of lanes.
    """
    given = {name: episodes, "maximum_steps": steps}
    size = capacity.product(given, lanes) * 4 * 4
    yield capacity.memory("the episodes' steps", size, given | dict(lanes))
    number = capacity.product(given)
    yield capacity.count("the number of steps", number, capacity.FLOAT32, given)


class Numbers(NamedTuple):
    """What may differ between the lanes of a program: numbers, and choices by their place, [L]."""

    learning_rate: tf.Tensor
    discount: tf.Tensor
    credit: tf.Tensor  # int32, of `returns.Credit`
    behaviour: tf.Tensor  # int32, of `Behaviour`


CHOICES: dict[str, tuple[str, ...]] = {"credit": get_args(Credit), "behaviour": get_args(Behaviour)}


def numbers_of(lanes: Sequence[Hyperparameters]) -> Numbers:
    """Return what may differ between lanes, of one set of hyperparameters a lane."""
    values = {name: [getattr(h, name) for h in lanes] for name in Numbers._fields}
    return Numbers(**{
        name: tf.constant([CHOICES[name].index(value) for value in column], tf.int32)
        if name in CHOICES
        else tf.constant(column, tf.float32)
        for name, column in values.items()
    })  # fmt: skip


class Episodes(NamedTuple):
    """What an iteration's episodes were; a step counts where `played`."""

    observation: tf.Tensor  # [T, E, O, L]
    action: tf.Tensor  # int32 [T, E, L]
    reward: tf.Tensor  # [T, E, L]
    played: tf.Tensor  # bool [T, E, L]


class Training(NamedTuple):
    """What a training leaves, as NumPy arrays; K iterations."""

    returns: np.ndarray  # mean return of an iteration's episodes [K, L]
    steps: np.ndarray  # environment steps of an iteration, all episodes [K, L]
    final: list[np.ndarray]  # weights [.., L]


def logits(weights: networks.Weights, observation: tf.Tensor, h: Hyperparameters) -> tf.Tensor:
    """Return the policy's logits [..., Z, L] of observations [..., O, L]."""
    return networks.forward(weights, observation, h.activation)


def behaviour(weights: networks.Weights, numbers: Numbers, h: Hyperparameters) -> Choose:
    """Return how actions are chosen in training: by probability, or always the likeliest."""
    samples = numbers.behaviour == CHOICES["behaviour"].index("sampled")

    def choose(observation: tf.Tensor, random: tf.Tensor) -> tf.Tensor:
        z = logits(weights, observation, h)
        return tf.where(samples, sampled(z, random), likeliest(z))

    return choose


def play(
    choose: Choose,
    keys: tf.Tensor,
    environment: Environment,
    episodes: int,
    steps: int,
) -> Episodes:
    """Play episodes.

    Args:
        choose: the policy.
        keys: uint32 [2, L], of these episodes.
        environment: what is played.
        episodes: E.
        steps: T, after which an episode is truncated.
    """
    lanes = keys.shape[-1]
    state = environment.reset(streams.fold(keys, 0), (episodes,))
    random = streams.uniform(streams.fold(keys, 1), (steps, episodes))
    chance = streams.uniform(streams.fold(keys, 2), (steps, episodes, environment.draws))
    narrow = [episodes, lanes]
    memory = Episodes(
        tf.TensorArray(
            tf.float32, steps, element_shape=[episodes, environment.observation_size, lanes]
        ),
        *(
            tf.TensorArray(kind, steps, element_shape=narrow)
            for kind in (tf.int32, tf.float32, tf.bool)
        ),
    )

    def tick(t, alive, state, memory):
        observation = environment.observe(state)
        action = choose(observation, random[t])
        following, reward, terminated = environment.step(state, action, chance[t])
        step = Episodes(observation, action, reward, alive)
        memory = Episodes(
            *(array.write(t, field) for array, field in zip(memory, step, strict=True))
        )
        # An episode that has ended keeps its state: stepping a fallen pole on would end in
        # infinities.
        state = tf.where(alive[..., None, :], following, state)
        ended = terminated | programs.truncated(environment, following)
        return t + 1, alive & ~ended, state, memory

    def goes_on(t, alive, *_):
        return (t < steps) & tf.reduce_any(alive)

    start = (tf.constant(0), tf.ones(narrow, tf.bool), state, memory)
    memory = tf.while_loop(goes_on, tick, start)[-1]
    return Episodes(*(array.stack() for array in memory))


def policy_gradient(
    weights: networks.Weights, episodes: Episodes, credit: tf.Tensor, h: Hyperparameters
) -> list[tf.Tensor]:
    """Return each lane's gradient of the mean over steps of -log pi(a | s) times the credit.

    Args:
        weights: of the policy network.
        episodes: what was played.
        credit: of each step, such as its advantage, [T, E, L].
        h: hyperparameters.
    """
    played = tf.cast(episodes.played, tf.float32)
    weight = credit * played / tf.reduce_sum(played, [0, 1])
    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss = weight * surprise(logits(weights, episodes.observation, h), episodes.action)
    # The tape sums over lanes; they share no weight, so each gets the gradient of its own loss.
    return tape.gradient(loss, weights)


def initial_weights(
    keys: tf.Tensor, environment: Environment, h: Hyperparameters
) -> networks.Weights:
    """Return the networks of lanes with keys [2, L] before any training."""
    return policy_networks.initial(keys, environment, h.hidden_sizes)


def update(
    weights: networks.Weights, state: optimizers.State, episodes: Episodes, numbers: Numbers,
    once: tf.Tensor, h: Hyperparameters, precision: str,
) -> tuple[networks.Weights, optimizers.State, tuple[tf.Tensor, tf.Tensor]]:  # fmt: skip
    """Learn from an iteration's episodes.

    Args:
        weights: of the policy networks.
        state: of their optimiser.
        episodes: what was played.
        numbers: what differs between the lanes.
        once: as `networks.separately` takes it.
        h: the other hyperparameters.
        precision: of the sums that returns are.

    Returns:
        The next weights and state, and the lanes' mean return and number of steps, both [L].
    """
    reward = tf.where(episodes.played, episodes.reward, 0.0)
    credit = credited(numbers.credit, reward, episodes.played, numbers.discount)
    gradient = networks.separately(
        lambda: policy_gradient(weights, episodes, credit, h), weights, once
    )
    state, weights = optimizers.apply(h.optimiser, state, weights, gradient, numbers.learning_rate)
    total = tf.reduce_sum(tf.cast(reward, precision), [0, 1]) / h.episodes_per_iteration
    points = (
        tf.cast(total, tf.float32),
        tf.reduce_sum(tf.cast(episodes.played, tf.float32), [0, 1]),
    )
    return weights, state, points


def training(
    keys: tf.Tensor,
    weights: networks.Weights,
    numbers: Numbers,
    environment: Environment,
    h: Hyperparameters,
) -> tuple:
    """Train all lanes from their keys [2, L]; this is the program that is compiled."""
    lanes = keys.shape[-1]
    once = tf.cast(numbers.learning_rate[0] > 0, tf.int32)
    learn = programs.part(
        environment, partial(update, h=h, precision=programs.precision(environment))
    )
    curves = tuple(
        tf.TensorArray(tf.float32, h.iterations, element_shape=[lanes]) for _ in range(2)
    )

    def body(iteration, weights, state, curves):
        choose = programs.part(environment, behaviour(weights, numbers, h))
        episodes = play(
            choose, streams.fold(streams.fold(keys, 1), iteration),
            environment, h.episodes_per_iteration, h.maximum_steps,
        )  # fmt: skip
        weights, state, points = learn(weights, state, episodes, numbers, once)
        curves = tuple(
            curve.write(iteration, point) for curve, point in zip(curves, points, strict=True)
        )
        return iteration + 1, weights, state, curves

    start = (tf.constant(0), weights, optimizers.initial(weights), curves)
    _, weights, _, curves = tf.while_loop(lambda n, *_: n < h.iterations, body, start)
    return tuple(curve.stack() for curve in curves), weights


@cache
def program(environment: Environment, h: Hyperparameters):
    """Return the training, compiled if the environment is."""
    return programs.program(
        environment,
        lambda keys, weights, numbers: training(keys, weights, numbers, environment, h),
    )


def train(
    hyperparameters: Hyperparameters,
    environment: Environment,
    keys: np.ndarray,
    initial: networks.Weights | None = None,
    numbers: Numbers | None = None,
) -> Training:
    """Train one lane for each key.

    Args:
        hyperparameters: of the algorithm.
        environment: what is played.
        keys: uint32 [L, 2], from `seeds.lane_keys`.
        initial: weights to begin with, [.., L]; by default each lane draws its own.
        numbers: of each lane; by default the hyperparameters' own.
    """
    lanes = tf.constant(keys.T, tf.uint32)
    if numbers is None:
        numbers = numbers_of([hyperparameters] * len(keys))
    if initial is None:
        initial = initial_weights(lanes, environment, hyperparameters)
    compiled = program(environment, hyperparameters.structure(Hyperparameters, Numbers._fields))
    (returns, steps), weights = compiled(lanes, initial, numbers)
    final = programs.on_observations(environment, [weight.numpy() for weight in weights])
    return Training(returns.numpy(), steps.numpy(), final)


def policy(
    weights: networks.Weights, h: Hyperparameters, random: np.random.Generator | None = None
) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return all lanes' policy, as `policy_networks.policy` does."""
    return policy_networks.policy(weights, h.activation, random)


def export(weights: networks.Weights, h: Hyperparameters) -> dict[str, np.ndarray]:
    """Return policy networks as named arrays, as `policy_networks.export` does."""
    return policy_networks.export(weights, h.activation)
