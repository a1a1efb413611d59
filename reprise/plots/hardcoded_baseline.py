"""Figures of the stage hardcoded_baseline, some of live episodes."""

from typing import Any

import gymnasium as gym
import numpy as np
from IPython.display import Markdown
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reprise.plots import figures, show, style
from reprise.plots.show import Results
from reprise.plots.style import Label

POLICIES = {
    "angle_and_velocity": "angle and velocity",
    "angle": "angle",
    "random": "random",
    "untrained_network": "untrained network",
    "always_left": "always left",
}
RULES = figures.RULES
STATE = ("position (m)", "velocity (m/s)", "angle (rad)", "angular velocity (rad/s)")
TIME_STEP = 0.02  # seconds
FALLEN = 12  # degrees
FEWEST = 30  # a swing is shown if so many episodes reach it
STEPS = "return (steps the pole stands)"


def classics() -> list[str]:
    """List Gymnasium's classic-control environments."""
    registry = gym.registry.items()
    return sorted(name for name, spec in registry if "classic_control" in str(spec.entry_point))


def versions() -> Markdown:
    """Show CartPole's versions: time limits and solved returns."""
    specs = [gym.registry[name] for name in ("CartPole-v0", "CartPole-v1")]
    rows = [(spec.id, spec.max_episode_steps, f"{spec.reward_threshold:g}") for spec in specs]
    return show.table(rows, ("environment", "time limit", "solved from a mean return of"))


def picture(frame: NDArray) -> Figure:
    """Draw a frame of the environment."""
    figure, axes = style.single(3.4, width=4.6)
    axes.imshow(frame)
    axes.set(xticks=[], yticks=[], title=f"{frame.shape[0]} by {frame.shape[1]} pixels")
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    return figure


def episode(environment: gym.Env, seed: int, rule: str) -> dict[str, Any]:
    """Play an episode by a rule, and record its path."""
    state, _ = environment.reset(seed=seed)
    path, total, ended = [state], 0.0, (False, False)
    while not any(ended):
        action = int(RULES[rule](state[2], state[3]) >= 0)
        state, reward, *ended, _ = environment.step(action)
        path.append(state)
        total += float(reward)
    return {"return": total, "terminated": ended[0], "truncated": ended[1], "path": np.array(path)}


def ends(episodes: dict[str, dict[str, Any]]) -> Markdown:
    """Show how the episode of each rule ended."""
    keys = ("return", "terminated", "truncated")
    rows = [(name, *(found[key] for key in keys)) for name, found in episodes.items()]
    return show.table(rows, ("rule", *keys))


def returns(results: Results) -> Figure:
    """Draw the returns of each policy."""
    samples = {words: _returns(results, name) for name, words in POLICIES.items()}
    level = Label(results.params["maximum_steps"], "time limit", style.GREY)
    labels = (STEPS, "Return of each policy")
    return figures.compare_policies(results, samples, labels, level, "episodes or networks")


def distribution(results: Results, policy: str, title: str) -> Figure:
    """Draw one policy's returns, and the random policy's mean."""
    level = Label(float(_returns(results, "random").mean()), "random policy", style.GREY)
    seeds = "networks" if policy == "untrained_network" else "episodes"
    return figures.distribution(results, _returns(results, policy), (STEPS, title), level, seeds)


def trace(results: Results) -> Figure:
    """Draw one episode of the angle rule and its swings."""
    path, seed = results.table("trace"), results.params["traced_seed"]
    swings = results.table("swings").query("seed == @seed").groupby("body")["step"]
    time, angle = path["step"] * TIME_STEP, np.degrees(path["angle"])
    titles = (f"The angle rule from reset(seed={seed})", "")
    figure, column = style.panels(titles, 1, (0.8, 1.7), ("time (s)", ""), sharey=False)
    drawn = (("pole", style.BLUE, angle), ("cart", style.VERMILION, path["position"]))
    for axes, (body, colour, values) in zip(column, drawn, strict=True):
        axes.plot(time, values, color=colour)
        axes.axhline(0, color=style.GREY, linewidth=0.6, zorder=1.5)
        turns = swings.get_group(body) if body in swings.groups else []
        marks = {"color": "white", "mec": colour, "markersize": 5, "mew": 1.3}
        axes.plot(time[turns], values[turns], "o", **marks)
    above, below = column
    below.set_ylabel("position of the cart (m)")
    reach = max(1.12 * FALLEN, 1.02 * float(angle.abs().max()))
    above.set(ylabel="angle of the pole (°)", ylim=(-reach, reach))
    for side in (-1, 1):
        above.axhline(side * FALLEN, **style.DASHED)
    style.label_right(above, [Label(FALLEN, "episode ends", style.GREY)])
    figure.align_ylabels()
    return figure


def swings(results: Results) -> Figure | None:
    """Draw the size of the pole's swings, one by one."""
    pole = results.table("swings").query("body == 'pole'")
    degrees, number = np.degrees(pole["size"]), pole.groupby("seed").cumcount() + 1
    fewest = min(FEWEST, results.metrics["angle"]["mean"]["n"])
    groups = {k: sizes.to_numpy() for k, sizes in degrees.groupby(number) if len(sizes) >= fewest}
    if not groups:
        return None
    rows = {f"swing {k} ({len(sizes)} episodes)": sizes for k, sizes in groups.items()}
    labels = ("largest angle in the swing (°)", "The angle rule by swing")
    level = Label(FALLEN, "the pole falls", style.GREY)
    return figures.compare_policies(results, rows, labels, level, "episodes")


def way(results: Results, episodes: dict[str, dict[str, Any]], rule: str) -> Figure:
    """Draw a rule, and the pole's way in an episode."""
    lean, spin = np.linspace(-13, 13, 261), np.linspace(-2.6, 2.6, 1041)
    figure, axes = style.single(4.3, width=5.8)
    title = f"{rule.capitalize()}, from reset(seed={results.params['traced_seed']})"
    style.finish(axes, *figures.PLANE, title)
    figures.map_policy(axes, figures.by_rule(rule, lean, spin), ("push left", "push right"))
    angle, velocity = np.degrees(episodes[rule]["path"][:, 2]), episodes[rule]["path"][:, 3]
    axes.plot(angle, velocity, color="white", linewidth=1.4)
    axes.plot(angle[:1], velocity[:1], "o", color="white", mec=style.INK, markersize=6)
    for text in axes.texts:
        if abs(text.get_position()[1]) < 0.5:
            text.set_y(-2.3)  # clear of the line
    axes.set(xlim=lean[[0, -1]], ylim=spin[[0, -1]])
    return figure


def _returns(results: Results, policy: str) -> NDArray:
    if policy == "untrained_network":
        return results.table("untrained")["return"].to_numpy(float)
    return results.table("episodes").query("policy == @policy")["return"].to_numpy(float)
