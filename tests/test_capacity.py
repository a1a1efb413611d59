"""Parameters that no machine can hold are refused in time."""

import copy
import functools
import math
from typing import Any

import pytest

import reprise
from reprise import capacity
from reprise.capacity import CapacityError
from reprise.hyperparameters import Recorded
from reprise.pipeline import parameters, stage
from reprise.pipeline.parameters import ParameterError
from tests import tiny

MACHINE = 25 * 10**9  # bytes, of the machine in these tests
HUGE = 10**12
EVALUATED = {"evaluation.episodes": 10**9, "evaluation.limits": [HUGE]}
REINFORCE = EVALUATED | {
    "seeds": 10**9, "hidden_sizes": [10**7], "iterations": HUGE,
    "episodes_per_iteration": HUGE, "maximum_steps": HUGE,
}  # fmt: skip
DQN = EVALUATED | {
    "seeds": 10**9, "hidden_sizes": [10**7],
    "replay_capacity": HUGE, "gradient_steps": HUGE, "learning_starts": HUGE,
    "target_update_period": HUGE,
}  # fmt: skip
ACTOR_CRITIC = EVALUATED | {
    "seeds": 10**9, "hidden_sizes": [10**7], "total_steps": 10**15,
    "horizon": HUGE, "environments_per_seed": HUGE,
}  # fmt: skip
ROUNDS_BY_EPISODES = {"total_episodes": HUGE, "train_every": HUGE, "maximum_steps": HUGE}

# By stage, the values of which each alone is refused.
REFUSED: dict[str, dict[str, Any]] = {
    "hardcoded_baseline": {
        "episodes": HUGE, "further_episodes": HUGE, "maximum_steps": HUGE,
        "untrained.networks": 10**9,
        "untrained.episodes": HUGE, "untrained.hidden_sizes": [10**7],
    },
    "policy_search": {
        "runs": 10**9, "evaluations": 10**15, "fresh_tries": HUGE,
        "grid.points": 10**9, "gradient_ascent.repeats": 25 * 10**10,
        "genetic.survivors": 2 * 10**11, "genetic.offspring": 5 * 10**10 - 1,
        "landscape.points": 10**9, "landscape.tries": HUGE, "landscape.best_tries": HUGE,
        "coverage.tries": HUGE, "coverage.doublings": 60, "neat.runs": 10**9,
        "neat.population": HUGE, "neat.episodes": HUGE, "neat.evaluation.episodes": HUGE,
    },
    "credit_assignment": REINFORCE,
    "reinforce_training": REINFORCE,
    "lunar_lander": REINFORCE,
    **dict.fromkeys(
        ("pendulum_swing_up", "inverted_pendulum", "lunar_lander_actor_critic"), ACTOR_CRITIC
    ),
    "atari_pong": DQN | {"total_steps": HUGE, "train_every": HUGE},
    "actor_critic": EVALUATED | {
        "seeds": 10**9, "hidden_sizes": [HUGE], "total_steps": 10**15,
        "horizon": HUGE, "environments_per_seed": HUGE, "foresight.episodes": HUGE,
    },
    "prior_knowledge": REINFORCE | {
        "imitation.episodes": HUGE, "imitation.gradient_steps": HUGE,
    },
    "partial_observability": REINFORCE | {"variants.positions.history": HUGE},
    "markov_chain": {"paths": HUGE, "horizon": HUGE, "resamples": HUGE},
    "mdp_solving": {"sweeps": HUGE, "evaluation_sweeps": 10**18, "switch.points": HUGE},
    "td_learning": {"runs": 10**9, "iterations": 10**17},
    "q_learning_convergence": {"runs": 10**9, "iterations": 10**17, "sweeps": HUGE},
    "exploration": {
        "runs": 10**9, "problems.taxi.iterations": 10**17, "checkpoints.growth": 1 + 1e-15,
    },
    "approximate_q_learning": DQN | {
        "total_steps": HUGE, "clock.every": 1, "tuning.seeds": HUGE,
    },
    "dqn_training": DQN | ROUNDS_BY_EPISODES,
    "dqn_ablations": DQN | ROUNDS_BY_EPISODES | {
        "variants.buffer_500.replay_capacity": HUGE, "replay_access.longer": HUGE,
        "variants.base.seeds": HUGE,
        "replay_access.accesses": HUGE, "replay_access.repeats": 10**17, "warning": HUGE,
        "shown_after": HUGE,
    },
    "hyperparameter_study": EVALUATED | {
        "seeds": 10**9, "pack_size": 10**9,
        "grid": [
            {"name": name, "values": list(range(1, 101))}
            for name in ("total_episodes", "maximum_steps", "epsilon_decay", "train_every",
                         "learning_starts", "gradient_steps", "batch_size", "target_update_period",
                         "learning_rate", "replay_capacity")
        ],
    },
}  # fmt: skip
# What other parameters bound, with values of those that allow so much.
SEARCHED = {"evaluations": HUGE, "record_every": 10**9, "runs": 2}
TOGETHER: dict[tuple[str, str], dict[str, Any]] = {
    ("policy_search", "genetic.survivors"): SEARCHED,
    ("policy_search", "genetic.offspring"): SEARCHED,
    ("policy_search", "gradient_ascent.repeats"): SEARCHED,
    ("exploration", "checkpoints.growth"): {"problems.taxi.iterations": HUGE},
    ("approximate_q_learning", "clock.every"): {
        "total_steps": 2 * 10**9, "maximum_steps": 1, "train_every": 10**6
    },
}  # fmt: skip


