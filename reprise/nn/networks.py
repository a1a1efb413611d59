"""Small dense networks, one per seed, trained side by side.

    x_{k+1}[..., o, n] = activation(Σ_i kernel_k[o, i, n] x_k[..., i, n] + bias_k[o, n])

Seeds are the last axis, so that one instruction computes eight seeds. Features are the axis before,
so that a sum runs through neighbouring memory. Sums are written term by term: every CPU computes
them with the same bits, but not a dot product.

Shapes: N seeds, I and O features into and out of a layer. Other axes, such as time, episodes or
    batch, come first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache, partial
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reprise.errors import UserError
from reprise.nn import programs, streams
from reprise.nn.determinism import tf

if TYPE_CHECKING:
    import keras

Activation = Literal["elu", "relu", "tanh", "sigmoid", "linear"]
LARGEST = float(np.finfo(np.float32).max) ** 0.5  # the square of a smaller weight is finite
BATCH = 256  # up to so many samples, copying them into a better order pays
# For `exp`, in float32: the limits of x, log2 e, ln 2 in two parts, coefficients of a polynomial.
EXP_LIMITS, LOG2_E, LN_2 = (-87.8, 88.8), 1.44269504, (0.693359375, -2.12194440e-4)
EXP_SERIES = (
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    0.5,
)
Weights = list  # kernel [O, I, N] and bias [O, N] of each layer in turn
Act = Callable[[np.ndarray, int], np.ndarray]
"""A policy: it takes observations [E, O, N] and the time step, and returns actions [E, N].

