"""Lower bounds of the memory and work that trainings need."""

from collections.abc import Iterator, Mapping
from typing import Any

from reprise.capacity import FLOAT32, INT32, Need, memory, product
from reprise.nn import networks


def of_dqn(h: Any, pack: Mapping[str, int], seeds: Mapping[str, int]) -> Iterator[Need]:
    """Yield the needs of DQNs, a pack at once."""
    length, played = "total_episodes", "maximum_steps"
    if h.total_steps is not None:
        length, played = "total_steps", "train_every"
    # A transition is at least 6 numbers: those of an observation of one feature.
    yield h.memory("the replay buffers", 6 * 4, "replay_capacity", **pack)
    yield h.memory("the steps of a round", 6 * 4, played, **pack)
    # Weights, those of the target and of the best episode, and two moments of the optimizer.
    yield from networks.needs((1, *h.hidden_sizes, 2), 5, h.given("hidden_sizes"), pack)
    points = h.rounds * product(seeds)
    yield memory("the curves", 4 * 4 * points, {**h.given(length), **seeds})
    yield h.work("the steps", length, **seeds)
    steps, updates = h.rounds * getattr(h, played), h.rounds * h.gradient_steps
    yield h.counter("the number of steps", steps, INT32, length, played)
    yield h.counter("the number of gradient steps", updates, INT32, length, "gradient_steps")
    held = min(h.replay_capacity, steps)  # a float32 number draws from them
    yield h.counter("the transitions to draw from", held, FLOAT32, "replay_capacity")
    for key in ("train_every", "learning_starts", "target_update_period"):
        yield h.counter("what it counts", getattr(h, key), INT32, key)


def of_actor_critic(h: Any, pack: Mapping[str, int], seeds: Mapping[str, int]) -> Iterator[Need]:
    """Yield the needs of actors and critics, a pack at once."""
    played = ("horizon", "environments_per_seed")
    # A step has two observations of at least one feature and about ten other numbers.
    yield h.memory("a rollout", 12 * 4, *played, **pack)
    # Two networks, and two moments of the optimizer for each.
    yield from networks.needs((1, *h.hidden_sizes, 1), 6, h.given("hidden_sizes"), pack)
    yield memory(
        "the curves", 2 * 4 * h.iterations * product(seeds), h.given("total_steps") | seeds
    )
    yield h.work("the steps", "total_steps", **seeds)
    yield h.counter("the number of steps", h.total_steps, INT32, "total_steps")
    yield h.counter("the steps of a rollout", h.batch_size, FLOAT32, *played)
