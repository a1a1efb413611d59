from pathlib import Path

import numpy as np
import pytest

from benchmarks import run, scaling
from benchmarks.pipeline import summary
from benchmarks.spread import Spread, interval, spread
from reprise.site import readme

MACHINE = "## machine\n\n|  |  |\n| --- | --- |\n| CPU | one |\n"
RATES = {
    "updates_per_second": spread([25e6]),
    "slowest_behaviour_updates_per_second": spread([12e6]),
}
RATIOS = {"reinforce_ratio": spread([1.3, 1.1, 1.2]), "dqn_ratio": Spread(0.95, 0.9, 1.04, 3)}


def test_spread_is_the_median_and_the_range():
    assert spread([3.0, 1.0, 2.5, 2.0])[:4] == (2.25, 1.0, 3.0, 4)
    assert str(spread([3.0, 1.0, 2.0])) == "2 (1 to 3)"
    assert str(spread([2.0])) == "2"


@pytest.mark.parametrize("values", [[1.5], [2.0, 2.0, 2.0], [0.0, 1.0]])
def test_there_is_no_interval_of_one_value_of_equal_ones_or_around_zero(values):
    assert interval(values) is None
    assert spread(values).within == ""


def test_the_interval_of_ratios_is_students_of_their_logarithms():
    logs = np.log(ratios := [0.5, 0.4, 0.55, 0.6])
    margin = 3.1824 * logs.std(ddof=1) / 2  # the quantile for 3 degrees of freedom
    assert interval(ratios) == pytest.approx(
        np.exp([logs.mean() - margin, logs.mean() + margin]), 1e-4
    )


def test_section_shows_promises_then_measurements():
    assert run.section("training", RATIOS | {"dqn_seconds": spread([1.5])}).splitlines() == [
        "## training",
        "",
        "| promise | measured, median (min to max) | holds |",
        "| --- | --- | --- |",
        "| REINFORCE, steps a second / the yardstick's at least 1 | 1.2 (1.1 to 1.3) | yes |",
        "| DQN, steps a second / the yardstick's at least 1 | 0.95 (0.9 to 1.04) | **no** |",
        "",
        "| measurement | median | min | max | repeats | 95% interval |",
        "| --- | --- | --- | --- | --- | --- |",
        "| reinforce ratio | 1.2 | 1.1 | 1.3 | 3 | 0.973 to 1.47 |",
        "| dqn ratio | 0.95 | 0.9 | 1.04 | 3 |  |",
        "| dqn seconds | 1.5 | 1.5 | 1.5 | 1 |  |",
    ]


@pytest.mark.parametrize(
    ("bound", "below", "at", "above"),
    [
        ("at least", False, True, True),
        ("at most", True, True, False),
        ("below", True, False, False),
    ],
)
def test_promise_holds_on_the_right_side_of_its_limit(bound, below: bool, at: bool, above: bool):
    promise = run.Promise("x", "x", bound, 1.0)
    assert [promise.holds(value) for value in (0.9, 1.0, 1.1)] == [below, at, above]


def test_document_keeps_the_sections_that_are_not_measured_anew():
    old = run.section("training", RATIOS)
    first = run.document(MACHINE, {"training": old})
    both = run.document(MACHINE, {"q_learning": run.section("q_learning", RATES)}, before=first)
    assert both.index("## machine") < both.index("## q_learning") < both.index("## training")
    assert both.endswith(old)
    assert run.document(MACHINE, {"training": old}, before=both) == both
    other = run.document(MACHINE.replace("one", "two"), {}, before=first)
    assert "## training" not in other


def test_broken_promise_is_told_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(run, "measured", lambda name: RATIOS)
    assert run.main(["training"], tmp_path / "results.md") == 1
    assert capsys.readouterr().err == (
        "PROMISE BROKEN: training: DQN, steps a second / the yardstick's at least 1: "
        "it is 0.95 (0.9 to 1.04)\n"
    )
    assert "| dqn ratio | 0.95 |" in (tmp_path / "results.md").read_text()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("trainign", "did you mean training?"), ("xyz", f"there are {', '.join(run.NAMES)}")],
)
def test_unknown_name_is_refused_before_anything_is_measured(
    name: str, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run.main(["q_learning", name], tmp_path / "results.md") == 2
    assert capsys.readouterr() == ("", f"benchmarks: no benchmark '{name}'; {hint}\n")
    assert not (tmp_path / "results.md").exists()


def test_no_name_means_all_and_names_run_in_order():
    assert run.chosen([]) == list(run.NAMES)
    assert run.chosen(["pipeline", "q_learning"]) == ["q_learning", "pipeline"]


def test_pipeline_peak_is_the_hungriest_stage():
    taken = {"seconds": 2.0, "largest_process_gigabytes": 0.5}
    results = summary(
        9.0,
        [1.5, 1.2, 1.3],
        [
            {
                "command": ["python", "-m", *command.split()],
                **taken,
                "all_processes_gigabytes": most,
            }
            for command, most in (
                ("stages.a", 1.5),
                ("stages.b c", 1.0),
                ("stages.reporting dqn_ablations", 1.0),
            )
        ],
    )
    assert results["cold_seconds"].median == 9.0
    assert results["cold_seconds_without_ablations_and_study"].median == 7.0
    assert results["peak_gigabytes"].median == 1.5
    assert results["no_op_seconds"] == spread([1.2, 1.3, 1.5])
    assert results["b@c_seconds"].median == 2.0


def test_the_guide_to_scaling_says_what_was_measured():
    results = run.RESULTS.read_text(encoding="utf-8")
    text = (run.RESULTS.parents[1] / scaling.GUIDE).read_text(encoding="utf-8")
    assert readme.filled(text, "measured", [scaling.guide(results)]) == text
