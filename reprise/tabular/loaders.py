"""Models from YAML files."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from reprise.hyperparameters import Frozen, Name, Probability, Some
from reprise.pipeline import parameters
from reprise.tabular.mdp import MDP, from_transitions
from reprise.tabular.names import ModelError, find

Model = TypeVar("Model")


class Outcome(Frozen):
    """A successor of a state and an action."""

    probability: Probability
    reward: Annotated[float, Field(allow_inf_nan=False)] = 0.0


class File(Frozen):
    """A file of a Markov decision process."""

    states: Some[Name]
    actions: Some[Name]
    transitions: dict[Name, dict[Name, dict[Name, Outcome]]]


def from_yaml(path: str | PathLike[str]) -> MDP:
    """Read a model from a file such as data/inputs/three_state.yaml.

    The file has the lists `states` and `actions`, and the nested mapping `transitions`: state,
    action, successor, and there the `probability` and, unless it is 0, the `reward`. Actions that a
    state does not name are impossible in it.

    >>> mdp = from_yaml("data/inputs/three_state.yaml")
    >>> list(mdp.state_names), list(mdp.action_names)
    (['s0', 's1', 's2'], ['a0', 'a1', 'a2'])
    """

    def build(file: File) -> MDP:
        states, actions = file.states, file.actions
        columns = [
            (
                find(state, states, "state"),
                find(action, actions, "action"),
                find(successor, states, "state"),
                outcome.probability,
                outcome.reward,
            )
            for state, row in file.transitions.items()
            for action, outcomes in row.items()
            for successor, outcome in outcomes.items()
        ]
        if not columns:
            raise ModelError("there are no transitions; allowed: one or more for each state")
        return from_transitions(
            *zip(*columns, strict=True),
            shape=(len(states), len(actions)),
            state_names=states,
            action_names=actions,
        )

    return read_model(path, File, build)


def read_model(path: str | PathLike[str], kind: type[Frozen], build: Callable[..., Model]) -> Model:
    """Build a model from a file; errors name the file."""
    file = parameters.checked(parameters.read(Path(path)), str(path), kind)
    try:
        return build(file)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
