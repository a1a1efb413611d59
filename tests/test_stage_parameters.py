"""A stage's bad parameter is named, with its value and what is allowed."""

from typing import Any

import pytest

from reprise.errors import UserError
from reprise.pipeline import parameters
from tests import tiny


def grid(**values: list[Any]) -> dict[str, Any]:
    """Return the change to a study's grid, as params.yaml has it."""
    return {"grid": [{"name": name, "values": tried} for name, tried in values.items()]}


TWICE = {"grid": grid(discount=[1, 0.9])["grid"] * 2}
SLOW = "schedules.power_slow"
# By stage, what its own rules refuse: pydantic's are in tests/pipeline/test_parameters.py.
REFUSED: dict[str, list[tuple[dict[str, Any], str]]] = {
    "hardcoded_baseline": [
        ({"traced_seed": 500}, ".traced_seed: 500 is not played; allowed: 0 to")
    ],
    "policy_search": [
        ({"evaluations": 450}, "evaluations is 450; allowed: a multiple of 20, as the record_ever"),
        ({"genetic.weak_survivors": 20}, "weak_survivors is 20; allowed: below survivors, 20"),
        ({"neat.evaluation.first_seed": 0}, "neat: evaluation.first_seed is 0; allowed: from 1"),
        ({"neat.populatio": 3}, "neat.populatio is unknown; did you mean population?"),
    ],
    "reinforce_training": [
        ({"evaluation.first_seed": 2**31 - 1}, "evaluation: first_seed is 2147483647; allowed: ")
    ],
    "credit_assignment": [
        ({"baseline": "ful"}, "baseline is 'ful'; allowed: one of "),
        ({"variants.advantage.credit": "al"}, "variants.advantage.credit is 'al'; allowed: one of"),
        ({"variants.advantage.discoun": 0.9}, "advantage.discoun is unknown; did you mean disc"),
        ({"variants.advantage.iterations": 5}, "advantage changes iterations; allowed: the same"),
        ({"half_lives.shorter": 1.0}, "half_lives.shorter is 1.0; "),
    ],
    "actor_critic": [
        ({"clip": 0.2, "minibatches": 5}, "minibatches is 5; allowed: a divisor of "),
        ({"epochs": 2}, "clip is null; allowed: with 1 epoch, 1 minibatch, no clip_value"),
        ({"clip_value": True}, "clip is null; allowed: with 1 epoch, 1 minibatch, no clip_value"),
    ],
    "prior_knowledge": [({"window": 301}, "window is 301; allowed: at most iterations, 300")],
    "partial_observability": [
        ({"noise.angel": 1.0}, ".noise.angel is unknown; did you mean angle?"),
        ({"variants.full.features": ["speed"]}, "variants.full.features.0 is 'speed'; "),
        ({"early": 1501}, "early is 1501; allowed: at most iterations, 1500"),
    ],
    "mdp_solving": [
        ({"discounts": [0.9, 0.9]}, ".discounts: 0.9 is there twice; allowed: each"),
        ({"switch.lowest": 0.99}, ".switch: lowest is 0.99; allowed: below highest, "),
        ({"switch.rival": "a2"}, ".switch: rival is a2, the action itself; allowed: another"),
    ],
    "td_learning": [
        ({"record_every": 90_000}, "record_every is 90000; allowed: at most iterations, 40000"),
        ({f"{SLOW}.count": "step"}, f"{SLOW}.count is 'step'; allowed: one of steps, visits; did"),
    ],
    "q_learning_convergence": [
        ({"record_every": 10**6}, "record_every is 1000000; allowed: at most iterations, 600000")
    ],
    "exploration": [
        ({"checkpoints.growth": 1}, "growth is 1; allowed: greater than or equal to 1.001")
    ],
    "approximate_q_learning": [
        ({"total_episodes": 9}, ".total_episodes is 9; allowed: "),
        ({"clock.every": 19}, "clock.every is 19; allowed: from maximum_steps, 200, to"),
        ({"feature_sets.dqn": ["angle"]}, "feature_sets has 'dqn'; allowed: any other name"),
        ({"feature_sets.some": ["angel"]}, ".some.0 is 'angel'; allowed: one of position, velocit"),
    ],
    "dqn_training": [
        ({"batch_size": 4000}, "batch_size is 4000; allowed: at most replay_capacity, 2000"),
        ({"epsilon_end": 1.0, "epsilon_start": 0.5}, "epsilon_end is 1.0; allowed: at most eps"),
        ({"double": True}, "double is true; allowed: only with a target_network, hard or soft"),
        ({"total_steps": 80}, "total_episodes is 600, total_steps is 80; allowed: one of them"),
    ],
    "dqn_ablations": [
        ({"partners.double": "no"}, "partners.double is 'no'; allowed: one of base, "),
        ({"window": 601}, "window is 601; allowed: at most total_episodes, 600"),
        ({"variants.relu.double": True}, "variants: relu: double is true; allowed: only with"),
    ],
    "hyperparameter_study": [
        (grid(discout=[0.9]), ".grid of dqn_training: the hyperparameter is 'discout'; allowed: "),
        (grid(discount=[0.9, 2]), ".grid of dqn_training: discount 2: Input should be less"),
        (grid(discount=[1, 1.0]), "dqn_training: discount is [1, 1.0]; allowed: each value once"),
        (TWICE, ".grid has a name twice: discount, discount"),
        (grid(discount=[0.9]), ".grid makes one setting; allowed: at least 2"),
        ({"sample": 28}, ".sample is 28; allowed: at most 27, the grid"),
        ({"few_seeds": [1, 97]}, ".few_seeds has 97; allowed: at most seeds, 96"),
        ({"choosing_seeds": 96}, ".choosing_seeds is 96; allowed: less than seeds, 96"),
        ({"stage": "dqn_trainig"}, "reinforce_training; did you mean dqn_training?"),
        ({"stage": None}, "allowed: one of dqn_training, reinforce_training"),
    ],
}


@pytest.mark.parametrize(
    ("name", "change", "message"), [(name, *row) for name, rows in REFUSED.items() for row in rows]
)
def test_a_parameter_that_is_not_allowed_is_named(name, change, message, monkeypatch):
    monkeypatch.setattr(parameters, "read", lambda _: tiny.altered(name, change))
    with pytest.raises(UserError, match=rf"^{name}[.:]") as error:
        parameters.load(name, tiny.stage(name).Params)
    assert message in str(error.value)