Continuous actions are [E, A, N].
"""


def exp(x: tf.Tensor) -> tf.Tensor:
    """Compute e^x, of eight numbers at once.

    XLA's own exp has the same bits. But XLA computes it number by number, and with it everything
    else in the same kernel.

    Source: Moshier (1992), Cephes, single/expf.c.
    """
    return tf.custom_gradient(_exp)(x)


def _exp(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    x = tf.minimum(tf.maximum(x, EXP_LIMITS[0]), EXP_LIMITS[1])
    n = tf.minimum(tf.maximum(tf.floor(x * LOG2_E + 0.5), -127.0), 127.0)
    rest = x - LN_2[0] * n - LN_2[1] * n  # e^x = 2^n e^rest
    total = tf.constant(EXP_SERIES[0])
    for coefficient in EXP_SERIES[1:]:
        total = total * rest + coefficient
    last_bits = tf.bitcast(n + (2.0**23 + 127), tf.int32)  # of n + 127, the exponent of 2^n
    power = tf.bitcast(tf.bitwise.left_shift(last_bits, 23), tf.float32)
    value = (1 + (rest + total * (rest * rest))) * power
    return value, lambda upstream: upstream * value


def sigmoid(x: tf.Tensor) -> tf.Tensor:
    """Compute 1 / (1 + exp(-x))."""
    return 1 / (1 + exp(-x))


def elu(x: tf.Tensor) -> tf.Tensor:
    """Compute x where it is positive, else exp(x) - 1.

    Source: Clevert, Unterthiner and Hochreiter (2016), equation 15.
    """
    (power,) = materialize([exp(tf.minimum(x, 0.0))])  # rounds before 1 is subtracted
    return tf.where(x > 0, x, power - 1)


def glorot_uniform(keys: tf.Tensor, sizes: Sequence[int]) -> Weights:
    """Draw kernels by keys [2, N]; biases are 0.

    Kernels are uniform within ±sqrt(6 / (I + O)). Sizes are the features of the input, of each
    hidden layer and of the output.

    Source: Glorot and Bengio (2010), equation 16; the default of Keras' Dense.
    """
    weights = []
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        limit = (6 / (inputs + outputs)) ** 0.5
        draw = streams.uniform(streams.fold_in(keys, layer), (outputs, inputs))
        weights += [(2 * draw - 1) * limit, 0 * draw[:, 0]]
    return weights


def diverged(weights: Weights) -> np.ndarray:
    """Check which seeds' networks have diverged, bool [N].

    A diverged network has a weight that is NaN, or so large that its square overflows float32.
    """
    largest = [np.abs(weight).reshape(-1, weight.shape[-1]).max(axis=0) for weight in weights]
    return ~np.all(np.less(largest, LARGEST), axis=0)


def materialize(tensors: Weights) -> Weights:
    """Compute each tensor once, and store it.

    Otherwise XLA computes a sum again in every kernel that reads it, in Nadam each gradient three
    times. Dividing by a 1 that XLA cannot foresee prevents this. Gradients pass through unchanged.
    """

    @tf.custom_gradient
    def stored(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        return x / (0 * x + 1), lambda upstream: upstream

    return [stored(tensor) for tensor in tensors]


def dense(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, relu: bool = False) -> tf.Tensor:
    """Apply each seed's layer to features [..., I, N].

    With `relu` that activation follows.
    """
    layer: Any = tf.custom_gradient(lambda x, kernel, bias: _dense(x, kernel, bias, relu))
    return layer(x, kernel, bias)


def _dense(
    x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, relu: bool
) -> tuple[tf.Tensor, Callable]:
    total = bias
    for feature, column in zip(tf.unstack(x, axis=-2), tf.unstack(kernel, axis=1), strict=True):
        total = total + tf.expand_dims(feature, -2) * column
    (value,) = materialize([tf.nn.relu(total) if relu else total])

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        if relu:
            upstream = tf.where(value > 0, upstream, 0.0)
        # Terms that lie kilobytes apart would miss the cache: they are made neighbours first.
        (by_input,) = materialize([tf.transpose(kernel, [1, 0, 2])])  # [I, O, N]
        to_x = 0.0
        rows = tf.unstack(by_input, axis=1)
        for output, row in zip(tf.unstack(upstream, axis=-2), rows, strict=True):
            to_x = to_x + tf.expand_dims(output, -2) * row
        # XLA vectorises a sum over seeds if it is written term by term, here with up to 16 terms.
        # It does not vectorise its own reduction.
        terms = prod(x.shape[:-2])
        if terms == BATCH:
            return to_x, *_batch_gradient(upstream, x)
        count = max(divisor for divisor in range(1, 17) if terms % divisor == 0)
        rest = [] if terms == count else [terms // count]
        ups, xs = (tf.reshape(each, [count, *rest, *each.shape[-2:]]) for each in (upstream, x))
        if terms <= BATCH:
            order = [*range(1, len(rest) + 2), 0, len(rest) + 2]
            ups, xs = materialize([tf.transpose(each, order) for each in (ups, xs)])
        ups, xs = (tf.unstack(each, axis=-2 if terms <= BATCH else 0) for each in (ups, xs))
        to_kernel, to_bias = 0.0, 0.0
        for up, here in zip(ups, xs, strict=True):
            to_kernel = to_kernel + tf.expand_dims(up, -2) * tf.expand_dims(here, -3)
            to_bias = to_bias + up
        if rest:
            to_kernel, to_bias = tf.reduce_sum(to_kernel, 0), tf.reduce_sum(to_bias, 0)
        return to_x, to_kernel, to_bias

    return value, gradient


def _batch_gradient(upstream: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute the gradients of kernel and bias from 256 samples.

    They are eight sums of 32 terms each, in the order of XLA's own reduction, which takes only one
    seed at a time. The order of the first terms decides which product is rounded.
    """
    parts = (tf.reshape(each, [16, 2, 8, *each.shape[-2:]]) for each in (upstream, x))
    parts = materialize([tf.transpose(each, [2, 3, 1, 0, 4]) for each in parts])  # [8, O, 2, 16, N]
    shapes = ([8, each.shape[1], 32, each.shape[-1]] for each in parts)
    ups, xs = (tf.unstack(tf.reshape(*each), axis=2) for each in zip(parts, shapes, strict=True))
    terms = [tf.expand_dims(u, -2) * tf.expand_dims(v, -3) for u, v in zip(ups, xs, strict=True)]
    to_kernel = terms[0]
    for term in [*terms[1:16], terms[17], terms[16], *terms[18:]]:
        to_kernel = to_kernel + term
    first, second = 0.0, 0.0
    for one, other in zip(ups[:16], ups[16:], strict=True):
        first, second = first + one, second + other
    return _halves(to_kernel), _halves(first + second)


def _halves(terms: tf.Tensor) -> tf.Tensor:
    """Sum over the first axis by adding halves."""
    (terms,) = materialize([terms])
    while half := terms.shape[0] // 2:
        terms = terms[:half] + terms[half:]
    return terms[0]


def forward(
    weights: Weights,
    x: tf.Tensor,
    hidden: Activation | tuple[Activation, ...],
    place: tf.Tensor | None = None,
) -> tf.Tensor:
    """Compute outputs [..., O, N]; the last layer is linear.

    With several activations, each seed uses the one at its place, int32 [N].
    """
    functions = dict(elu=elu, relu=tf.nn.relu, tanh=tf.tanh, sigmoid=sigmoid, linear=tf.identity)
    choices = (hidden,) if isinstance(hidden, str) else hidden
    for layer in range(0, len(weights) - 2, 2):
        if choices == ("relu",):  # its gradient needs only its value, so z is not stored
            x = dense(x, weights[layer], weights[layer + 1], relu=True)
            continue
        z = dense(x, weights[layer], weights[layer + 1])
        x = programs.chosen(place, choices, {name: functions[name](z) for name in choices})
    return dense(x, weights[-2], weights[-1])


