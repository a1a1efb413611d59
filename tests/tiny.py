"""Stages with tiny parameters: what tests of trainings and of the whole pipeline run."""

import copy
import functools
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reprise.pipeline import execution, parameters

ROOT = Path(__file__).parents[1]
ABSENT: Any = object()  # a change that takes a key away
EVALUATION = {"episodes": 2, "limits": [20, 30]}
REINFORCE = {
    "seeds": 2, "pack_size": 2, "hidden_sizes": [3], "iterations": 4, "episodes_per_iteration": 2,
    "maximum_steps": 20, "evaluation": EVALUATION,
}  # fmt: skip
DQN = {
    "seeds": 2, "pack_size": 2, "hidden_sizes": [3], "total_episodes": 8, "maximum_steps": 20,
    "epsilon_decay": 6, "learning_starts": 2, "replay_capacity": 32, "batch_size": 4,
    "evaluation": EVALUATION,
}  # fmt: skip
ACTOR_CRITIC = {
    "seeds": 2, "pack_size": 2, "hidden_sizes": [3], "total_steps": 64, "horizon": 16,
    "environments_per_seed": 2, "maximum_steps": 12, "epochs": 2, "minibatches": 2,
    "evaluation": EVALUATION,
}  # fmt: skip
CHANGES: dict[str, dict[str, Any]] = {
    "reinforce_training": REINFORCE | {"seeds": 4, "snapshots": 3, "targets": [10, 19, 100, 195]},
    "credit_assignment": REINFORCE,
    "actor_critic": {
        "seeds": 2, "pack_size": 2, "hidden_sizes": [3], "total_steps": 96, "horizon": 8,
        "environments_per_seed": 2, "maximum_steps": 20, "evaluation": EVALUATION,
        "variants": {"ppo": {"horizon": 16}}, "targets": [10, 19, 100, 195], "window_steps": 16,
        "record_every": 16, "foresight": {"episodes": 6, "random_steps": 2},
    },
    "prior_knowledge": REINFORCE | {
        "imitation": {"episodes": 2, "gradient_steps": 3}, "targets": [10, 19], "window": 2,
    },
    "partial_observability": REINFORCE | {"early": 2, "record_every": 1},
    "dqn_training": DQN | {"seeds": 4, "snapshots": 3, "targets": [10, 19, 100, 195]},
    "dqn_ablations": DQN | {
        "maximum_steps": 30,  # of so many variants' seeds, two would reach a low cap alike
        # One variant for each thing that a variant may change: numbers, sizes, the program.
        "variants": dict.fromkeys((
            "buffer_500", "buffer_10000", "buffer_50000", "learning_rate_0_003",
            "learning_rate_0_03", "huber", "target_soft", "dueling", "no_replay",
            "gradient_steps_50",
        ), ABSENT) | {"base": {"seeds": 2}, "in_order": {"total_steps": 240, "seeds": 2}},
        "window": 2, "warning": 2, "shown_after": 2,
        "replay_access": {"shorter": 100, "longer": 1000, "accesses": 8, "repeats": 2},
    },
}  # fmt: skip

OTHERS: dict[str, dict[str, Any]] = {
    "hardcoded_baseline": {
        "episodes": 30, "further_episodes": 100, "untrained": {"networks": 4, "episodes": 2},
    },
    "policy_search": {
        "seeds": 4, "pack_size": 2, "fresh_tries": 2,
        "landscape": {"points": 4, "tries": 2, "best_tries": 2},
        "coverage": {"tries": 2, "doublings": 2},
        "neat": {
            "seeds": 2, "population": 6, "generations": 2, "episodes": 1,
            "evaluation": EVALUATION,
        },
    },
    "hyperparameter_study": {
        "grid": [
            {"name": "learning_rate", "values": [0.01, 0.05]},
            {"name": "replay_capacity", "values": [16, 32]},
            {"name": "discount", "values": [0.9, 0.95]},
        ],
        "seeds": 2, "choosing_seeds": 1, "few_seeds": [1, 2], "pack_size": 3,
        "evaluation": EVALUATION | {"limits": [20]},
    },
    "lunar_lander": REINFORCE | {"iterations": 2},
    "pendulum_swing_up": ACTOR_CRITIC,
    "lunar_lander_actor_critic": ACTOR_CRITIC,
    # Without MuJoCo and Atari, which only `make extra` installs.
    "inverted_pendulum": ACTOR_CRITIC | {"environment": {"id": "MountainCarContinuous-v0"}},
    "atari_pong": DQN | {
        "environment": {
            "id": "LunarLander-v3", "kwargs": {"obs_type": ABSENT, "frameskip": ABSENT},
            "wrappers": [],
        },
        "total_episodes": None, "total_steps": 64, "train_every": 8, "gradient_steps": 2,
        "record_every": 8, "window": 2,
    },
    "markov_chain": {"paths": 300, "resamples": 100},
    "td_learning": {"seeds": 10, "iterations": 4000, "record_every": 100},
    "q_learning_convergence": {"seeds": 20, "iterations": 20000},
    "exploration": {"seeds": 3},
    "approximate_q_learning": {
        "seeds": 2, "pack_size": 2, "total_steps": 60, "maximum_steps": 20,
        "evaluation": EVALUATION,
        "clock": {"every": 20, "window": 2, "targets": [10, 19]},
        "tuning": {"seeds": 2, "learning_rates": [0.1, 0.01]},
    },
}  # fmt: skip


@functools.cache
def sections() -> dict[str, Any]:
    """Return the committed parameters, read once."""
    return parameters.read(ROOT / "params.yaml")


def stage(name: str) -> ModuleType:
    """Return a stage's module."""
    return importlib.import_module(f"stages.{name}")


def update(parameters: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return nested parameters with some leaves changed, or taken away."""
    changed = parameters | {
        key: update(parameters[key], value)
        if isinstance(value, dict) and isinstance(parameters.get(key), dict)
        else value
        for key, value in changes.items()
    }
    return {key: value for key, value in changed.items() if value is not ABSENT}


def section(name: str, **changes: Any) -> dict[str, Any]:
    """Return a stage's section of params.yaml, made tiny."""
    committed = copy.deepcopy(sections()[name])
    committed = update(committed, {"seed": 42} if "seed" in committed else {})
    return update(update(committed, (CHANGES | OTHERS).get(name, {})), changes)


def params(name: str, of: Callable[..., dict[str, Any]] = section, **changes: Any) -> Any:
    """Return a stage's tiny parameters as its model, the section that it borrows among them."""
    model, own = stage(name).Params, of(name, **changes)
    borrowed = model.borrowed(own) if hasattr(model, "borrowed") else {}
    return model(**own, **{field: kind(**of(other)) for field, (other, kind) in borrowed.items()})


def run(name: str, workers: int = 1, **changes: Any) -> dict[str, Any]:
    """Return what a stage gives for its tiny parameters."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(execution.WORKERS, str(workers))
        return stage(name).run(params(name, **changes))


STAGES = [name for name in sections() if name != execution.SECTION]


def altered(name: str, change: dict[str, Any]) -> dict[str, Any]:
    """Return all committed parameters with values of a stage changed, keys dotted."""
    changed = copy.deepcopy(sections())
    for key, value in change.items():
        *outer, last = key.split(".")
        functools.reduce(dict.__getitem__, outer, changed[name])[last] = value
    return changed
