"""Problems to solve or to learn: a model, its discount, and where its episodes begin.

Gymnasium's toy-text environments are read by their transition table, and a sample of their steps
is compared with it. Axes: S states.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from numbers import Integral
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from reprise import seeds
from reprise.tabular.mdp import MDP, divisors
from reprise.tabular.names import ModelError
from reprise.tabular.tables import from_table
from reprise.tabular.undiscounted import ways_to_rest

STEPS = 5_000  # in a sample: a fraction of a second
DEVIATIONS = 6.0  # standard deviations of a frequency: chance does not bring so many
FOLLOWED = (
    "allowed: environments with steps that follow the table (tables.from_table reads a table alone)"
)

Outcome = tuple[int, float]  # next state and reward


class Problem(NamedTuple):
    """A model, its name, its discount, and where its episodes begin."""

    name: str
    mdp: MDP
    discount: float
    start: np.ndarray  # probability of each state to be the first of an episode, float64 [S]

    def start_value(self, values: np.ndarray) -> float:
        """Return the expected discounted return of an episode, from the states' values, [S]."""
        return float((self.start * values).sum())


def from_state(name: str, mdp: MDP, discount: float, start_state: str) -> Problem:
    """Return the problem with episodes that all begin in one state."""
    start = np.zeros(mdp.number_of_states)
    start[mdp.state(start_state)] = 1.0
    return Problem(name, mdp, discount, start)


@cache  # to check a table takes longer than many a run
def toy_text(environment_id: str, discount: float) -> Problem:
    """Return one of Gymnasium's toy-text environments, which begins where `env.reset` does.

    Raises:
        ModelError: as `from_gymnasium`, and if the environment has no start distribution.
    """
    mdp, start = _read(environment_id)
    if start is None:
        raise ModelError(
            f"environment {environment_id!r} has no initial_state_distrib; allowed: toy-text "
            "environments that have one, such as FrozenLake-v1"
        )
    return Problem(environment_id, mdp, discount, start)


def from_gymnasium(environment_id: str, **arguments: Any) -> MDP:
    """Read the transition table `env.unwrapped.P` of one of Gymnasium's toy-text environments.

    Gymnasium's time limits are left out.

    >>> from_gymnasium("FrozenLake-v1").number_of_states  # 16 fields, and the end
    17

    Args:
        environment_id: such as "FrozenLake-v1".
        arguments: of the environment, such as map_name="8x8".

    Raises:
        ModelError: if there is no such environment, it has no transition table, or its steps do not
            follow the table.
    """
    return _read(environment_id, **arguments)[0]


def _read(environment_id: str, **arguments: Any) -> tuple[MDP, np.ndarray | None]:
    """Read an environment's table, and where its episodes begin, [S], None if unknown."""
    name = f"environment {environment_id!r}"
    try:
        environment = gymnasium.make(environment_id, disable_env_checker=True, **arguments)
    except Exception as error:
        raise ModelError(f"{name}: {_reason(error)}") from error
    with closing(environment):
        table = getattr(environment.unwrapped, "P", None)
        if not isinstance(table, Mapping | Sequence):
            raise ModelError(
                f"{name} has no transition table P; allowed: toy-text environments that have one, "
                "such as FrozenLake-v1, CliffWalking-v1, Taxi-v4"
            )
        spaces = environment.observation_space, environment.action_space
        sizes = (int(space.n) if isinstance(space, Discrete) else None for space in spaces)
        try:
            mdp = from_table(table, *sizes)
            start = _start(environment, mdp)
            _check_steps(environment, mdp, start)
        except ModelError as error:
            raise ModelError(f"{name}: {error}") from None
    return mdp, start


