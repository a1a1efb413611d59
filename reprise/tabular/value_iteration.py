"""Value iteration and Q-value iteration: sweeps of the Bellman optimality equation.

Source: R. S. Sutton and A. G. Barto, Reinforcement Learning, 2018, chapter 4; M. L. Puterman,
Markov Decision Processes, 1994, chapter 6. Axes: S states, A actions.
"""

from itertools import pairwise

import numpy as np

from reprise.tabular.bellman import (
    Solution,
    model_arrays,
    not_converged,
    policy_of,
    settled,
    smallest_change,
)
from reprise.tabular.kernels import back_up_pairs, back_up_states, over_blocks, spread
from reprise.tabular.model import MDP
from reprise.tabular.policy_iteration import first_values
from reprise.tabular.undiscounted import check_solvable


def value_iteration(mdp: MDP, discount: float, tolerance: float, max_sweeps: int) -> Solution:
    """Sweep V(s) ← max_a Σ_s' T(s, a, s') [R(s, a, s') + γ V(s')] from V = 0 until it is V*.

    With a discount of 1 and rewards of both signs, from `first_values` instead.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> solution = value_iteration(mdp, discount=0.9, tolerance=1e-6, max_sweeps=1000)
    >>> solution.values.round(2).tolist()
    [18.92, 0.0, 50.13]
    >>> [mdp.action_names[action] for action in solution.policy]
    ['a0', 'a0', 'a1']

    Args:
        mdp: the model.
        discount: γ; 1 only for models that `undiscounted` allows.
        tolerance: the largest error of a value, relative to the largest reward where that is below
            1: sweeps end when no value changes by tolerance·(1 - γ)/γ. With a discount of 1 no such
            bound exists, and they end when none changes by the tolerance itself.
        max_sweeps: how many sweeps to wait for that.

    Raises:
        ModelError: if the discount is not possible.
        ConvergenceError: if the sweeps are used up.
    """
    check_solvable(mdp, discount)
    model, enough = model_arrays(mdp), smallest_change(mdp, discount, tolerance)
    values, new = first_values(mdp, discount), np.empty(mdp.number_of_states)
    policy = np.empty(mdp.number_of_states, np.int64)
    with over_blocks(mdp.number_of_states) as run:
        for sweep in range(1, max_sweeps + 1):
            low, high = spread(run(back_up_states, *model, discount, values, new, policy))
            values, new = new, values
            residual = max(abs(low), abs(high))
            if settled(residual, enough, values):
                return Solution(values, policy_of(mdp, values, discount), sweep, residual)
    raise not_converged(mdp, discount, max_sweeps, enough, values - new)


def q_value_iteration(mdp: MDP, discount: float, sweeps: int) -> np.ndarray:
    """Sweep Q(s, a) ← Σ_s' T(s, a, s') [R(s, a, s') + γ max_a' Q(s', a')] and keep every sweep.

    >>> from reprise.tabular.loaders import from_yaml
    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> q_value_iteration(mdp, discount=0.9, sweeps=50)[-1].round(2).tolist()
    [[18.92, 17.03, 13.62], [0.0, -inf, -4.88], [-inf, 50.13, -inf]]

    Args:
        mdp: the model.
        discount: γ, as in `value_iteration`.
        sweeps: how often all Q-values are updated, from 0 (-∞ for impossible actions).

    Returns:
        The Q-values before the first sweep and after each, float64 [sweeps + 1, S, A].
    """
    check_solvable(mdp, discount)
    history = np.empty((sweeps + 1, *mdp.possible.shape))
    history[0] = np.where(mdp.possible, first_values(mdp, discount)[:, np.newaxis], -np.inf)
    with over_blocks(mdp.number_of_states) as run:
        for old, new in pairwise(history):
            run(back_up_pairs, *model_arrays(mdp), discount, old.max(axis=1), new)
    return history
