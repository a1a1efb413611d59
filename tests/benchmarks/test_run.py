import numpy as np
import pytest

from benchmarks import pipeline, run, scaling
from benchmarks.spread import Spread, interval, spread
from reprise.errors import UserError
from reprise.site import readme

MACHINE = {"CPU": "one"}
RATES = {
    "updates_per_second": spread([25e6]),
    "slowest_behaviour_updates_per_second": spread([12e6]),
}
RATIOS = {
    "reinforce_ratio_to_plain_tensorflow": spread([1.3, 1.1, 1.2]),
    "dqn_ratio_to_plain_tensorflow": Spread(0.95, 0.9, 1.04, 3),
}
SPEED = "one seed, speed relative to eager TensorFlow, at least 1"
KEPT, BROKEN = f"REINFORCE, {SPEED}", f"DQN, {SPEED}"


def test_the_interval_of_ratios_is_students_of_their_logarithms():
    logs = np.log(ratios := [0.5, 0.4, 0.55, 0.6])
    margin = 3.1824 * logs.std(ddof=1) / 2  # the quantile for 3 degrees of freedom
    assert interval(ratios) == pytest.approx(
        np.exp([logs.mean() - margin, logs.mean() + margin]), 1e-4
    )


def test_the_document_shows_every_promise_and_where_the_time_goes():
    stages = {"a_seconds": spread([3.2]), "a_all_processes_gigabytes": spread([1.5])}
    compiling = {"a_compilation_cpu_seconds": spread([2.0])}
    text = run.document(MACHINE, {"chapter": RATIOS, "pipeline": stages | compiling})
    assert "CPU one." in text
    assert f"| {KEPT} | 1.2 (1.1 to 1.3) | yes |" in text
    assert f"| {BROKEN} | 0.95 (0.9 to 1.04) | **no** |" in text
    promises = sum(map(len, run.PROMISES.values()))
    assert text.count("| not measured | |") == promises - len(RATIOS)
    assert text.endswith("| ---: |\n| a | 3.2 | 2 | 1.5 |\n")
    assert len(text.splitlines()) < 120


def test_measurements_of_the_same_machine_stay(tmp_path, monkeypatch):
    results = tmp_path / "results.json"
    for name, found in (("chapter", RATIOS), ("q_learning", RATES)):
        monkeypatch.setattr(run, "measured", lambda _, found=found: found)
        run.main([name], results)
    assert run.read(results) == (run.machine(), {"q_learning": RATES, "chapter": RATIOS})
    monkeypatch.setattr(run, "machine", lambda: MACHINE)
    run.main(["q_learning"], results)
    assert run.read(results) == (MACHINE, {"q_learning": RATES})


def test_broken_promise_is_told_and_ends_with_1(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "measured", lambda name: RATIOS)
    assert run.main(["chapter"], tmp_path / "results.json") == 1
    found = "it is 0.95 (0.9 to 1.04)"
    assert capsys.readouterr().err == f"PROMISE BROKEN: chapter: {BROKEN}: {found}\n"
    assert "| 0.95 (0.9 to 1.04) | **no** |" in (tmp_path / "results.md").read_text()


def test_a_failure_is_one_line_and_the_others_are_measured(tmp_path, monkeypatch, capsys):
    def measured(name: str) -> run.Measurements:
        if name == "chapter":
            raise UserError("it is\nnot there")
        return RATES

    results = tmp_path / "results.json"
    run.write(results, run.machine(), {"chapter": RATIOS})
    monkeypatch.setattr(run, "measured", measured)
    monkeypatch.setattr(run, "NAMES", ("chapter", "q_learning"))
    assert run.main([], results) == 1
    assert capsys.readouterr().err == "NOT MEASURED: chapter: it is not there\n"
    assert run.read(results)[1] == {"q_learning": RATES}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("trainign", "did you mean training?"), ("xyz", f"allowed: {', '.join(run.NAMES)}")],
)
def test_unknown_name_is_refused_before_anything_is_measured(name, hint, tmp_path, capsys):
    assert run.main(["q_learning", name], tmp_path / "results.json") == 2
    assert capsys.readouterr() == ("", f"benchmarks: no benchmark '{name}'; {hint}\n")
    assert not list(tmp_path.iterdir())


def test_compilation_is_what_first_calls_take_more_than_second():
    took = [("a", 1, 0, 5.0), ("a", 2, 0, 4.0), ("a", 1, 0, 2.0), ("b", 3, 0, 1.0)]
    fields = "stage", "process", "program", "cpu"
    calls: list[dict] = [dict(zip(fields, call, strict=True)) for call in took]
    assert pipeline.compilation(calls, "stage", "cpu") == {"a": 3.0 + 4.0, "b": 1.0}
    assert pipeline.compilation(calls, "process", "cpu") == {1: 3.0, 2: 4.0, 3: 1.0}
    timed = [call | {"seconds": call["cpu"], "tracing_seconds": 0.5} for call in calls[1:]]
    found = {name: value.median for name, value in pipeline.of_change(timed).items()}
    assert found == {"change_compilation_seconds": 3.5, "change_tracing_seconds": 0.5}


def test_committed_documents_show_the_committed_measurements():
    machine, measured = run.read(run.RESULTS)
    assert run.RESULTS.with_suffix(".md").read_text("utf-8") == run.document(machine, measured)
    text = (run.RESULTS.parents[1] / scaling.GUIDE).read_text(encoding="utf-8")
    shown = scaling.guide(machine, measured["scaling"])
    assert readme.filled(text, "measured", [shown]) == text
