"""Transition tables as Gymnasium's toy-text environments have them, and a test of their steps.

A table is P[state][action] = [(probability, next state, reward, terminated), ...]. Axes: S states.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete, Space

from reprise import seeds
from reprise.tabular.mdp import MDP, check_sums, from_transitions, normalised
from reprise.tabular.names import ModelError
from reprise.tabular.undiscounted import ways_to_rest

TERMINAL = "terminal"
STEPS = 5_000  # in a sample: a fraction of a second
DEVIATIONS = 8.0  # standard deviations of frequencies: chance does not bring so many
FOLLOWED = (
    "allowed: environments with steps that follow the table (tables.from_table reads a table alone)"
)


def from_table(table: Any, states: range | None = None, actions: range | None = None) -> MDP:
    """Read a transition table: a dictionary or list by state, of dictionaries or lists by action.

    A terminated transition leads to one more state, "terminal", the last, which is absorbing and
    worth 0: the table's next state counts for nothing where an episode ends. An action that a state
    does not list is impossible in it.

    >>> from_table([[[(0.5, 0, -1.0, False), (0.5, 0, -1.0, True)]]]).rewards.tolist()
    [-1.0, -1.0, 0.0]

    Args:
        table: P.
        states: the states' numbers; 0, 1, ... if None.
        actions: the actions' numbers; 0, 1, ... up to the last that occurs if None.

    Raises:
        ModelError: naming state, action, the value and what is allowed.
    """
    states = range(len(table)) if states is None and hasattr(table, "__len__") else states
    if not states:
        raise ModelError("the table has no state; allowed: one or more")
    transitions, last = [], 0
    for state, row in _items(table, "state", states, "the table"):
        place = f"state {states[state]}"
        for action, outcomes in _items(row, "action", actions, place):
            last = max(last, action)
            pair = f"{place}, action {action + (actions.start if actions else 0)}"
            if not isinstance(outcomes, Sequence):
                raise ModelError(f"{pair}: {outcomes!r} is no list; allowed: a list of outcomes")
            for outcome in outcomes:
                transitions.append((state, action, *_outcome(outcome, states, pair)))
    actions = actions or range(last + 1)
    transitions += [(len(states), action, len(states), 1.0, 0.0) for action in range(len(actions))]
    return from_transitions(
        *zip(*transitions, strict=True),
        shape=(len(states) + 1, len(actions)),
        state_names=[*(f"s{state}" for state in states), TERMINAL],
        action_names=[f"a{action}" for action in actions],
    )


def read_environment(environment_id: str, **arguments: Any) -> tuple[MDP, np.ndarray | None]:
    """Read an environment's table, and where its episodes begin, [S], None if unknown.

    Raises:
        ModelError: if there is no such environment, it has no table, or its steps do not follow
            the table.
    """
    name = f"environment {environment_id!r}"
    try:
        environment = gymnasium.make(environment_id, disable_env_checker=True, **arguments)
    except Exception as error:
        raise ModelError(f"{name}: {_reason(error)}") from error
    try:
        table = getattr(environment.unwrapped, "P", None)
        if not isinstance(table, Mapping | Sequence):
            raise ModelError(
                f"{name} has no transition table P; allowed: toy-text environments that have one, "
                "such as FrozenLake-v1, CliffWalking-v1, Taxi-v4"
            )
        try:
            states, actions = map(_range, (environment.observation_space, environment.action_space))
            mdp = from_table(table, states, actions)
            start = _start(environment, mdp)
            _check_steps(environment, mdp, start)
        except ModelError as error:
            raise ModelError(f"{name}: {error}") from None
    finally:
        environment.close()
    return mdp, start


def _items(rows: Any, kind: str, numbers: range | None, place: str) -> Iterator[tuple[int, Any]]:
    """Yield the entries of a dictionary or a list, each with its place among the numbers."""
    if isinstance(rows, Mapping):
        for number, row in rows.items():
            known = isinstance(number, Integral) and not isinstance(number, bool)
            if not known or (int(number) not in numbers if numbers else number < 0):
                allowed = f"{numbers[0]} to {numbers[-1]}" if numbers else "0, 1, 2, ..."
                raise ModelError(f"{place}: {kind} {number!r}; allowed: {allowed}")
            yield int(number) - (numbers.start if numbers else 0), row
    elif isinstance(rows, Sequence) and not isinstance(rows, str):
        if numbers and len(rows) > len(numbers):
            raise ModelError(f"{place}: {len(rows)} {kind}s; allowed: {len(numbers)}")
        yield from enumerate(rows)
    else:
        raise ModelError(
            f"{place}: {type(rows).__name__}; allowed: a dictionary or a list by {kind}"
        )


def _outcome(outcome: Any, states: range, pair: str) -> tuple[int, float, float]:
    """Return an outcome's successor, probability and reward."""
    if not isinstance(outcome, Sequence) or len(outcome) != 4:
        raise ModelError(
            f"{pair}: outcome {outcome!r}; allowed: (probability, next state, reward, terminated)"
        )
    probability, successor, reward, terminated = outcome
    if not isinstance(successor, Integral) or not (terminated or int(successor) in states):
        raise ModelError(
            f"{pair}: next state {successor!r}; allowed: {states[0]} to {states[-1]}, "
            "or any where the episode is terminated"
        )
    try:
        numbers = float(probability), float(reward)
    except (TypeError, ValueError):
        raise ModelError(
            f"{pair}: probability {probability!r} and reward {reward!r}; allowed: numbers"
        ) from None
    return len(states) if terminated else int(successor) - states.start, *numbers


