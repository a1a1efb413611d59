"""What a discount may be: below 1, or 1 where every episode can end."""

import numpy as np

from reprise.mdp.kernels import reach
from reprise.mdp.model import MDP
from reprise.mdp.names import ModelError


def check_discount(discount: float) -> None:
    """Raise a ModelError unless the discount γ is from 0 to 1."""
    if not 0 <= discount <= 1:
        raise ModelError(f"discount is {discount}; allowed: from 0 to 1")


def absorbing_states(mdp: MDP) -> np.ndarray:
    """Return where every possible action leads back to the state itself with reward 0, bool [S]."""
    starts = mdp.row_starts[:: mdp.number_of_actions].astype(np.int64)  # [S + 1]
    states = np.repeat(np.arange(mdp.number_of_states), np.diff(starts))
    leaves = (mdp.successors != states) | (mdp.rewards != 0)
    return ~np.logical_or.reduceat(leaves, starts[:-1])


def proper_policy(mdp: MDP, policy: np.ndarray | None = None) -> np.ndarray:
    """Return a policy that surely reaches an absorbing state from everywhere, int64 [S].

    Without discount, values are finite only under such policies.

    Args:
        mdp: the model.
        policy: the actions to which to keep, [S]; all that are possible if it is None.

    Raises:
        ModelError: if there is none, naming the first state from which no absorbing state is
        reached.
    """
    absorbing = absorbing_states(mdp)
    allowed = mdp.possible
    if policy is not None:
        allowed = np.zeros_like(mdp.possible)
        allowed[np.arange(mdp.number_of_states), policy] = True
    reached = absorbing.copy()
    proper = np.argmax(mdp.possible, axis=1)
    reach(mdp.row_starts, mdp.successors, allowed, reached, proper)
    if not reached.all():
        state = mdp.state_names[int(np.argmin(reached))]
        who = "no policy leads" if policy is None else "the policy does not lead"
        raise ModelError(
            f"discount is 1 and cannot converge: {who} from state {state!r} to an absorbing "
            "state of reward 0; allowed: a discount below 1, or a model whose episodes end"
        )
    return proper
