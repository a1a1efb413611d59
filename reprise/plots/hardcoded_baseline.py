"""Figures of the stage hardcoded_baseline: Gymnasium live, rules, swings, untrained networks."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reprise.plots import figures, show, style
from reprise.plots.show import Results
from reprise.stats import intervals

LABELS = {
    "angle_and_velocity": "angle and velocity",
    "angle": "angle",
    "random": "random",
    "untrained_network": "untrained network",
    "always_left": "always left",
}
RULES: dict[str, Callable] = {
    "angle": lambda angle, velocity: angle,
    "angle and velocity": lambda angle, velocity: angle + velocity,
}
STATE = ("position (m)", "velocity (m/s)", "angle (rad)", "angular velocity (rad/s)")
TIME_STEP = 0.02  # seconds
FALLEN = 12  # degrees
FEWEST = 30  # episodes behind a swing that is shown


def classics() -> list[str]:
    """Return Gymnasium's classics of control theory."""
    registry = gym.registry.items()
    return sorted(name for name, spec in registry if "classic_control" in str(spec.entry_point))


def versions() -> Markdown:
    """Show the time limit and the solved return of CartPole's versions."""
    specs = [gym.registry[name] for name in ("CartPole-v0", "CartPole-v1")]
    rows = [(spec.id, spec.max_episode_steps, f"{spec.reward_threshold:g}") for spec in specs]
    return show.table(rows, ("environment", "time limit", "solved from a mean return of"))


def observation(values: NDArray) -> Markdown:
    """Show an observation with the names of its numbers."""
    return show.table([[f"{value:.4f}" for value in values]], STATE)


def picture(frame: NDArray) -> Figure:
    """Draw a frame of the environment."""
    figure, axes = style.single(3.4, width=4.6)
    axes.imshow(frame)
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    style.finish(axes, "", "", f"{frame.shape[0]} by {frame.shape[1]} pixels")
    return figure


def episode(environment: gym.Env, seed: int, rule: str) -> dict[str, Any]:
    """Play an episode by a rule and return its return, its end and its path."""
    state, _ = environment.reset(seed=seed)
    path, total, ended = [state], 0.0, (False, False)
    while not any(ended):
        action = int(RULES[rule](state[2], state[3]) >= 0)
        state, reward, *ended, _ = environment.step(action)
        path.append(state)
        total += float(reward)
    return {"return": total, "terminated": ended[0], "truncated": ended[1], "path": np.array(path)}


def ends(episodes: dict[str, dict[str, Any]]) -> Markdown:
    """Show the ends of episodes by rule."""
    keys = ("return", "terminated", "truncated")
    rows = [(name, *(found[key] for key in keys)) for name, found in episodes.items()]
    return show.table(rows, ("rule", *keys))


def policies(results: Results) -> Markdown:
    """Show each policy's returns."""
    rows = []
    for name, label in LABELS.items():
        found = results.metrics[name]
        rows.append((
            label, show.cell(found), f"{found['population_standard_deviation']:.2f}",
            f"{found['min']:g}", f"{found['max']:g}", f"{found['solved']:.0%}",
        ))  # fmt: skip
    return show.table(
        rows, ("policy", "mean return", "standard deviation", "lowest", "highest", "solved")
    )


def returns(results: Results) -> Figure:
    """Draw the returns of each policy."""
    samples = _samples(results)
    return figures.compare_policies(
        {name: intervals.mean_interval(row, results.confidence) for name, row in samples.items()},
        samples=samples, x_label="return (steps the pole stands)", title="Return of each policy",
        statistic=f"mean with its {results.confidence:.0%} interval; faint dots: each episode, "
        "or each untrained network",
        level=figures.Label(results.params["maximum_steps"], "time limit", style.GREY),
    )  # fmt: skip


def angle_rule(results: Results) -> Figure:
    """Draw the returns of the chapter's rule."""
    sample = _samples(results)["angle"]
    return figures.distribution(
        sample, intervals.mean_interval(sample, results.confidence),
        bins=list(np.arange(sample.min() - 1, sample.max() + 3, 2) - 0.5),
        x_label="return (steps the pole stands)", confidence=f"{results.confidence:.0%}",
        title=f"The angle rule: {sample.min():g} to {sample.max():g} steps",
    )  # fmt: skip