def _range(space: Space) -> range | None:
    """Return the numbers of a discrete space."""
    if not isinstance(space, Discrete):
        return None
    return range(int(space.start), int(space.start) + int(space.n))


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
    sums = start.sum(keepdims=True)
    check_sums(sums, lambda _: "initial_state_distrib: probabilities")
    start = normalised(start, sums)
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
    first_action = int(getattr(environment.action_space, "start", 0))
    happened: dict[tuple[int, int], Counter] = defaultdict(Counter)  # by state and action
    state, over, first_seed = -1, True, 0
    for ahead, uniform in zip(generator.random(STEPS) < 0.5, generator.random(STEPS), strict=True):
        if over:
            observation = _played(environment.reset, seed=first_seed)[0]
            first_seed = None
            state = _state(observation, mdp, environment)
            if start is not None and not start[state] > 0:
                raise ModelError(
                    f"an episode begins in state {mdp.state_names[state]!r}; its probability in "
                    "initial_state_distrib is 0; allowed: environments that follow it"
                )
        choice = np.flatnonzero(mdp.possible[state])
        action = int(towards_the_end[state] if ahead else choice[int(uniform * len(choice))])
        observation, reward, terminated, truncated, _ = _played(
            environment.step, action + first_action
        )
        successor = (
            mdp.number_of_states - 1 if terminated else _state(observation, mdp, environment)
        )
        outcome = successor, float(reward)
        if outcome not in _outcomes(mdp, state, action):
            raise ModelError(
                f"{mdp.place(state, action)}: a step led to state {mdp.state_names[successor]!r} "
                f"with reward {reward:g}, which is not in its table P; {FOLLOWED}"
            )
        happened[state, action][outcome] += 1
        state, over = successor, terminated or truncated
    _check_frequencies(mdp, happened)


def _check_frequencies(mdp: MDP, happened: dict[tuple[int, int], Counter]) -> None:
    """Check how often outcomes happened, by Pearson's χ² over all pairs and its exact deviation."""
    excess, variance = {}, 0.0
    for pair, counts in happened.items():
        outcomes = _outcomes(mdp, *pair)
        p, observed = np.array([(p, counts[outcome]) for outcome, p in outcomes.items()]).T
        n, k = observed.sum(), len(p)
        excess[pair] = float(((observed - n * p) ** 2 / (n * p)).sum()) - (k - 1)
        variance += 2 * (k - 1) + (float((1 / p).sum()) - k * k - 2 * k + 2) / n
    if sum(excess.values()) > DEVIATIONS * max(variance, 1.0) ** 0.5:
        pair = max(excess, key=lambda pair: excess[pair])
        counts = ", ".join(
            f"{happened[pair][outcome]} of probability {p:.6g}"
            for outcome, p in _outcomes(mdp, *pair).items()
        )
        raise ModelError(
            f"{mdp.place(*pair)}: the shares of the outcomes do not follow its table P: {counts}; "
            f"{FOLLOWED}"
        )


def _outcomes(mdp: MDP, state: int, action: int) -> dict[tuple[int, float], float]:
    """Return the probability of each successor and reward."""
    row = state * mdp.number_of_actions + action
    found: dict[tuple[int, float], float] = {}
    for n in range(*mdp.transitions.indptr[row : row + 2].tolist()):
        key = int(mdp.transitions.indices[n]), float(mdp.rewards[n])
        found[key] = found.get(key, 0.0) + float(mdp.transitions.data[n])
    return found


def _state(observation: Any, mdp: MDP, environment: gymnasium.Env) -> int:
    """Return the index of an observed state."""
    first = int(getattr(environment.observation_space, "start", 0))
    if isinstance(observation, Integral) or np.ndim(observation) == 0:
        try:
            state = int(observation) - first
        except (TypeError, ValueError):
            state = -1
        if 0 <= state < mdp.number_of_states - 1:
            return state
    raise ModelError(
        f"it observes {observation!r}; allowed: {first} to {first + mdp.number_of_states - 2}, the "
        "states of its table P"
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
