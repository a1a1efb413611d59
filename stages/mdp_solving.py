"""The chapter's decision process and Gymnasium's toy-text models, solved.

Reads params.yaml and data/inputs/three_state.yaml. Writes to data/mdp_solving/:
    metrics.json           optimal Q-values, best actions and sweeps by discount; the discount at
                           which the policy flips
    q_value_iteration.csv  every Q-value after every sweep
    solvers.csv            a row for each model and solver
    policies.csv           each state's value and best actions
    switch.csv             the gap between two actions' Q-values, by discount
"""

import sys
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import AfterValidator, model_validator

from reprise import hyperparameters as kinds
from reprise.pipeline import stage
from reprise.tabular import comparison, loaders, problems
from reprise.tabular.dynamic_programming import q_value_iteration, switching_discount

THREE_STATE = Path("data/inputs/three_state.yaml")


def distinct(values: tuple) -> tuple:
    """Refuse a value that occurs twice."""
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"{twice[0]} is there twice; allowed: each value once")
    return values


class Switch(kinds.Frozen):
    """Search for the discount at which one action overtakes another."""

    state: kinds.Name
    action: kinds.Name
    rival: kinds.Name
    lowest: kinds.BelowOne
    highest: kinds.BelowOne
    points: kinds.AtLeastTwo  # discounts of switch.csv, from the lowest to the highest

    @model_validator(mode="after")
    def _has_a_range_and_a_rival(self) -> Self:
        if self.rival == self.action:
            raise ValueError(f"rival is {self.rival}, the action itself; allowed: another")
        if self.lowest >= self.highest:
            raise ValueError(f"lowest is {self.lowest}; allowed: below highest, {self.highest}")
        return self


class ToyText(kinds.Frozen):
    """Toy-text models of Gymnasium."""

    discount: kinds.BelowOne  # as all solvers need it
    environments: Annotated[kinds.Some[kinds.Name], AfterValidator(distinct)]


class Params(comparison.Limits):
    """The section of params.yaml."""

    start_state: kinds.Name
    discounts: Annotated[kinds.Some[kinds.BelowOne], AfterValidator(distinct)]
    sweeps: kinds.PositiveInt
    relative_tolerance: kinds.PositiveFloat
    switch: Switch
    toy_text: ToyText


def run(params: Params) -> dict:
    """Solve every model by every solver, and find the flip."""
    mdp, flip, toys = loaders.from_yaml(THREE_STATE), params.switch, params.toy_text
    start = params.start_state
    chapter = [problems.from_state("three_state", mdp, d, start) for d in params.discounts]
    others = [problems.toy_text(name, toys.discount) for name in toys.environments]
    state, action = mdp.pair(flip.state, flip.action)
    rival, bracket = mdp.pair(flip.state, flip.rival)[1], (flip.lowest, flip.highest)
    flips_at = switching_discount(mdp, state, action, rival, bracket)
    solved = [(problem, comparison.solve_by_all(problem, params)) for problem in chapter + others]
    summaries = [comparison.summary(*item) for item in solved]
    own, tolerance = {}, params.relative_tolerance
    tables = {name: [] for name in ("q_value_iteration.csv", "solvers.csv", "policies.csv")}
    for discount, summary in zip(params.discounts, summaries, strict=False):
        history = q_value_iteration(mdp, discount, params.sweeps)
        optimal = comparison.history_summary(mdp, discount, history, tolerance)
        own[f"discount_{discount}".replace(".", "_")] = summary | optimal
        tables["q_value_iteration.csv"].append(comparison.history_table(mdp, discount, history))
    for item in solved:
        tables["solvers.csv"].append(comparison.solver_table(*item))
        tables["policies.csv"].append(comparison.state_table(*item))
    toy_text = dict(zip(toys.environments, summaries[len(chapter) :], strict=True))
    discounts = np.linspace(*bracket, flip.points)
    return {
        "metrics.json": {"three_state": own, "switching_discount": flips_at, "toy_text": toy_text},
        **{name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()},
        "switch.csv": comparison.gap_table(mdp, state, action, rival, discounts),
    }


def headline(results: dict) -> str:
    """Report the discount at which the policy flips."""
    metrics = results["metrics.json"]
    models = 1 + len(metrics["toy_text"])
    return f"{models} models solved; the policy flips at {metrics['switching_discount']:.6f}"


if __name__ == "__main__":
    sys.exit(stage.execute("mdp_solving", Params, run, headline))
