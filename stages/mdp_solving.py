"""Markov decision processes, solved: the chapter's three states, and Gymnasium's toy-text models.

Reads data/inputs/three_state.yaml. Writes to data/mdp_solving/: metrics.json (per discount, the
optimal Q-values, best actions and each solver's sweeps; the discount at which the policy flips),
q_value_iteration.csv (every Q-value after every sweep), solvers.csv (each model by each solver),
policies.csv (each state's value and best actions), switch.csv (the gap between two actions'
Q-values over the discounts around the flip).
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field, model_validator

from reprise.capacity import Need
from reprise.hyperparameters import AtLeastTwo, Frozen, Name, PositiveFloat, PositiveInt
from reprise.pipeline import stage
from reprise.tabular import comparison, loaders, problems
from reprise.tabular.dynamic_programming import q_value_iteration, switching_discount

THREE_STATE = Path("data/inputs/three_state.yaml")

BelowOne = Annotated[float, Field(ge=0, lt=1)]  # modified policy iteration needs a discount below 1


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values, of which none may be there twice."""
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"{twice[0]} is there twice; allowed: each value once")
    return values


SOME = Field(strict=False, min_length=1), AfterValidator(distinct)


class Switch(Frozen):
    """Search for the discount at which one action overtakes another."""

    state: Name
    action: Name
    rival: Name
    lowest: BelowOne
    highest: BelowOne
    points: AtLeastTwo  # of the curve of the gap, from the lowest to the highest

    @model_validator(mode="after")
    def _has_a_range_and_a_rival(self) -> Self:
        if self.rival == self.action:
            raise ValueError(f"rival is {self.rival}, the action itself; allowed: another")
        if self.lowest >= self.highest:
            raise ValueError(f"lowest is {self.lowest}; allowed: below highest, {self.highest}")
        return self


class ToyText(Frozen):
    """Gymnasium's models; of Taxi, Gymnasium 1.4 has v4 only, where v3 was meant."""

    discount: BelowOne
    environments: Annotated[tuple[Name, ...], *SOME]


class Params(comparison.Limits):
    """The section mdp_solving of params.yaml."""

    start_state: Name
    discounts: Annotated[tuple[BelowOne, ...], *SOME]
    sweeps: PositiveInt
    relative_tolerance: PositiveFloat
    switch: Switch
    toy_text: ToyText

    def needs(self) -> Iterator[Need]:
        """Yield the needs of the recorded sweeps and of the curve of the gap."""
        yield self.memory("the Q-values after all sweeps", 8, "sweeps")
        yield self.work("the sweeps", "evaluation_sweeps")
        yield self.memory("the curve of the gap", 100, "switch.points")


def run(params: Params) -> dict[str, Any]:
    """Solve every model by every solver, and find the flip."""
    mdp, flip, toys = loaders.from_yaml(THREE_STATE), params.switch, params.toy_text
    chapter = [
        problems.from_state("three_state", mdp, discount, params.start_state)
        for discount in params.discounts
    ]
    others = [problems.toy_text(name, toys.discount) for name in toys.environments]
    state, action = mdp.pair(flip.state, flip.action)
    rival, bracket = mdp.pair(flip.state, flip.rival)[1], (flip.lowest, flip.highest)
    flips_at = switching_discount(mdp, state, action, rival, bracket)
    solved = [(problem, comparison.solve_by_all(problem, params)) for problem in chapter + others]
    summaries = {(p.name, p.discount): comparison.summary(p, found) for p, found in solved}
    histories = {
        discount: q_value_iteration(mdp, discount, params.sweeps) for discount in params.discounts
    }
    tables = {
        "q_value_iteration.csv": [
            comparison.history_table(mdp, *item) for item in histories.items()
        ],
        "solvers.csv": [comparison.solver_table(*item) for item in solved],
        "policies.csv": [comparison.state_table(*item) for item in solved],
    }
    return {
        "metrics.json": {
            "three_state": {
                f"discount_{discount}".replace(".", "_"): summaries["three_state", discount]
                | comparison.history_summary(mdp, discount, history, params.relative_tolerance)
                for discount, history in histories.items()
            },
            "switching_discount": flips_at,
            "toy_text": {toy.name: summaries[toy.name, toy.discount] for toy in others},
        },
        **{name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()},
        "switch.csv": comparison.gap_table(
            mdp, state, action, rival, np.linspace(*bracket, flip.points)
        ),
    }


def headline(results: dict[str, Any]) -> str:
    """Return the discount at which the policy flips."""
    metrics = results["metrics.json"]
    models = 1 + len(metrics["toy_text"])
    return f"{models} models solved; the policy flips at {metrics['switching_discount']:.6f}"


if __name__ == "__main__":
    sys.exit(stage.execute("mdp_solving", Params, run, headline))
