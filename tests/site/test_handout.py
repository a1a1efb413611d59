"""Handouts: one page with two exercises, and the pipeline has the answers."""

import base64
import functools
import re
from html import unescape
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reprise.measures import outcomes
from reprise.pipeline import artifacts, parameters
from reprise.site import handout
from reprise.site.handout import Exercise
from tests import tiny
from tests.tiny import ROOT

STAGES = list(parameters.read(ROOT / handout.EXERCISES))


@pytest.fixture(autouse=True)
def root(monkeypatch):
    monkeypatch.chdir(ROOT)


@functools.cache
def every() -> list[tuple[str, Exercise]]:
    return [(stage, exercise) for stage in STAGES for exercise in handout.read(stage)]


def test_every_stage_that_trains_has_two_exercises():
    assert {*tiny.CHANGES} <= {*STAGES} <= {*tiny.STAGES}
    assert len(every()) == 2 * len(STAGES)


def test_each_change_names_a_parameter_that_the_stage_reads_and_gives_it_another_value(tmp_path):
    from dvc.utils.hydra import apply_overrides  # as `dvc exp run -S` does

    committed, path = parameters.read(), tmp_path / "params.yaml"
    for stage, exercise in every():
        for change in exercise.changes:
            section = change.removeprefix("+").partition(".")[0]
            assert section == stage or section in parameters.sources(stage), change
            model = tiny.stage(section).Params
            borrowed = getattr(model, "borrowed", lambda own: {})(committed[section]).values()
            names = [section, *(name for name, _ in borrowed)]
            YAML(typ="safe", pure=True).dump({name: committed[name] for name in names}, path)
            apply_overrides(path, [change])  # an unknown name without a plus is an error
            assert parameters.read(path)[section] != committed[section], change
            parameters.load(section, model, path)


def test_each_outcome_and_group_is_in_the_stages_results():
    for stage, exercise in every():
        tables = [artifacts.read_csv(path) for path in Path("data", stage).glob("*.csv")]
        found = [samples for table in tables if (samples := outcomes.samples(table))]
        having = [samples for samples in found if exercise.outcome in samples.outcomes]
        groups = {group for samples in having for group in samples.groups}
        assert (exercise.group or "") in groups, (stage, exercise.name, groups)


def test_the_page_has_the_question_the_figure_and_the_commands():
    text = handout.page("dqn_training").decode()
    assert "<strong>The question.</strong> Is that curve typical?" in text
    (picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert base64.b64decode(picture)[1:4] == b"PNG"
    shown = [unescape(block) for block in re.findall(r"<pre>(.*?)</pre>", text, re.DOTALL)]
    asked = [handout.commands(stage, each) for stage, each in every() if stage == "dqn_training"]
    assert [block.split("\n")[:2] for block in shown] == asked
    assert "Experiment." not in text


def test_the_longest_pages_print_on_one_sheet_and_ask_for_nothing(browser, tmp_path):
    length = {stage: sum(len(each.question) for each in handout.read(stage)) for stage in STAGES}
    for stage in sorted(STAGES, key=length.__getitem__)[-5:]:
        path = tmp_path / f"{stage}.html"
        path.write_bytes(handout.page(stage))
        browser.said()
        browser.asked()
        browser.open(path)
        size = {"preferCSSPageSize": True}
        printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", size)["data"])
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, stage
        assert [url for url in browser.asked() if not url.startswith("data:")] == [path.as_uri()]
        assert browser.said() == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dqn_trainin"], "did you mean dqn_training?"),
        ([""], "STAGE is '', which has no exercises in data/inputs/exercises.yaml; there are "),
        (["claims"], "STAGE is 'claims', which has no exercises"),
    ],
)
def test_a_stage_without_exercises_is_one_line(words, message, capsys):
    assert handout.main(words) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)