COMMITTED = parameters.read(tiny.ROOT / "params.yaml")


def executed(name: str, change: dict[str, Any], tmp_path, monkeypatch) -> int:
    """Return the code of a stage that must not start."""
    sections = copy.deepcopy(COMMITTED)
    for key, value in change.items():
        *outer, last = key.split(".")
        functools.reduce(dict.__getitem__, outer, sections[name])[last] = value
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parameters, "read", lambda *_: sections)
    monkeypatch.setattr(capacity, "machine_memory", lambda: MACHINE)

    def run(params: Any) -> dict:
        pytest.fail("it starts")

    return stage.execute(name, tiny.stage(name).Params, run, str, argv=[])


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name in REFUSED for key in REFUSED[name]]
)
def test_what_no_machine_has_is_refused_in_one_line(name, key, tmp_path, monkeypatch, capsys):
    change = {key: REFUSED[name][key]} | TOGETHER.get((name, key), {})
    assert executed(name, change, tmp_path, monkeypatch) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert [part for part in key.split(".") if part not in REFUSED][-1] in err
    assert "this machine" in err or "allowed: " in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "claims"])
def test_the_committed_parameters_ask_for_little(name, monkeypatch):
    monkeypatch.setattr(capacity, "machine_memory", lambda: 10**9)
    monkeypatch.chdir(tiny.ROOT)
    capacity.check(name, parameters.load(name, tiny.stage(name).Params).needs())


def test_an_integer_beyond_64_bits_is_refused_in_one_line():
    with pytest.raises(ParameterError, match=r"^td_learning\.iterations is too large; allowed: "):
        parameters.checked({"iterations": 10**5000, "record_every": 1}, "td_learning", Recorded)


@pytest.mark.parametrize("name", ["seeds", "replay_capacity", "total_episodes"])
def test_a_training_from_python_is_refused_likewise(name):
    with pytest.raises(CapacityError, match=rf"^dqn\.{name} 1000000000000\b.*; this machine has"):
        reprise.train("dqn", **dict[str, Any]({name: 10**12}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"total_episodes": 10**6, "maximum_steps": 2148},
         r"total_episodes 1000000, dqn\.maximum_steps 2148: the number of steps: "
         r"up to 2,148,000,000; allowed: at most 2147483647"),
        ({"total_episodes": 10**6, "gradient_steps": 2148}, "the number of gradient steps: up to"),
        ({"replay_capacity": 2**24 + 1, "total_episodes": 10**6}, "replay_capacity 16777217: "),
    ],
)  # fmt: skip
def test_a_counter_of_a_compiled_program_that_would_overflow_is_refused(changes, message):
    with pytest.raises(CapacityError, match=message):
        reprise.train("dqn", seeds=1, **changes)


def test_the_machine_has_no_more_than_a_limit_on_this_process(monkeypatch):
    whole = capacity.machine_memory()
    assert 10**8 < whole < 10**14
    monkeypatch.setattr(capacity.resource, "getrlimit", lambda _: (10**8, math.inf))
    assert capacity.machine_memory() == 10**8


def test_the_machine_has_no_more_than_its_container(tmp_path, monkeypatch):
    monkeypatch.setattr(capacity, "CONTAINER", tmp_path / "memory.max")
    whole = capacity.machine_memory()
    for text, memory in {"1000000\n": 10**6, "max\n": whole}.items():
        capacity.CONTAINER.write_text(text)
        assert capacity.machine_memory() == memory
