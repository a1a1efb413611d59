"""The parameters that stages have here: tiny, but wide enough to fill a processor's vectors.

A pack has 24 seeds, three vectors of AVX2; two seeds would be computed one by one, by instructions
that all processors share. Of an experiment's variants it keeps one for each kind of program.
"""

from typing import Any

from tests import tiny

WIDE = {"seeds": 24, "pack_size": 24}

CHANGES: dict[str, dict[str, Any]] = {
    "credit_assignment": WIDE,
    "reinforce_training": WIDE | {"hidden_sizes": [5]},
    "prior_knowledge": WIDE,
    "partial_observability": WIDE,
    "approximate_q_learning": WIDE,
    "dqn_training": WIDE | {"hidden_sizes": [32, 32], "batch_size": 8},
    "dqn_ablations": WIDE,
    "hyperparameter_study": WIDE | {
        "seeds": 6, "grid": [
            {"name": "learning_rate", "values": [0.01, 0.05]},
            {"name": "replay_capacity", "values": [32]},
            {"name": "discount", "values": [0.9, 0.95]},
        ],
    },
    "claims": {"resamples": 1000},
}  # fmt: skip

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "credit_assignment": ("variants", {"return": {"credit": "return"}}),
    "prior_knowledge": (
        "variants",
        {
            "shaping": {"penalty": 5.0, "imitates": False},
            "imitation": {"penalty": 0.0, "imitates": True},
        },
    ),
    "approximate_q_learning": (
        "feature_sets",
        {
            "handcrafted": [
                "velocity", "angle", "angular_velocity_squared", "angle_times_angular_velocity",
            ],
        },
    ),
    "dqn_ablations": (
        "variants",
        {
            "everything": {
                "target_network": "soft", "double": True, "dueling": True, "loss": "huber",
                "activation": "tanh", "gradient_steps": 2, "optimizer": "adam",
            },
        },
    ),
}  # fmt: skip


def section(name: str) -> dict[str, Any]:
    """Return a stage's parameters."""
    parameters = tiny.section(name, **CHANGES.get(name, {}))
    if name == "partial_observability":
        kept = "noisy_with_history"
        parameters |= {"variants": {kept: parameters["variants"][kept]}, "baseline": kept}
    elif name in VARIANTS:
        key, chosen = VARIANTS[name]
        parameters[key] = chosen
        if "baseline" in parameters:
            parameters["baseline"] = next(iter(chosen))
        if "partners" in parameters:
            parameters["partners"] = {}
    return parameters
