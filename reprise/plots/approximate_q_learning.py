"""Figures and tables of the stage approximate_q_learning."""

from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.plots.variant_panels import spaced
from reprise.stats import words
from reprise.stats.intervals import CONFIDENCE

TUNED = "_tuned"  # ends the name of a learner at its best learning rate
PELLETS = 240  # the chapter's number
ATOMS = 1.3e50  # of the Earth, by mass and shares of elements. Source: McDonough (2003).
NUMBERS_IN_A_TERABYTE = 10**12 // 4
SECONDS_IN_A_YEAR = 365 * 24 * 3600
WEIGHTS = {  # the factors of those for right and for left, and what they are
    "push": (1, -1, "weight for right less weight for left", "Which push?"),
    "value": (0.5, 0.5, "mean weight of both pushes", "How good is the state?"),
}


def titles(results: Results) -> dict[str, str]:
    """Return each learner's name in words."""
    sets = {name: f"linear, {spaced(name)}" for name in results.params["feature_sets"]}
    return {"dqn": "DQN", **sets}


def tuned(results: Results) -> dict[str, str]:
    """Return the names of learners at their best learning rates."""
    return {name + TUNED: f"{title}, tuned" for name, title in titles(results).items()}


def size_of_a_table(results: Results) -> Markdown:
    """Show a table's size, and that of a linear function."""

    def power(value: float) -> str:
        digits, exponent = f"{value:.1e}".split("e+")
        return f"{digits} \\times 10^{{{int(exponent)}}}"

    states = 2**PELLETS
    years = states / 10**6 / SECONDS_IN_A_YEAR
    features = max(map(len, results.params["feature_sets"].values()))
    pellets = NUMBERS_IN_A_TERABYTE.bit_length() - 1
    rows = {
        "pellets in the chapter's game": f"{PELLETS}",
        "states": f"$2^{{{PELLETS}}} \\approx {power(states)}$",
        "atoms of the Earth": f"${power(ATOMS)}$",
        "years to read a table once, a million entries a second": f"${power(years)}$",
        "pellets of a game with a table of one terabyte": f"{pellets}",
        f"weights of a linear function of {features} features, for each action": f"{features + 1}",
    }
    return show.table(list(rows.items()), ("", ""))


def tuning(results: Results) -> Figure:
    """Draw each learner's mean return over the learning rate."""
    figure, axes = style.single(3.6)
    rows = results.table("tuning", "learning_rate").sort_index().groupby("learner")
    tables = {title: rows.get_group(name) for name, title in titles(results).items()}
    ends = style.curves(axes, tables, {("mean_low", "mean_high"): 0.2}, "mean", marker="o")
    axes.set_xscale("log")
    style.finish(axes, "learning rate", "mean greedy return (steps)", "Tuning, on pilot seeds")
    style.label_right(axes, ends)
    style.note(figure, f"Dots: means over seeds. Bands: their {CONFIDENCE:.0%} intervals.")
    return figure


def learning_rates(results: Results) -> Markdown:
    """Show each learner's given and best learning rate."""
    found = results.metrics["learners"]
    rows = [
        (title, *(f"{found[each]['learning_rate']:g}" for each in (name, name + TUNED)))
        for name, title in titles(results).items()
    ]
    return show.table(rows, ("", "learning rate", "the best, tuned"))


def learning_curves(results: Results) -> Figure:
    """Draw the training returns at the best learning rates."""
    curves = variant_panels.curves_of(results)
    average = f"mean return of the last {results.params['clock']['window']} episodes (steps)"
    known = {title: curves[n] for n, title in tuned(results).items()}
    labels = ("environment steps", average, "Linear Q-functions and the DQN, all tuned")
    return figures.learning_curves(known, labels, figures.maximum(results))


def steps_to_targets(results: Results) -> Markdown:
    """Show how many seeds reach each return, and when."""
    targets, rows = results.params["clock"]["targets"], []
    for name, title in (titles(results) | tuned(results)).items():
        rows.append([title])
        for target in targets:
            found = results.metrics["learners"][name][f"steps_to_{target}"]
            rows[-1] += [show.cell(found, ".0%", n=False), words.number(found["median"], ",.0f")]
    head = [text for target in targets for text in (f"reach {target}", f"half reach {target} by")]
    return show.table(rows, ("", *head))


def final_policies(results: Results) -> Figure:
    """Draw the final policies' greedy returns under each time limit."""
    named, samples = titles(results) | tuned(results), {}
    for limit in results.limits:
        returns = variant_panels.samples_of(results, f"greedy_{limit}")
        samples |= {f"{title}, {limit} steps": returns[name] for name, title in named.items()}
    return figures.compare_policies(results, samples, ("greedy return (steps)", "Final policies"))


def against_dqn(results: Results) -> Markdown:
    """Show how probably seeds are better than the DQN's."""
    named = titles(results) | tuned(results)
    pairs = [(name, "dqn") for name in results.params["feature_sets"]]
    pairs += [(name + TUNED, "dqn" + TUNED) for name, _ in pairs] + [("dqn" + TUNED, "dqn")]
    rows = {
        f"P({named[name]} is better than {named[base]}), {limit} steps": f"against_{base}."
        f"greedy_{limit}.{name}.probability_of_improvement"
        for limit in results.limits
        for name, base in pairs
    }
    return show.numbers(results, rows, ".2f")


def weights(results: Results, of: str) -> Figure | None:
    """Draw each feature's weight for push or value."""
    sets, table = results.params["feature_sets"], results.table("weights")
    if table.empty:
        return None
    right, left, x_label, title = WEIGHTS[of]
    values = right * table["right"] + left * table["left"]
    largest = max(sets, key=lambda name: len(sets[name]))
    chosen = values[table["variant"] == largest + TUNED].groupby(table["feature"], sort=False)
    samples = {spaced(feature): group.to_numpy(float) for feature, group in chosen}
    labels = (x_label, f"{title} ({titles(results)[largest]})")
    level, note = Label(0, "no weight", style.GREY), "mean over seeds with its {} interval"
    return figures.compare_policies(results, samples, labels, level, note)
