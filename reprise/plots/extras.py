"""Figures of PPO and a DQN beyond CartPole."""

from pathlib import Path

from matplotlib.figure import Figure

from reprise.pipeline import artifacts
from reprise.plots import figures
from reprise.plots.show import Results


def learning_curves(results: Results) -> Figure:
    """Draw mean training returns over environment steps."""
    labels = ("environment steps", "mean return", "Training returns")
    seeds, all_seeds = (results.table(t, "steps") for t in ("returns", "learning_curve"))
    return figures.learning_curves({"": all_seeds}, labels, figures.maximum(results), seeds=seeds)


def final_policies(results: Results, reinforce: str = "") -> Figure:
    """Draw final policies and random play under the first limit.

    With a folder of REINFORCE's results, also its policies.
    """
    tables = {"": results.table("samples")}
    if reinforce:
        tables["REINFORCE, "] = artifacts.read_csv(Path(reinforce) / "samples.csv")
    samples = {
        f"{name}{way}": found.iloc[:, 0]
        for way in ("greedy", "sampled", "random")
        for name, table in tables.items()
        if not (found := table.filter(like=f"{way}_")).empty
    }
    labels = ("return", f"The final policies, under {results.limits[0]:,} steps")
    return figures.compare_policies(results, samples, labels, figures.maximum(results))


def steps_played(results: Results, reinforce: str) -> Figure:
    """Compare the environment steps of PPO and REINFORCE."""
    tables = results.table("samples"), artifacts.read_csv(Path(reinforce) / "samples.csv")
    steps = [table["environment_steps"] / 1000 for table in tables]
    labels = ("environment steps of a training (thousands)", "Steps played")
    return figures.compare_policies(results, {"PPO": steps[0], "REINFORCE": steps[1]}, labels)
