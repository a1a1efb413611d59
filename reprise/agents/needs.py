"""Needs of trainings: lower bounds of memory, work and counts.

`pack` is the parameter for the number of seeds trained at once, `seeds` the one for their total
number, each by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reprise import capacity
from reprise.capacity import Given, Need
from reprise.nn import networks

if TYPE_CHECKING:
    from reprise.agents import dqn, reinforce


def of_dqn(h: dqn.Hyperparameters, pack: Given, seeds: Given) -> Iterator[Need]:
    """Yield the needs of the training of a DQN."""
    at_once, total = capacity.product(pack), capacity.product(seeds)
    by_steps = h.total_steps is not None
    name = "total_steps" if by_steps else "total_episodes"
    length, episode = {name: getattr(h, name)}, {"maximum_steps": h.maximum_steps or 1}
    round_ = {"train_every": h.train_every} if by_steps else episode
    for what, given in {
        "the replay buffers": {"replay_capacity": h.replay_capacity},
        "the steps of a round": round_,
        "the batches": {"batch_size": h.batch_size},
    }.items():
        # A transition is at least 6 numbers: those of an observation of one feature.
        size = at_once * capacity.product(given) * 6 * 4
        yield capacity.memory(what, size, given | dict(pack))
    # Weights, those of the target and of the best episode, and two moments of the optimizer.
    sizes, given = (1, *h.hidden_sizes, 2), {"hidden_sizes": h.hidden_sizes}
    yield from networks.needs(sizes, 5, given, pack)
    trained = length | dict(pack)
    yield capacity.memory("the curves", at_once * h.rounds * 4 * 4, trained)
    trained = length | dict(seeds)
    yield capacity.memory("all curves", total * h.rounds * 4 * 4, trained)
    yield capacity.work("the steps", total * capacity.product(length), trained)
    steps = h.rounds * capacity.product(round_)
    yield capacity.count("the number of steps", steps, capacity.INT32, length | round_)
    # A transition is drawn by a float32 number.
    held = {"replay_capacity": h.replay_capacity}
    reachable = min(h.replay_capacity, steps)
    yield capacity.count("the transitions to draw from", reachable, capacity.FLOAT32, held)
    studied = length | {"gradient_steps": h.gradient_steps}
    updates = h.rounds * h.gradient_steps
    yield capacity.count("the number of gradient steps", updates, capacity.INT32, studied)
    for name in ("train_every", "learning_starts", "target_update_period"):
        value = getattr(h, name)
        yield capacity.count("what it counts", value, capacity.INT32, {name: value})


def of_reinforce(h: reinforce.Hyperparameters, pack: Given, seeds: Given) -> Iterator[Need]:
    """Yield the needs of a training by REINFORCE."""
    iterations, trained = {"iterations": h.iterations}, {"iterations": h.iterations} | dict(seeds)
    episodes = h.episodes_per_iteration
    yield from of_episodes("episodes_per_iteration", episodes, h.maximum_steps or 1, pack)
    # Weights and two moments.
    sizes, given = (1, *h.hidden_sizes, 1), {"hidden_sizes": h.hidden_sizes}
    yield from networks.needs(sizes, 3, given, pack)
    total = capacity.product(seeds)
    yield capacity.memory("the curves", total * h.iterations * 2 * 4, trained)
    steps = total * h.iterations * episodes
    yield capacity.work("the training", steps, trained | {"episodes_per_iteration": episodes})
    yield capacity.count("the number of iterations", h.iterations, capacity.INT32, iterations)


def of_episodes(name: str, episodes: int, steps: int, pack: Given) -> Iterator[Need]:
    """Yield the needs of episodes played at once, with all their steps kept.

    A step is at least an observation of one feature, an action, a reward and a random number. A
    float32 number counts the steps.

    Args:
        name: of the parameter for the number of episodes.
        episodes: E.
        steps: T, the parameter maximum_steps.
        pack: the parameter for the number of seeds trained at once.
    """
    given = {name: episodes, "maximum_steps": steps}
    size = capacity.product(given, pack) * 4 * 4
    yield capacity.memory("the episodes' steps", size, given | dict(pack))
    yield capacity.count("the number of steps", capacity.product(given), capacity.FLOAT32, given)