def _start(environment: gymnasium.Env, mdp: MDP) -> np.ndarray | None:
    """Return the probability of each state to be the first of an episode, [S]."""
    given = getattr(environment.unwrapped, "initial_state_distrib", None)
    if given is None:
        return None
    try:
        start = np.append(np.asarray(given, np.float64), 0.0)  # no episode begins in "terminal"
    except (TypeError, ValueError):
        start = np.empty(0)
    if np.ndim(given) != 1 or len(start) != mdp.number_of_states or (start < 0).any():
        raise ModelError(
            f"initial_state_distrib is {' '.join(repr(given).split())}; allowed: "
            f"{mdp.number_of_states - 1} probabilities, one for each state"
        )
    start /= divisors(start.sum(keepdims=True), lambda _: "initial_state_distrib: probabilities")
    start.setflags(write=False)
    return start


def _check_steps(environment: gymnasium.Env, mdp: MDP, start: np.ndarray | None) -> None:
    """Play a sample of steps, and check that the table has each, about as often as it happens.

    Every other action is one that leads towards the end of an episode, so that the sample has
    enough of what happens late in it.

    Raises:
        ModelError: naming state, action, what happened and the table's probabilities.
    """
    generator = seeds.generator(0, "steps")
    ending = np.zeros_like(mdp.possible)
    ending[-1] = True
    towards_the_end, _ = ways_to_rest(mdp, mdp.possible, ending)
    happened: dict[tuple[int, int], Counter[Outcome]] = defaultdict(Counter)
    state, over, first_seed = -1, True, 0
    for ahead, uniform in zip(generator.random(STEPS) < 0.5, generator.random(STEPS), strict=True):
        if over:
            state = _state(_played(environment.reset, seed=first_seed)[0], mdp)
            first_seed = None
            if start is not None and not start[state] > 0:
                raise ModelError(
                    f"an episode begins in state {mdp.state_names[state]!r}; its probability in "
                    "initial_state_distrib is 0; allowed: environments that follow it"
                )
        choice = np.flatnonzero(mdp.possible[state])
        action = int(towards_the_end[state] if ahead else choice[int(uniform * len(choice))])
        observation, reward, terminated, truncated, _ = _played(environment.step, action)
        successor = mdp.number_of_states - 1 if terminated else _state(observation, mdp)
        outcome = successor, float(reward)
        if outcome not in _outcomes(mdp, state, action):
            raise ModelError(
                f"{mdp.place(state, action)}: a step led to state {mdp.state_names[successor]!r} "
                f"with reward {reward:g}, which is not in its table P; {FOLLOWED}"
            )
        happened[state, action][outcome] += 1
        state, over = successor, terminated or truncated
    for (state, action), counts in happened.items():
        n = counts.total()
        for outcome, p in _outcomes(mdp, state, action).items():
            if abs(counts[outcome] - n * p) > 5 + DEVIATIONS * (n * p * (1 - p)) ** 0.5:
                raise ModelError(
                    f"{mdp.place(state, action)}: the shares of the outcomes do not follow its "
                    f"table P: {counts[outcome]} of {n} of probability {p:.6g}; {FOLLOWED}"
                )


def _outcomes(mdp: MDP, state: int, action: int) -> dict[Outcome, float]:
    """Return the probability of each successor and reward."""
    row = state * mdp.number_of_actions + action
    found: dict[Outcome, float] = defaultdict(float)
    for n in range(*mdp.transitions.indptr[row : row + 2].tolist()):
        key = int(mdp.transitions.indices[n]), float(mdp.rewards[n])
        found[key] += float(mdp.transitions.data[n])
    return dict(found)


def _state(observation: Any, mdp: MDP) -> int:
    """Return an observed state, or a ModelError if the table does not have it."""
    if isinstance(observation, Integral) and 0 <= int(observation) < mdp.number_of_states - 1:
        return int(observation)
    raise ModelError(
        f"it observes {observation!r}; allowed: 0 to {mdp.number_of_states - 2}, the states of "
        "its table P"
    )


def _played(play: Any, *arguments: Any, **options: Any) -> Any:
    """Reset or step an environment; a failure is a ModelError."""
    try:
        return play(*arguments, **options)
    except Exception as error:
        raise ModelError(f"it cannot be played: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return an error's text in one line."""
    kind = "" if isinstance(error, gymnasium.error.Error) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())
