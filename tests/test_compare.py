"""Revisions of a small repository compared: what is printed, and what is missing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from reprise.compare.__main__ import main
from tests import repositories

LOW, HIGH = [1.0, 2.0, 2.0, 3.0, 3.0, 4.0], [11.0, 12.0, 12.5, 13.0, 13.5, 14.0, 15.0]
FALLS = [1, 1, 2, 2, 2, 2, 2]
SAMPLES, LEDGER = "data/training/samples.csv", "data/claims/ledger.csv"
GRID = [{"name": "tau", "values": [0.1, 0.2]}, {"name": "rate", "values": [1, 2]}]


class Repository(repositories.Repository):
    """A small repository of hand-written results."""

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def commit(self, message: str) -> None:
        """Commit everything, as a branch too."""
        super().commit(message)
        self.git("branch", "--force", message)

    def params(self, **sections: Any) -> None:
        with (self.folder / "params.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(sections, file)

    def pipeline(self, *stages: str, **more: Any) -> None:
        """Write a dvc.yaml of stages with a table and metrics each."""
        entries = {
            stage: {
                "cmd": "python train.py",
                "metrics": [{f"data/{stage}/metrics.json": {"cache": False}}],
                "plots": [{f"data/{stage}/samples.csv": {"cache": False}}],
                **more,
            }
            for stage in stages
        }
        with (self.folder / "dvc.yaml").open("w", encoding="utf-8") as file:
            YAML().dump({"stages": entries}, file)

    def results(self, stage: str = "training", metrics: Any = 1, **columns: Any) -> None:
        """Write a stage's metrics, and a table with a seed for each value."""
        self.write(f"data/{stage}/metrics.json", json.dumps({"mean": metrics}))
        length = len(next(iter(columns.values())))
        columns = {"seed": list(range(length)), **columns}
        rows = [columns, *zip(*columns.values(), strict=True)]
        text = "".join(f"{','.join(map(str, row))}\n" for row in rows)
        self.write(f"data/{stage}/samples.csv", text)


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with a revision, `low`, in which its stage has run as DVC knows."""
    made = Repository(tmp_path_factory.mktemp("low"))
    made.write(".dvc/config", "[core]\n    analytics = false\n")
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("config", "user.name", "Tests")
    made.git("config", "user.email", "tests@example.org")
    made.write("train.py", "print(1)\n")
    made.write("library/net.py", "size = 3\n")
    made.params(training={"rate": 0.1, "sizes": [3, 4]})
    made.pipeline("training", deps=["train.py", "library"], params=["training"])
    made.results(final_200=LOW, falls=FALLS[:6])
    assert made.dvc("commit", "--force", "--quiet").returncode == 0
    made.commit("low")
    return made


@pytest.fixture
def repository(low: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a copy of that repository, as the current directory."""
    shutil.copytree(low.folder, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return Repository(tmp_path / "copy")


@pytest.fixture
def said(capsys):
    """Return a function that compares and returns the output; the comparison has to succeed."""

    def compare(*words: str) -> str:
        assert main(list(words)) == 0
        return " ".join(capsys.readouterr().out.split())

    return compare


@pytest.fixture
def refused(capsys):
    """Return a function that compares and returns the one line of an error, and the exit code."""

    def compare(*words: str) -> tuple[str, int]:
        code = main(list(words))
        streams = capsys.readouterr()
        assert not streams.out
        assert streams.err.count("\n") == 1
        return streams.err, code

    return compare


def test_without_a_name_head_is_compared_with_the_workspace(repository, said):
    repository.params(training={"sizes": [3, 5], "new": "relu"})
    repository.results(final_200=HIGH, falls=FALLS)
    text = said()
    assert text.startswith("workspace compared with HEAD (")
    for row in (
        "training.rate 0.1 (none)",
        "training.new (none) relu",
        "training.sizes [3, 4] [3, 5]",
        "revision verdict mean minus HEAD beats HEAD seeds",
        "training final_200 workspace better 13.0 [11.",
        "100.0% [54.1, 100.0] 7 HEAD baseline 2.5",
        "Better or worse means: the 95% interval of the probability that a seed beats one of HEAD "
        "excludes 50%.",
        "training: --all also shows falls.",
    ):
        assert row in text
    text = said("--all")
    assert "training falls workspace " in text
    assert "even if nothing differed, about 0.1 of these 2 would seem to" in text


def test_several_revisions_are_ranked_and_json_has_every_interval(repository, capsys):
    for name, rate in (("middle", 5.0), ("high", 10.0)):
        repository.params(training={"rate": rate, "sizes": [3, 4]})
        repository.results(final_200=[rate + x for x in LOW], falls=FALLS[:6])
        repository.commit(name)
    repository.results(final_200=[2] * 6, falls=FALLS[:6])
    assert main(["middle", "low", "high", "workspace", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found["revisions"]] == ["middle", "low", "high", "workspace"]
    values = {"middle": 5.0, "low": 0.1, "high": 10.0, "workspace": 10.0}
    assert found["params"] == {"training.rate": values}
    (outcome,) = found["outcomes"]
    order = [row["revision"] for row in outcome["rows"]]
    assert order == ["high", "middle", "low", "workspace"]
    high, middle, _, flat = outcome["rows"]
    assert (high["verdict"], high["seeds"], high["missing"]) == ("better", 6, 0)
    assert high["difference"]["estimate"] == 5
    assert (middle["verdict"], middle["difference"]) == ("baseline", None)
    assert flat["mean"] == {"estimate": 2, "low": 2, "high": 2, "n": 6, "degenerate": True}
    assert main(["middle", "low", "high", "--markdown"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.split("\n")]
    assert "| parameter | middle | low | high |" in lines
    assert "| training.rate | 5.0 | 0.1 | 10.0 |" in lines
    assert any(line.startswith("- Better or worse means: ") for line in lines)


def test_claims_with_another_verdict_are_named_with_all_verdicts(repository, said):
    header = "claim,stage,statement,verdict\n"  # an exact claim may have no stage
    repository.write(LEDGER, f"{header}a,training,A,refuted\nb,,B,confirmed\n")
    repository.commit("judged")
    repository.write(LEDGER, f"{header}a,training,A,confirmed\nb,,B,confirmed\nc,other,C,refuted\n")
    text = said()
    assert (
        "claim with different verdicts HEAD workspace a refuted confirmed c (none) refuted" in text
    )
    assert "c (none) refuted" not in said("--stage", "training")


def test_a_changed_grid_is_shown_by_name_and_a_long_list_by_what_it_gains_and_loses(
    repository, said
):
    many = list(range(100, 120))
    repository.params(training={"grid": GRID, "sizes": many})
    repository.commit("grids")
    grid = [{"name": "tau", "values": [0.1, 0.3]}, GRID[1]]
    repository.params(training={"grid": grid, "sizes": [*many[1:], 7]})
    text = said()
    assert "training.grid.tau.values [0.1, 0.2] [0.1, 0.3]" in text
    assert "grid.rate" not in text
    assert "+7, -100" in text


def test_groups_are_compared_each_with_itself_and_those_that_are_alike_are_left_out(
    repository, said
):
    repository.results(variant=["a"] * 6 + ["b"] * 6 + ["d"] * 6, final_200=[*range(18)])
    repository.commit("both")
    numbers = [*range(20, 26), *range(6, 12), 17, 16, 15, 14, 13, 12.5]
    repository.results(variant=["a"] * 6 + ["c"] * 6 + ["d"] * 6, final_200=numbers)
    text = said()
    assert "training final_200 a workspace better 22.5" in text
    assert f"{SAMPLES}: b only in HEAD." in text
    assert f"{SAMPLES}: c only in workspace." in text
    assert "--all also shows 1 group without a clear difference." in text
    assert "workspace no clear difference" in said("--all")


def test_only_the_stages_asked_for_are_compared(repository, said, refused):
    repository.pipeline("training", "testing")
    repository.results("testing", final_200=LOW)
    assert "testing: only in workspace." in said()
    repository.params(training={"rate": 0.1}, testing={"rate": 1})
    repository.commit("two")
    repository.results("testing", final_200=HIGH)
    repository.params(training={"rate": 0.3}, testing={"rate": 2})
    text = said("--stage", "testing")
    assert "testing.rate 1 2" in text
    assert "training" not in text
    line, code = refused("--stage", "testin")
    assert (code, "did you mean testing?" in line) == (2, True)


@pytest.mark.parametrize(
    ("path", "text", "changed"),
    [
        ("train.py", "print(2)\n", "train.py"),
        ("library/net.py", "size = 4\n", "library"),
        ("params.yaml", "training: {rate: 0.3, sizes: [3, 4]}\n", "training"),
        ("dvc.yaml", None, "its command"),
    ],
)
def test_a_stage_that_has_not_run_since_its_inputs_changed_is_stale(
    repository, said, path, text, changed
):
    text = text or (repository.folder / path).read_text().replace("python ", "python3 ")
    repository.write(path, text)
    stale = "Stale in {}: training. Changed since they ran: {}. `dvc repro` runs them."
    assert stale.format("workspace", changed) in said()
    repository.commit("later")
    text = said("low", "later")
    assert stale.format("later", changed) in text


@pytest.mark.parametrize("content", [b"", b"\xff\xfe,\n", b"seed\n0,1\n0,1,2\n"])
def test_a_table_that_is_not_csv_is_named(repository, said, content):
    (repository.folder / SAMPLES).write_bytes(content)
    assert f"{SAMPLES}: not CSV: " in said()


def test_seeds_that_diverged_and_single_seeds_are_counted(repository, said):
    repository.results(final_200=[5.0, "inf", "", "nan", 6.0, 7.0, 8.0], falls=FALLS)
    assert "4 of 7" in said()
    repository.results(final_200=[""] * 6, falls=FALLS[:6])
    assert "0 of 6" in said()  # a seed without a return is below any other
    repository.results(final_200=[5.0], falls=[1])
    assert "too few seeds 1" in said()


def test_an_unknown_revision_is_one_line_with_the_closest_name(repository, refused):
    repository.git("tag", "published")
    unknown = "compare: revision 'publishd' is unknown; did you mean published?\n"
    assert refused("publishd") == (unknown, 2)
    assert "allowed: a branch, tag, commit or experiment" in refused("HEAD", "0" * 40)[0]
    assert "revision 'low' is given twice" in refused("low", "low")[0]


def test_what_dvc_cannot_read_is_one_line(repository, refused, tmp_path, monkeypatch):
    repository.write("dvc.yaml", "stages: [\n")
    line, code = refused()
    assert code == 1
    assert line.startswith("compare: workspace: DVC cannot read its ")
    monkeypatch.chdir(tmp_path)
    line, code = refused()
    assert (code, "is not in a DVC repository" in line) == (2, True)
