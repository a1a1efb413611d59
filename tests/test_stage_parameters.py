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
REFUSED: dict[str, list[tuple[dict[str, Any], str]]] = {
    "hardcoded_baseline": [
        ({"episodes": 1}, ".episodes is 1; allowed: greater than or equal to 2"),
        ({"traced_seed": 500}, ".traced_seed: 500 is not played; allowed: 0 to"),
        ({"episode": 5}, ".episode is unknown; did you mean episodes?"),
    ],
    "policy_search": [
        ({"evaluations": 450}, "evaluations is 450; allowed: a multiple of 20, as the record_ever"),
        ({"record_every": 7}, "evaluations is 500; allowed: a multiple of 7"),
        ({"genetic.weak_survivors": 20}, "weak_survivors is 20; allowed: below survivors, 20"),
        ({"grid.points": 1}, "grid.points is 1; allowed: greater than or equal to 2"),
        ({"gradient_ascent.difference": 0.6}, "allowed: less than or equal to 0.5"),
        ({"shown": []}, "shown is []: Tuple should have at least 3 items"),
        ({"neat.evaluation.first_seed": 0}, "neat: evaluation.first_seed is 0; allowed: from 1"),
        ({"neat.populatio": 3}, "neat.populatio is unknown; did you mean population?"),
    ],
    "partial_observability": [
        ({"noise.angel": 1.0}, ".noise.angel is unknown; did you mean angle?")
    ],
    "markov_chain": [
        ({"paths": 1}, "paths is 1; allowed: greater than or equal to 2"),
        ({"horizon": 0}, "horizon is 0; allowed: greater than 0"),
        ({"start_state": ""}, "start_state is '': String should have at least 1 char"),
        ({"start_stat": "s0"}, "start_stat is unknown; did you mean start_state?"),
        ({"shown_paths": True}, "shown_paths is true; allowed: a valid integer"),
    ],
    "mdp_solving": [
        ({"discounts": [1.0]}, ".discounts.0 is 1.0; allowed: less than 1"),
        ({"discounts": []}, ".discounts is []: Tuple should have at least 1 item"),
        ({"discounts": [0.9, 0.9]}, ".discounts: 0.9 is there twice; allowed: each"),
        ({"sweeps": 0}, ".sweeps is 0; allowed: greater than 0"),
        ({"tolerance": 0.0}, ".tolerance is 0.0; allowed: greater than 0"),
        ({"tolerence": 1e-8}, ".tolerence is unknown; did you mean tolerance?"),
        ({"switch.lowest": 0.99}, ".switch: lowest is 0.99; allowed: below highest, "),
        ({"switch.rival": "a2"}, ".switch: rival is a2, the action itself; allowed: another"),
        ({"toy_text.discount": True}, ".toy_text.discount is true; allowed: a valid"),
    ],
    "td_learning": [
        ({"runs": 1}, "runs is 1; allowed: greater than or equal to 2"),
        ({"window": 0.6}, "window is 0.6; allowed: less than or equal to 0.5"),
        ({"record_every": 90_000}, "record_every is 90000; allowed: up to iterations, 40000"),
        ({f"{SLOW}.learning_rate": 1.5}, "learning_rate is 1.5; allowed: less than or equal to 1"),
        ({f"{SLOW}.count": "step"}, f"{SLOW}.count is 'step'; allowed: one of steps, visits; did"),
        ({f"{SLOW}.learning_rat": 0.1}, f"{SLOW}.learning_rat is unknown; did you mean learning_r"),
        ({"schedules": {}}, "schedules is {}: Dictionary should have at least 1 item"),
    ],
    "q_learning_convergence": [
        ({"runs": 1}, "runs is 1; allowed: greater than or equal to 2"),
        ({"discount": 1.5}, "discount is 1.5; allowed: less than or equal to 1"),
        ({"tolerances": [0.05, 0]}, "tolerances.1 is 0; allowed: greater than 0"),
        ({"record_every": 10**6}, "record_every is 1000000; allowed: up to iterations, 600000"),
        ({"recorded.state": ""}, "recorded.state is '': String should have at least 1 char"),
        ({"learning_rat": 0.1}, "learning_rat is unknown; did you mean learning_rate?"),
    ],
    "exploration": [
        ({"runs": 1}, "runs is 1; allowed: greater than or equal to 2"),
        ({"tolerance": 0}, "tolerance is 0; allowed: greater than 0"),
        ({"curiosities": [1, -1]}, "curiosities.1 is -1; allowed: greater than 0"),
        ({"checkpoints.growth": 1}, "growth is 1; allowed: greater than or equal to 1.001"),
        ({"problems.taxi.discount": 1}, "problems.taxi.discount is 1; allowed: less than 1"),
        ({"problems.taxi.epsilon_decay": 0}, "epsilon_decay is 0; allowed: greater than 0"),
        ({"problems.taxi.iteration": 5}, "iteration is unknown; did you mean"),
    ],
    "approximate_q_learning": [
        ({"learning_rate": -0.01}, ".learning_rate is -0.01; allowed: greater than 0"),
        ({"total_episodes": 9}, ".total_episodes is 9; allowed: "),
        ({"dueling": True}, ".dueling is true; allowed: "),
        ({"clock.every": 19}, "clock.every is 19; allowed: from maximum_steps, 200, to"),
        ({"seeds": 1}, ".seeds is 1; "),
        ({"feature_sets.dqn": ["angle"]}, "feature_sets has 'dqn'; allowed: any other name"),
        ({"feature_sets.a_tuned": ["angle"]}, "feature_sets has 'a_tuned'; allowed: any other"),
        ({"tuning.learning_rates": []}, ".tuning.learning_rates"),
        ({"tuning.seeds": 1}, ".tuning.seeds is 1; allowed: greater than or equal to 2"),
        ({"feature_sets.some": ["angel"]}, ".some.0 is 'angel'; allowed: one of position, velocit"),
        ({"feature_sets.some": []}, ".feature_sets.some"),
    ],
    "hyperparameter_study": [
        (grid(discout=[0.9]), ".grid of dqn_training: a key is 'discout'; allowed: one of "),
        (grid(discount=[0.9, 2]), ".grid of dqn_training: discount 2: Input should be less"),
        (grid(discount=[1, 1.0]), " of dqn_training: discount has a value twice: [1, 1.0]"),
        (TWICE, ".grid has a name twice: discount, discount"),
        (grid(discount=[0.9]), ".grid makes one setting; allowed: at least 2"),
        ({"grid": []}, ".grid is []: Tuple should have at least 1 item"),
        ({"grid": {"discount": [0.9]}}, ".grid is {'discount': [0.9]}; allowed: a valid tuple"),
        ({"sample": 28}, ".sample is 28; allowed: at most 27, the grid"),
        ({"few_seeds": [1, 97]}, ".few_seeds has 97; allowed: at most seeds, 96"),
        ({"choosing_seeds": 96}, ".choosing_seeds is 96; allowed: less than seeds, 96"),
        ({"seeds": 1}, ".seeds is 1; allowed: greater than or equal to 2"),
        ({"stage": "dqn_trainig"}, "reinforce_training; did you mean dqn_training?"),
        *(
            ({"stage": other}, "allowed: one of dqn_training, reinforce_training")
            for other in ("markov_chain", ["dqn_training"], None)
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "change", "message"), [(name, *row) for name, rows in REFUSED.items() for row in rows]
)
def test_a_parameter_that_is_not_allowed_is_named(
    name: str, change: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parameters, "read", lambda _: tiny.altered(name, change))
    with pytest.raises(UserError, match=rf"^{name}[.:]") as error:
        parameters.load(name, tiny.stage(name).Params)
    assert message in str(error.value)
