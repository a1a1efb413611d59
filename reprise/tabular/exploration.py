"""Behaviours that explore, for tabular Q-learning, and what they come to: value and coverage.

ε-greedy: with probability ε_k any action, else argmax_a Q(s, a), where ε_k falls linearly. The
exploration function f(q, n) = q + κ / (1 + n), of an action's Q-value and how often it was tried:
the agent takes argmax_a f(Q(s, a), N(s, a)); the target is r + γ max_a' f(Q(s', a'), N(s', a')).
Source: the chapter, which calls κ k; S. Russell and P. Norvig, Artificial Intelligence, 2010,
section 21.3, for acting by f, which the chapter leaves open. Both are values of the parameters ε_0,
ε at the end, iterations in between, and κ, so that one loop is compiled for all.

Axes: R runs, S states, A actions, K checkpoints.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from reprise.tabular.bellman import model_arrays
from reprise.tabular.model import MDP
from reprise.tabular.policy_values import evaluate
from reprise.tabular.problems import Problem
from reprise.tabular.q_learning import Behaviour, Learner, Learning, episodes, settling_iterations
from reprise.tabular.undiscounted import absorbing_states


class Exploration(NamedTuple):
    """What the runs had come to at each checkpoint."""

    values: np.ndarray  # float64 [R, K], of the greedy policy: the expected return of an episode
    coverage: np.ndarray  # float64 [R, K], the share of pairs tried, of those that can be


@njit
def falling(iteration: int, parameters: np.ndarray) -> float:
    """ε_k, which falls linearly and then stays."""
    done = min(1.0, iteration / parameters[2])
    return parameters[0] + (parameters[1] - parameters[0]) * done


@njit
def appraise_curiously(q: float, visits: int, parameters: np.ndarray) -> float:
    """f(q, n) = q + κ / (1 + n)."""
    return q + parameters[3] / (1 + visits)


def epsilon_greedy(start: float, end: float, decay: float) -> Behaviour:
    """Return the behaviour whose ε falls linearly from start to end over so many iterations."""
    return Behaviour(falling, appraise_curiously, (start, end, decay, 0.0))


def curious(curiosity: float) -> Behaviour:
    """Return the behaviour of the exploration function, κ being the curiosity."""
    return Behaviour(falling, appraise_curiously, (0.0, 0.0, 1.0, curiosity))


AT_RANDOM = epsilon_greedy(1.0, 1.0, 1.0)  # as RANDOM, without compiling the loop again


def explore(
    problem: Problem,
    hyperparameters: Learning,
    behaviour: Behaviour,
    generators: Sequence[np.random.Generator],
    checkpoints: Sequence[int],
) -> Exploration:
    """Learn in one run for each generator, and evaluate the greedy policy at each checkpoint.

    The greedy policy takes the first action of the highest Q-value; its value is exact, from the
    model. Coverage counts the pairs of an action and a state that can be reached from a start.

    Args:
        problem: the model and where episodes begin; they have no time limit.
        hyperparameters: of every run.
        behaviour: how the agent acts.
        generators: one for each run.
        checkpoints: numbers of iterations, ascending, [K].
    """
    mdp, discount = problem.mdp, hyperparameters.discount
    model = episodes(mdp, problem.start, discount)
    arrays = model_arrays(mdp)
    pairs = int(mdp.possible[explorable_states(mdp, problem.start)].sum())
    found = Exploration(*np.empty((2, len(generators), len(checkpoints))))
    for run, generator in enumerate(generators):
        learner = Learner(mdp, model, hyperparameters, behaviour, generator)
        for k, checkpoint in enumerate(checkpoints):
            learner.learn(checkpoint)
            values = evaluate(*arrays, np.argmax(learner.q, axis=1), discount)
            found.values[run, k] = start_value(problem, values)
            found.coverage[run, k] = np.count_nonzero(learner.visits) / pairs
    return found


def start_value(problem: Problem, values: np.ndarray) -> float:
    """Return the expected discounted return of an episode, from the values of the states, [S]."""
    return float((problem.start * values).sum())


def steps_to_within(
    values: np.ndarray, optimum: float, relative_tolerance: float, checkpoints: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first checkpoint at which a run's policy is near-optimal, at all and for good.

    For good: it is so at every later checkpoint too. The first time may be luck: a policy can be
    optimal before anything is learnt.

    Args:
        values: of `Exploration`, [R, K].
        optimum: the value of an optimal policy.
        relative_tolerance: how near: optimum - value ≤ relative_tolerance·|optimum|.
        checkpoints: numbers of iterations, [K].

    Returns:
        Iterations, float64 [R], twice; NaN for a run that does not get there.
    """
    steps = np.append(np.asarray(checkpoints, np.float64), np.nan)
    near = np.abs(values - optimum) <= relative_tolerance * abs(optimum)
    first = np.where(near.any(axis=1), np.argmax(near, axis=1), -1)
    record = settling_iterations(values, optimum, relative_tolerance, 1)  # counted from 1
    return steps[first], steps[np.nan_to_num(record).astype(np.int64) - 1]


def explorable_states(mdp: MDP, start: np.ndarray) -> np.ndarray:
    """Return the states in which an agent may find itself and act, bool [S].

    Args:
        mdp: the model.
        start: probability of each state to be the first of an episode, [S].
    """
    row_starts = mdp.row_starts[:: mdp.number_of_actions].astype(np.int64)
    leads_from = np.repeat(np.arange(mdp.number_of_states), np.diff(row_starts))  # [N]
    reached, before = start > 0, -1
    while reached.sum() > before:
        before = int(reached.sum())
        reached[mdp.successors[reached[leads_from]]] = True
    return reached & ~absorbing_states(mdp)


def checkpoints_until(last: int, first: int, growth: float) -> list[int]:
    """Return checkpoints from the first to the last, each so many times the one before."""
    found = [min(first, last)]
    while found[-1] < last:
        found.append(min(last, max(found[-1] + 1, int(found[-1] * growth))))
    return found