def trace(results: Results) -> Figure:
    """Draw one episode of the angle rule, its swings marked where they turn."""
    seed, swings, path = (
        results.params["traced_seed"],
        results.table("swings"),
        results.table("trace"),
    )
    path["angle"] = np.degrees(path["angle"])
    path.index = path["step"] * TIME_STEP
    traced = swings[swings["seed"] == seed]
    bodies = {"angle": "pole", "position": "cart"}
    return figures.trace(
        path, labels={"angle": "angle of the pole (°)", "position": "position of the cart (m)"},
        limits={"angle": FALLEN}, x_label="time (s)",
        title=f"The angle rule from reset(seed={seed})",
        peaks={
            name: traced.loc[traced["body"] == body, "step"].to_numpy()
            for name, body in bodies.items()
        },
    )  # fmt: skip


def growth(results: Results) -> Markdown:
    """Show how the swings of pole and cart grow."""
    rows = []
    for body, found in results.metrics["swings"].items():
        if "growing" in found:
            bounds = f"[{found['growing_low']:.1%}, {found['growing_high']:.1%}]"
            ratio = f"{found['ratio']:.2f} [{found['ratio_low']:.2f}, {found['ratio_high']:.2f}]"
            rows.append((body, found["episodes"], f"{found['growing']:.1%} {bounds}", ratio))
    return show.table(
        rows, ("body", "episodes", "every swing is larger", "last swing divided by the one before")
    )


def swings(results: Results) -> Figure | None:
    """Draw the size of the pole's swings, by their number."""
    pole = results.table("swings").query("body == 'pole'")
    degrees, number = np.degrees(pole["size"]), pole.groupby("seed").cumcount() + 1
    fewest = min(FEWEST, results.metrics["angle"]["n"])
    rows = {
        f"swing {k} ({len(sizes)} episodes)": sizes.to_numpy()
        for k, sizes in degrees.groupby(number)
        if len(sizes) >= fewest
    }
    if not rows:
        return None
    return figures.compare_policies(
        {name: intervals.mean_interval(sizes, results.confidence) for name, sizes in rows.items()},
        samples=rows, x_label="largest angle in the swing (°)", title="The angle rule by swing",
        statistic=f"mean with its {results.confidence:.0%} interval; faint dots: each episode that "
        "lasts so long",
        level=figures.Label(FALLEN, "the pole falls", style.GREY),
    )  # fmt: skip


def way(results: Results, episodes: dict[str, dict[str, Any]], rule: str) -> Figure:
    """Draw a rule over angle and angular velocity, and the way of the pole in an episode."""
    lean, spin = np.linspace(-13, 13, 261), np.linspace(-2.6, 2.6, 1041)
    right = RULES[rule](np.radians(lean)[None, :] + 0 * spin[:, None], spin[:, None]) >= 0
    figure = figures.policy_map(
        right.astype(float), lean, spin, names=("push left", "push right"),
        x_label="angle of the pole (°)", y_label="angular velocity (rad/s)",
        title=f"{rule.capitalize()}, from reset(seed={results.params['traced_seed']})",
    )  # fmt: skip
    path = episodes[rule]["path"]
    angle, velocity = np.degrees(path[:, 2]), path[:, 3]
    (axes,) = figure.axes
    axes.plot(angle, velocity, color="white", linewidth=1.4)
    axes.plot(angle[:1], velocity[:1], "o", color="white", mec=style.INK, markersize=6)
    for text in axes.texts:
        if abs(text.get_position()[1]) < 0.5:
            text.set_y(-2.3)  # clear of the line
    axes.set(xlim=(lean[0], lean[-1]), ylim=(spin[0], spin[-1]))
    return figure


def untrained(results: Results) -> Figure:
    """Draw the mean returns of untrained networks, and that of the random policy."""
    samples = _samples(results)
    sample, random = samples["untrained network"], float(samples["random"].mean())
    return figures.distribution(
        sample, intervals.mean_interval(sample, results.confidence),
        bins=list(np.arange(np.floor(sample.min()), sample.max() + 2, 1.0)),
        x_label="mean return of a network (steps)", title="Untrained networks and chance",
        confidence=f"{results.confidence:.0%}",
        level=figures.Label(random, "random policy", style.GREY),
    )  # fmt: skip


def _samples(results: Results) -> dict[str, NDArray]:
    episodes: pd.DataFrame = results.table("episodes")
    networks = results.table("untrained")["return"]
    return {
        label: (
            networks if name == "untrained_network"
            else episodes.loc[episodes["policy"] == name, "return"]
        ).to_numpy(float)
        for name, label in LABELS.items()
    }  # fmt: skip
