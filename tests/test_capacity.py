"""Parameters that no machine can hold are refused in time."""

import copy
import functools
from typing import Any

import pytest

import reprise
from reprise.errors import UserError
from reprise.hyperparameters import Recorded
from reprise.pipeline import parameters, stage
from reprise.pipeline.parameters import ParameterError
from tests import tiny

HUGE = 10**11
EVALUATED = "seeds pack_size evaluation.episodes evaluation.limits"
REINFORCE = f"{EVALUATED} hidden_sizes iterations episodes_per_iteration maximum_steps"
DQN = f"{EVALUATED} hidden_sizes replay_capacity gradient_steps learning_starts"

# By stage, parameters of which each alone is refused.
REFUSED = {
    "hardcoded_baseline": "episodes further_episodes maximum_steps untrained.networks",
    "policy_search": "runs evaluations fresh_tries grid.points landscape.tries neat.population",
    "credit_assignment": REINFORCE,
    "reinforce_training": REINFORCE,
    "lunar_lander": REINFORCE,
    **dict.fromkeys(
        ("pendulum_swing_up", "inverted_pendulum", "lunar_lander_actor_critic"),
        f"{EVALUATED} hidden_sizes total_steps horizon environments_per_seed",
    ),
    "atari_pong": f"{DQN} total_steps train_every",
    "actor_critic": f"{EVALUATED} total_steps horizon environments_per_seed foresight.episodes",
    "prior_knowledge": f"{REINFORCE} imitation.episodes imitation.gradient_steps",
    "partial_observability": f"{REINFORCE} variants.positions.history",
    "markov_chain": "paths horizon resamples",
    "mdp_solving": "sweeps evaluation_sweeps switch.points",
    "td_learning": "runs iterations",
    "q_learning_convergence": "runs iterations sweeps",
    "exploration": "runs problems.taxi.iterations",
    "approximate_q_learning": f"{EVALUATED} total_steps tuning.seeds",
    "dqn_training": f"{DQN} total_episodes maximum_steps",
    "dqn_ablations": f"{DQN} variants.buffer_500.replay_capacity variants.base.seeds warning",
    "hyperparameter_study": f"{EVALUATED} grid",
}
GRID = [{"name": name, "values": list(range(1, 101))} for name in ("batch_size", "total_episodes")]
COMMITTED = parameters.read(tiny.ROOT / "params.yaml")


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name, keys in REFUSED.items() for key in keys.split()]
)
def test_what_no_machine_has_is_refused_in_one_line(name, key, tmp_path, monkeypatch, capsys):
    sections, (*outer, last) = copy.deepcopy(COMMITTED), key.split(".")
    inner = functools.reduce(dict.__getitem__, outer, sections[name])
    huge = [*GRID, {"name": "gradient_steps", "values": list(range(1, 101))}]
    inner[last] = huge if last == "grid" else [HUGE] if isinstance(inner[last], list) else HUGE
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parameters, "read", lambda *_: sections)

    def run(params: Any) -> dict:
        pytest.fail("it starts")

    assert stage.execute(name, tiny.stage(name).Params, run, str, argv=[]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert last in err
    assert "allowed: at most" in err
    assert not list(tmp_path.iterdir())


def test_an_integer_beyond_64_bits_is_refused_in_one_line():
    with pytest.raises(ParameterError, match=r"^td_learning\.iterations is too large; allowed: "):
        parameters.checked({"iterations": 10**5000, "record_every": 1}, "td_learning", Recorded)


@pytest.mark.parametrize("name", ["seeds", "replay_capacity", "total_episodes"])
def test_a_training_from_python_is_refused_likewise(name):
    with pytest.raises(UserError, match=rf"^dqn\.{name}: 100,000,000,000 is too large; allowed: "):
        reprise.train("dqn", **dict[str, Any]({name: HUGE}))
