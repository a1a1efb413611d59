"""Problems: a model, its discount, and where its episodes begin.

Gymnasium's toy-text environments have a table, P[state][action] = [(probability, next state,
reward, terminated), ...]; a sample of their steps is compared with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from numbers import Integral
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from reprise import seeds
from reprise.tabular.mdp import MDP, divisors, from_transitions, numbers
from reprise.tabular.names import ModelError
from reprise.tabular.undiscounted import ways_to_rest

TERMINAL = "terminal"
STEPS = 5_000  # in a sample: a fraction of a second
DEVIATIONS = 6.0  # standard deviations of a frequency: chance does not bring so many
FOLLOWED = "environments with steps that follow the table (loaders.from_table reads a table alone)"


class Problem(NamedTuple):
    """A model, its name, its discount, and its episodes' start."""

    name: str
    mdp: MDP
    discount: float
    start: np.ndarray  # probability of each state to be the first of an episode, float64 [S]

    def start_value(self, values: np.ndarray) -> float:
        """Return an episode's expected return, from the states' values."""
        return float((self.start * values).sum())


def from_state(name: str, mdp: MDP, discount: float, start_state: str) -> Problem:
    """Return the problem with episodes that begin in one state."""
    start = np.zeros(mdp.number_of_states)
    start[mdp.state(start_state)] = 1.0
    return Problem(name, mdp, discount, start)


@cache  # to check a table takes longer than many a run
def toy_text(environment_id: str, discount: float) -> Problem:
    """Return a toy-text environment, beginning as `env.reset` does."""
    mdp, start = _read(environment_id)
    if start is None:
        raise ModelError(
            f"environment {environment_id!r} has no initial_state_distrib; allowed: toy-text "
            "environments that have one, such as FrozenLake-v1"
        )
    return Problem(environment_id, mdp, discount, start)


def from_gymnasium(environment_id: str, **arguments: Any) -> MDP:
    """Read the table `env.unwrapped.P` of a toy-text environment.

    The arguments are the environment's, such as map_name="8x8". Its time limit is left out. A
    ModelError refuses an environment that does not follow such a table.

    >>> from_gymnasium("FrozenLake-v1").number_of_states  # 16 fields, and the end
    17
    """
    return _read(environment_id, **arguments)[0]


def from_table(table: Any, states: int | None = None, actions: int | None = None) -> MDP:
    """Read a transition table of dictionaries or lists.

    A terminated transition leads to one more state, "terminal", the last, which is absorbing and
    worth 0: the table's next state counts for nothing where an episode ends. An action that a state
    does not list is impossible in it. States and actions are as many as occur by default.

    >>> from_table([[[(0.5, 0, -1.0, False), (0.5, 0, -1.0, True)]]]).rewards.tolist()
    [-1.0, -1.0, 0.0]
    """
    states = len(table) if states is None and hasattr(table, "__len__") else states
    if not states:
        raise ModelError("the table has no state; allowed: one or more")
    transitions = []
    for state, row in _items(table, "state", states, "the table"):
        for action, outcomes in _items(row, "action", actions, f"state {state}"):
            pair = f"state {state}, action {action}"
            if not isinstance(outcomes, Sequence):
                raise ModelError(f"{pair}: {outcomes!r} is no list; allowed: a list of outcomes")
            for outcome in outcomes:
                transitions.append((state, action, *_outcome(outcome, states, pair)))
    if actions is None:
        actions = 1 + max((action for _, action, *_ in transitions), default=0)
    transitions += [(states, action, states, 1.0, 0.0) for action in range(actions)]
    return from_transitions(
        *zip(*transitions, strict=True),
        shape=(states + 1, actions),
        state_names=[*(f"s{state}" for state in range(states)), TERMINAL],
    )


def _items(rows: Any, kind: str, size: int | None, place: str) -> Iterator[tuple[int, Any]]:
    if isinstance(rows, Sequence) and not isinstance(rows, str):
        rows = dict(enumerate(rows))
    if not isinstance(rows, Mapping):
        given = type(rows).__name__
        raise ModelError(f"{place}: {given}; allowed: a dictionary or a list by {kind}")
    for number, row in rows.items():
        known = isinstance(number, Integral) and not isinstance(number, bool)
        if not known or int(number) < 0 or (size and int(number) >= size):
            allowed = f"0 to {size - 1}" if size else "0, 1, 2, ..."
            raise ModelError(f"{place}: {kind} {number!r}; allowed: {allowed}")
        yield int(number), row


