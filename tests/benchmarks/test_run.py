from pathlib import Path

import numpy as np
import pytest

from benchmarks import run, scaling
from benchmarks.pipeline import summary
from benchmarks.spread import Spread, interval, spread
from reprise.site import readme

MACHINE = {"CPU": "one"}
RATES = {
    "updates_per_second": spread([25e6]),
    "slowest_behaviour_updates_per_second": spread([12e6]),
}
RATIOS = {
    "reinforce_steps_per_second": spread([26e6]),
    "dqn_steps_per_second": spread([2.6e6]),
    "reinforce_ratio": spread([1.3, 1.1, 1.2]),
    "dqn_ratio": Spread(0.95, 0.9, 1.04, 3),
}


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


def test_the_document_shows_every_promise_and_where_the_time_goes():
    stages = {"mdp_solving_seconds": spread([3.2])}
    whole = {promise.measurement: spread([1.0]) for promise in run.PROMISES["pipeline"]}
    text = run.document(MACHINE, {"training": RATIOS, "pipeline": whole | stages})
    assert "CPU one." in text
    assert (
        "| REINFORCE, steps a second / the yardstick's at least 1 | 1.2 (1.1 to 1.3) | yes |"
        in text
    )
    assert (
        "| DQN, steps a second / the yardstick's at least 1 | 0.95 (0.9 to 1.04) | **no** |" in text
    )
    assert text.endswith("| stage | seconds |\n| --- | ---: |\n| mdp_solving | 3.2 |\n")


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


def test_measurements_of_the_same_machine_stay(tmp_path, monkeypatch):
    results = tmp_path / "results.json"
    for name, found in (("training", RATIOS), ("q_learning", RATES)):
        monkeypatch.setattr(run, "measured", lambda _, found=found: found)
        run.main([name], results)
    assert run.read(results) == (run.machine(), {"q_learning": RATES, "training": RATIOS})
    monkeypatch.setattr(run, "machine", lambda: MACHINE)
    run.main(["q_learning"], results)
    assert run.read(results) == (MACHINE, {"q_learning": RATES})


def test_broken_promise_is_told_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(run, "measured", lambda name: RATIOS)
    assert run.main(["training"], tmp_path / "results.json") == 1
    assert capsys.readouterr().err == (
        "PROMISE BROKEN: training: DQN, steps a second / the yardstick's at least 1: "
        "it is 0.95 (0.9 to 1.04)\n"
    )
    assert "| 0.95 (0.9 to 1.04) | **no** |" in (tmp_path / "results.md").read_text()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("trainign", "did you mean training?"), ("xyz", f"there are {', '.join(run.NAMES)}")],
)
def test_unknown_name_is_refused_before_anything_is_measured(
    name: str, hint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run.main(["q_learning", name], tmp_path / "results.json") == 2
    assert capsys.readouterr() == ("", f"benchmarks: no benchmark '{name}'; {hint}\n")
    assert not list(tmp_path.iterdir())


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
    assert results["peak_gigabytes"].median == 1.5
    assert results["no_op_seconds"] == spread([1.2, 1.3, 1.5])
    assert results["b@c_seconds"].median == 2.0


def test_committed_documents_show_the_committed_measurements():
    machine, measured = run.read(run.RESULTS)
    assert run.RESULTS.with_suffix(".md").read_text("utf-8") == run.document(machine, measured)
    text = (run.RESULTS.parents[1] / scaling.GUIDE).read_text(encoding="utf-8")
    shown = scaling.guide(machine, measured["scaling"])
    assert readme.filled(text, "measured", [shown]) == text