def without_dueling(weights: Weights) -> Weights:
    """Merge a dueling network's last layer into plain Q-values."""
    actions = weights[-1].shape[0] - 1
    fold = np.hstack([np.ones((actions, 1)), np.eye(actions) - 1 / actions])
    last = [np.einsum("qo,o...->q...", fold, part).astype(np.float32) for part in weights[-2:]]
    return [*weights[:-2], *last]


def acting(
    choose: Callable,
    weights: Weights,
    s: Hashable,
    random: np.random.Generator | None = None,
    action_shape: tuple[int, ...] = (),
) -> Act:
    """Return the policy of trained networks.

    `choose` is a module's function. It takes weights, observations and settings `s`, and with a
    generator also uniform random numbers of the actions' shape, [E, N] or [E, A, N].
    """
    constants, prepare, known = [tf.constant(w) for w in weights], _prepared(choose, s), {}

    def act(observations: np.ndarray, step: int) -> np.ndarray:
        inputs = [tf.constant(observations)]
        if random:
            shape = (len(observations), *action_shape, observations.shape[-1])
            inputs.append(tf.constant(random.random(shape, np.float32)))
        # TensorFlow's checks of a call's arguments would take longer than a small network.
        if observations.shape not in known:
            known[observations.shape] = prepare(constants, *inputs)
        return known[observations.shape]([*constants, *inputs]).numpy()

    return act


@cache
def _prepared(choose: Callable, s: Hashable) -> Callable:
    return programs.compiled(partial(choose, s=s), flat=True)


def to_arrays(
    weights: Weights, hidden: Activation, output: Activation | Literal["softmax"]
) -> dict[str, np.ndarray]:
    """Convert networks to named arrays, with axes in Keras' order.

    They are `activations`, kernel_0 [N, I, O], bias_0 [N, O], and so on.
    """
    layers = range(len(weights) // 2)
    arrays = {"activations": np.array([hidden] * (len(layers) - 1) + [output])}
    for layer in layers:
        kernel, bias = weights[2 * layer : 2 * layer + 2]
        arrays[f"kernel_{layer}"] = np.ascontiguousarray(np.transpose(kernel, (2, 1, 0)))
        arrays[f"bias_{layer}"] = np.ascontiguousarray(np.transpose(bias))
    return arrays


def place(arrays: Mapping[str, np.ndarray], seed: int) -> int:
    """Return a seed's place in the arrays of `to_arrays`.

    An optional array `seeds` [N] holds the seeds' numbers; without it they count from 0.

    Raises:
        UserError: there is no such seed, or the arrays are not networks.
    """
    for name in ("activations", "kernel_0", "bias_0"):
        if name not in arrays:
            raise UserError(f"no networks: {name} is missing; there are {', '.join(arrays)}")
    counted = list(range(len(arrays["bias_0"])))
    numbers = arrays["seeds"].tolist() if "seeds" in arrays else counted
    if seed not in numbers:
        allowed = ", ".join(map(str, numbers)) if numbers != counted else f"0 to {counted[-1]}"
        raise UserError(f"seed {seed}: allowed are {allowed}")
    return numbers.index(seed)


def to_keras(arrays: Mapping[str, np.ndarray], seed: int) -> keras.Sequential:
    """Convert one seed of `to_arrays` to an ordinary Keras model.

    Raises:
        UserError: there is no such seed, the arrays are not networks, or Keras cannot load.
    """
    at = place(arrays, seed)
    try:
        import keras  # with the user's backend: a model to inspect needs no fixed bits
    except (ImportError, ValueError) as error:
        backend = os.environ.get("KERAS_BACKEND")
        where = f"KERAS_BACKEND={backend}" if backend else "the backend in ~/.keras/keras.json"
        raise UserError(
            f"Keras cannot load {where}: {error}; Reprise installs KERAS_BACKEND=tensorflow"
        ) from None
    model = keras.Sequential([keras.Input((arrays["kernel_0"].shape[1],))])
    for layer, activation in enumerate(arrays["activations"]):
        kernel, bias = arrays[f"kernel_{layer}"][at], arrays[f"bias_{layer}"][at]
        model.add(keras.layers.Dense(len(bias), str(activation)))
        model.layers[-1].set_weights([kernel, bias])
    return model