def _outcome(outcome: Any, states: int, pair: str) -> tuple[int, float, float]:
    if not isinstance(outcome, Sequence) or len(outcome) != 4:
        allowed = "(probability, next state, reward, terminated)"
        raise ModelError(f"{pair}: outcome {outcome!r}; allowed: {allowed}")
    probability, successor, reward, terminated = outcome
    if not isinstance(successor, Integral) or not (terminated or 0 <= int(successor) < states):
        allowed = f"0 to {states - 1}, or any where the episode is terminated"
        raise ModelError(f"{pair}: next state {successor!r}; allowed: {allowed}")
    try:
        return states if terminated else int(successor), float(probability), float(reward)
    except (TypeError, ValueError):
        given = f"probability {probability!r} and reward {reward!r}"
        raise ModelError(f"{pair}: {given}; allowed: numbers") from None


def _read(environment_id: str, **arguments: Any) -> tuple[MDP, np.ndarray | None]:
    """Read a table, and the start distribution, [S], if any."""
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
        except Exception as error:  # of the environment's own code
            raise ModelError(f"{name}: it cannot be played: {_reason(error)}") from error
    return mdp, start


def _start(environment: gymnasium.Env, mdp: MDP) -> np.ndarray | None:
    given = getattr(environment.unwrapped, "initial_state_distrib", None)
    if given is None:
        return None
    name, size = "initial_state_distrib", mdp.number_of_states - 1
    start = numbers(name, given)
    if start.shape != (size,) or not (start >= 0).all():
        allowed = f"{size} probabilities, one for each state"
        raise ModelError(f"{name} is {start.tolist()}; allowed: {allowed}")
    start = np.append(start, 0.0)  # no episode begins in "terminal"
    start /= divisors(start.sum(keepdims=True), lambda _: f"{name}: probabilities")
    start.setflags(write=False)
    return start


def _check_steps(environment: gymnasium.Env, mdp: MDP, start: np.ndarray | None) -> None:
    """Refuse a table that steps do not follow.

    Every other action leads towards the end of an episode: the sample has enough late steps.
    """
    ending = np.zeros_like(mdp.possible)
    ending[-1] = True
    towards_the_end, _ = ways_to_rest(mdp, mdp.possible, ending)
    table: Any = defaultdict(Counter)  # probabilities of next state and reward, by state and action
    arrows = mdp.rows, mdp.transitions.indices, mdp.rewards, mdp.transitions.data
    for row, successor, reward, p in zip(*arrows, strict=True):
        table[divmod(row, mdp.number_of_actions)][successor, reward] += p
    happened: Any = defaultdict(Counter)
    generator = seeds.generator(0, "steps")
    state, over, first_seed = -1, True, 0
    for ahead, uniform in zip(generator.random(STEPS) < 0.5, generator.random(STEPS), strict=True):
        if over:
            state = _state(environment.reset(seed=first_seed)[0], mdp)
            first_seed = None
            if start is not None and not start[state] > 0:
                raise ModelError(
                    f"an episode begins in state {mdp.state_names[state]!r}; its probability in "
                    "initial_state_distrib is 0; allowed: environments that follow it"
                )
        choice = np.flatnonzero(mdp.possible[state])
        action = int(towards_the_end[state] if ahead else choice[int(uniform * len(choice))])
        observation, reward, terminated, truncated, _ = environment.step(action)
        successor = mdp.number_of_states - 1 if terminated else _state(observation, mdp)
        if (outcome := (successor, float(reward))) not in table[state, action]:
            raise ModelError(
                f"{mdp.place(state, action)}: a step led to state {mdp.state_names[successor]!r} "
                f"with reward {reward:g}, which is not in its table P; allowed: {FOLLOWED}"
            )
        happened[state, action][outcome] += 1
        state, over = successor, terminated or truncated
    for pair, counts in happened.items():
        n = counts.total()
        for outcome, p in table[pair].items():
            if abs(counts[outcome] - n * p) > 5 + DEVIATIONS * (n * p * (1 - p)) ** 0.5:
                raise ModelError(
                    f"{mdp.place(*pair)}: the shares of the outcomes do not follow its table P: "
                    f"{counts[outcome]} of {n} of probability {p:.6g}; allowed: {FOLLOWED}"
                )


def _state(observation: Any, mdp: MDP) -> int:
    if isinstance(observation, Integral) and 0 <= int(observation) < mdp.number_of_states - 1:
        return int(observation)
    allowed = f"0 to {mdp.number_of_states - 2}, the states of its table P"
    raise ModelError(f"it observes {observation!r}; allowed: {allowed}")


def _reason(error: Exception) -> str:
    kind = "" if isinstance(error, gymnasium.error.Error) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())
