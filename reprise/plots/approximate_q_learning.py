"""Figures and tables of the stage approximate_q_learning."""

from IPython.display import Markdown
from matplotlib.figure import Figure

from reprise.plots import figures, show, style, variant_panels
from reprise.plots.show import Results
from reprise.plots.style import Label
from reprise.plots.variant_panels import spaced
from reprise.stats import words
from reprise.stats.intervals import CONFIDENCE, known_mean

TUNED = "_tuned"  # suffix of a learner with its best learning rate
PELLETS = 240  # the chapter's number
ATOMS = 1.3e50  # of the Earth, by mass and shares of elements. Source: McDonough (2003).
NUMBERS_IN_A_TERABYTE = 10**12 // 4
SECONDS_IN_A_YEAR = 365 * 24 * 3600


def learners(results: Results) -> dict[str, str]:
    """Name each learner in words, the tuned ones last."""
    sets = {name: f"linear, {spaced(name)}" for name in results.params["feature_sets"]}
    given = {"dqn": "DQN", **sets}
    return given | {name + TUNED: f"{title}, tuned" for name, title in given.items()}


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
    """Draw each learner's mean return by learning rate."""
    figure, axes = style.single(3.6)
    rows, named = results.table("tuning", "learning_rate").sort_index(), learners(results)
    names = [name.removesuffix(TUNED) for name in named if name.endswith(TUNED)]
    tables = {named[name]: rows[rows["learner"] == name] for name in names}
    ends = style.curves(axes, tables, {("mean_low", "mean_high"): 0.2}, "mean", marker="o")
    axes.set_xscale("log")
    style.finish(axes, "learning rate", "mean greedy return (steps)", "Tuning, on pilot seeds")
    style.label_right(axes, ends)
    style.note(figure, f"Dots: means over seeds. Bands: their {CONFIDENCE:.0%} intervals.")
    return figure


def learning_curves(results: Results) -> Figure:
    """Draw the training returns at the best learning rates."""
    curves, named = variant_panels.curves_of(results), learners(results)
    average = f"mean return of the last {results.params['clock']['window']} episodes (steps)"
    tuned = {title: curves[name] for name, title in named.items() if name.endswith(TUNED)}
    labels = ("environment steps", average, "Linear Q-functions and the DQN, all tuned")
    return figures.learning_curves(tuned, labels, figures.maximum(results))


def steps_to_targets(results: Results) -> Markdown:
    """Show how many seeds reach each return, and how soon."""
    targets, rows = results.params["clock"]["targets"], []
    for name, title in learners(results).items():
        rows.append([title])
        for target in targets:
            found = results.metrics["learners"][name][f"steps_to_{target}"]
            share = show.cell(found["share"], ".0%", n=False)
            rows[-1] += [share, words.number(found["median"], ",.0f")]
    head = [
        text
        for target in targets
        for text in (f"seeds that reach {target}", "half reach it by step")
    ]
    return show.table(rows, ("", *head))


def final_policies(results: Results) -> Figure:
    """Draw the final policies' greedy returns under each time limit."""
    named, samples = learners(results), {}
    for limit in results.limits:
        returns = variant_panels.samples_of(results, f"greedy_{limit}")
        samples |= {f"{title}, {limit} steps": returns[name] for name, title in named.items()}
    return figures.compare_policies(results, samples, ("greedy return (steps)", "Final policies"))


def against_dqn(results: Results) -> Markdown:
    """Show how probably seeds are better than the DQN's."""
    named = learners(results)
    pairs = [(name, "dqn") for name in results.params["feature_sets"]]
    pairs += [(name + TUNED, "dqn" + TUNED) for name, _ in pairs] + [("dqn" + TUNED, "dqn")]
    rows = {}
    for limit in results.limits:
        for name, base in pairs:
            path = f"against_{base}.greedy_{limit}.{name}.probability_of_improvement"
            rows[f"P({named[name]} is better than {named[base]}), {limit} steps"] = path
    return show.numbers(results, rows, ".2f")


def weights(results: Results, right: float, left: float, labels: tuple[str, str]) -> Figure | None:
    """Draw a linear combination of each feature's two weights."""
    sets, table = results.params["feature_sets"], results.table("weights")
    if table.empty:
        return None
    values = right * table["right"] + left * table["left"]
    largest = max(sets, key=lambda name: len(sets[name]))
    chosen = values[table["variant"] == largest + TUNED].groupby(table["feature"], sort=False)
    means = {spaced(name): known_mean(group, results.confidence) for name, group in chosen}
    labels = (labels[0], f"{labels[1]} ({learners(results)[largest]})")
    level, mean = Label(0, "no weight", style.GREY), "the mean over seeds"
    return figures.compare_policies(results, {}, labels, level, intervals=means, mean=mean)
