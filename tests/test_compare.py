"""Two revisions of a small repository beside each other: the numbers, and what is missing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from scipy import stats

from reprise.compare.__main__ import main
from tests import tiny

LOW, HIGH = [1.0, 2.0, 3.0, 4.0], [11.0, 12.0, 13.0, 14.0, 15.0]
SAMPLES = "data/training/samples.csv"


class Repository:
    """A repository with results that nobody ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write(".dvc/config", "[core]\n    analytics = false\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Tests")
        self.git("config", "user.email", "tests@example.org")

    def git(self, *words: str) -> str:
        """Run git and return what it prints."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Write a file, and the folders on the way to it."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def commit(self, name: str) -> None:
        """Commit everything, as a branch too."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", name)
        self.git("branch", "--force", name)

    def params(self, **sections: Any) -> None:
        """Write params.yaml."""
        with (self.folder / "params.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(sections, file)

    def pipeline(self, **tables: list[str]) -> None:
        """Write a dvc.yaml with stages that make tables and metrics."""
        stages = {
            stage: {
                "cmd": "true",
                "metrics": [{f"data/{stage}/metrics.json": {"cache": False}}],
                "plots": [{f"data/{stage}/{name}": {"cache": False}} for name in names],
            }
            for stage, names in tables.items()
        }
        with (self.folder / "dvc.yaml").open("w", encoding="utf-8") as file:
            YAML().dump({"stages": stages}, file)

    def results(self, stage: str = "training", metrics: Any = 1, **columns: Any) -> None:
        """Write a stage's metrics, and a table of samples with a seed for each value."""
        self.write(f"data/{stage}/metrics.json", json.dumps({"mean": metrics}))
        length = len(next(iter(columns.values())))
        columns = {"seed": list(range(length)), **columns}
        rows = [columns, *zip(*columns.values(), strict=True)]
        text = "".join(f"{','.join(map(str, row))}\n" for row in rows)
        self.write(f"data/{stage}/samples.csv", text)


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Repository:
    """Return a repository with one revision, `low`, in which it is the working directory."""
    made = Repository(tmp_path)
    made.params(training={"rate": 0.1, "sizes": [3, 4]})
    made.pipeline(training=["samples.csv"])
    made.results(final_200=LOW, falls=[1, 1, 2, 2])
    made.commit("low")
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def said(capsys):
    """Return a function that compares and returns what is printed; it has to succeed."""

    def compare(*words: str) -> str:
        assert main(list(words)) == 0
        return " ".join(capsys.readouterr().out.split())

    return compare


@pytest.fixture
def refused(capsys):
    """Return a function that compares and returns the one line of an error, and its exit code."""

    def compare(*words: str) -> tuple[str, int]:
        code = main(list(words))
        streams = capsys.readouterr()
        assert not streams.out
        assert streams.err.count("\n") == 1
        return streams.err, code

    return compare


def test_two_branches_differ_by_welchs_interval_and_by_the_share_of_pairs(repository, capsys):
    repository.params(training={"rate": 0.2, "sizes": [3, 4]})
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    repository.commit("high")
    assert main(["low", "high", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["params"] == [{"param": "training.rate", "a": 0.1, "b": 0.2}]
    (outcome,) = found["outcomes"]
    welch = stats.ttest_ind(HIGH, LOW, equal_var=False).confidence_interval(0.95)  # pyright: ignore
    difference = outcome["difference_of_means"]
    assert [difference[key] for key in ("estimate", "low", "high")] == pytest.approx(
        [10.5, welch.low, welch.high]
    )
    assert outcome["probability_of_improvement"]["estimate"] == 1
    assert (outcome["stage"], outcome["outcome"]) == ("training", "final_200")
    assert (outcome["n"], outcome["verdict"]) == ([4, 5], "better")
    assert found["more"] == {"training": ["falls"]}


def test_without_a_name_head_is_compared_with_the_workspace(repository, said):
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    text = said()
    assert text.startswith("HEAD (")
    assert "beside workspace" in text
    assert "training final_200 is better in workspace than in HEAD" in text
    assert "2.50 [0.45, 4.55] 13.00 [11.04, 14.96] +10.5" in text
    assert "4, 5" in text
    assert "training differs in more (--all): falls." in text


def test_one_name_is_compared_with_the_workspace(repository, said):
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    repository.commit("high")
    assert "No difference" in said("high")
    assert "better in workspace than in low" in said("low")
    assert "worse in low than in workspace" in said("workspace", "low")


def test_a_commit_is_told_with_a_name_by_its_hash_and_a_hash_once(repository, said):
    commit = repository.git("rev-parse", "low").strip()
    assert said("low").startswith(f"low ({commit[:7]}) beside workspace")
    assert said(commit[:10]).startswith(f"{commit[:10]} beside workspace")


def test_everything_that_differs_is_shown_when_it_is_asked_for(repository, said):
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    text = said("--all")
    assert "training falls in workspace and in HEAD cannot be told apart" in text
    assert "of 2 comparisons of what is alike, about 0.1 would differ by chance" in text


def test_groups_are_compared_each_with_itself_and_one_that_is_alone_is_named(repository, said):
    repository.results(variant=["a"] * 3 + ["b"] * 3, final_200=[1, 2, 3, 4, 5, 6])
    repository.commit("both")
    repository.results(variant=["a"] * 3 + ["c"] * 3, final_200=[21, 22, 23, 4, 5, 6])
    text = said()
    assert "training a final_200 is better in workspace than in HEAD" in text
    assert f"{SAMPLES}: group b in HEAD only" in text
    assert f"{SAMPLES}: group c in workspace only" in text


def test_same_bytes_are_no_difference(repository, said):
    repository.commit("again")
    assert said("low", "again").endswith("No difference: the results are the same bytes.")


def test_changed_parameters_with_the_same_results_ask_whether_the_stage_has_run(repository, said):
    repository.params(training={"rate": 0.2, "sizes": [3, 4]})
    text = said()
    assert "training.rate 0.1 0.2" in text
    assert "has it run with both? (dvc repro training)" in text


def test_a_parameter_of_one_revision_only_is_named(repository, said, capsys):
    repository.params(training={"sizes": [3, 5], "new": "relu"})
    text = said()
    assert "training.rate 0.1 (not there)" in text
    assert "training.new (not there) relu" in text
    assert "training.sizes [3, 4] [3, 5]" in text
    assert main(["--json"]) == 0
    params = json.loads(capsys.readouterr().out)["params"]
    assert {"param": "training.new", "b": "relu"} in params


def test_a_stage_of_one_revision_only_is_named(repository, said):
    repository.pipeline(training=["samples.csv"], testing=["samples.csv"])
    repository.results("testing", final_200=LOW)
    assert "testing: a stage of workspace only" in said()
    assert "testing: a stage of workspace only" in said("workspace", "low")


def test_results_that_were_never_written_or_committed_are_named(repository, said):
    repository.pipeline(training=["samples.csv", "untrained.csv"])
    repository.write("data/training/untrained.csv", "seed,return\n0,1\n1,2\n")
    text = said()
    assert "data/training/untrained.csv: not in HEAD: never written, or not committed" in text
    for name in ("samples.csv", "untrained.csv", "metrics.json"):
        (repository.folder / "data/training" / name).unlink()
    text = said()
    assert "training: no results in workspace: never written, or not committed" in text
    assert "No difference" not in text


def test_an_outcome_of_one_revision_only_is_named(repository, said):
    repository.results(final_500=LOW, falls=[1, 1, 2, 2])
    text = said()
    assert f"{SAMPLES}: outcome final_200 in HEAD only" in text
    assert f"{SAMPLES}: outcome final_500 in workspace only" in text


def test_a_single_seed_is_told_to_be_too_few(repository, said):
    repository.results(final_200=[5.0], falls=[1])
    assert "need two seeds each to be compared; they have 4, 1" in said()


def test_metrics_that_differ_alone_are_counted(repository, said):
    repository.results(final_200=LOW, falls=[1, 1, 2, 2], metrics=2)
    assert "training: no outcome of a seed differs, 1 of 1 metrics do" in said()


def test_a_table_that_is_no_table_is_named(repository, said):
    repository.write(SAMPLES, "")
    assert f"{SAMPLES}: not CSV: No columns to parse" in said()


def test_a_result_that_is_not_in_dvcs_cache_is_named(repository, said):
    repository.write(".gitignore", "/data\n/.dvc/cache\n/.dvc/tmp\n")
    repository.git("rm", "-r", "--quiet", "--cached", "data")
    text = (repository.folder / "dvc.yaml").read_text().replace("cache: false", "cache: true")
    repository.write("dvc.yaml", text)
    subprocess.run([sys.executable, "-m", "dvc", "commit", "--force", "--quiet"], check=True)
    repository.commit("cached")
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    assert "training final_200 is better in workspace than in cached" in said("cached")
    for path in (repository.folder / ".dvc/cache/files").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.unlink()
    assert "training: no results in cached: its content is not in DVC's cache" in said("cached")


def test_only_the_stages_asked_for_are_compared(repository, said, refused):
    repository.pipeline(training=["samples.csv"], testing=["samples.csv"])
    repository.results("testing", final_200=LOW)
    repository.params(training={"rate": 0.1, "sizes": [3, 4]}, testing={"rate": 1})
    repository.commit("two")
    repository.results("testing", final_200=HIGH)
    repository.params(training={"rate": 0.3, "sizes": [3, 4]}, testing={"rate": 2})
    text = said("--stage", "testing")
    assert "testing.rate" in text
    assert "training" not in text
    line, code = refused("--stage", "testin")
    assert (code, "did you mean testing?" in line) == (2, True)


def test_an_unknown_revision_is_one_line_with_the_closest_name(repository, refused):
    repository.git("tag", "published")
    assert refused("publishd") == (
        "compare: revision 'publishd' is unknown; did you mean published?\n", 2
    )  # fmt: skip
    line, code = refused("HEAD", "x")
    assert code == 2
    assert "allowed: a branch, tag, commit or experiment" in line


def test_a_revision_older_than_dvc_and_a_folder_without_dvc_are_one_line(
    repository, refused, tmp_path_factory, monkeypatch
):
    repository.git("rm", "-r", "--quiet", ".dvc")
    repository.git("commit", "--quiet", "--message", "without")
    repository.git("branch", "without")
    repository.write(".dvc/config", "[core]\n    analytics = false\n")
    assert refused("without") == (
        "compare: revision 'without' is older than its DVC repository\n", 2
    )  # fmt: skip
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    line, code = refused()
    assert code == 2
    assert "is in no DVC repository" in line


def test_a_broken_pipeline_is_one_line(repository, refused):
    repository.write("dvc.yaml", "stages: [\n")
    line, code = refused()
    assert code == 1
    assert line.startswith("compare: workspace: DVC cannot read its ")


def test_markdown_has_tables_and_lists(repository, capsys):
    repository.params(training={"rate": 0.2, "sizes": [3, 4]})
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    assert main(["--markdown"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert "| parameter | HEAD | workspace |" in lines
    assert "| training.rate | 0.1 | 0.2 |" in lines
    assert any(line.startswith("- training final_200 is better") for line in lines)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_figure_is_the_same_bytes_again(repository, said, kind):
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    paths = [repository.folder / f"{name}.{kind}" for name in "ab"]
    for path in paths:
        said("--figure", str(path))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size > 5000


@pytest.mark.parametrize(
    ("name", "why"),
    [("a.pdf", "allowed: a name that ends in .png or .svg"), ("no/a.png", "no is no folder"),
     ("a.png", "there is nothing to draw")],
)  # fmt: skip
def test_a_figure_that_cannot_be_is_one_line(repository, refused, name, why):
    line, code = refused("--figure", name)
    assert (code, why in line) == (2, True)
    assert not (repository.folder / name).exists()


def test_neither_tensorflow_nor_matplotlib_is_loaded_for_a_comparison(repository):
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    code = (
        f"import sys; sys.path.insert(0, {str(tiny.ROOT)!r})\n"
        "from reprise.compare.__main__ import main\n"
        "assert main([]) == 0\n"
        "print('loaded', {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded set()\n")


@pytest.mark.parametrize("folder", ["data/training", "deep/down"])
def test_it_works_in_any_folder_of_the_repository_and_draws_there(
    repository, said, folder, monkeypatch
):
    repository.params(training={"rate": 0.2, "sizes": [3, 4]})
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    here = repository.folder / folder
    here.mkdir(parents=True, exist_ok=True)
    whole = said("low", "--all")
    monkeypatch.chdir(here)
    assert said("low", "--all", "--figure", "drawn.svg") == whole
    assert "training.rate 0.1 0.2" in whole
    assert (here / "drawn.svg").exists()


@pytest.fixture
def tracked(repository) -> Repository:
    """Return a repository with a revision, `ran`, in which its stage has run as DVC knows."""
    repository.write("train.py", "print(1)\n")
    repository.write("library/net.py", "size = 3\n")
    text = (
        (repository.folder / "dvc.yaml")
        .read_text()
        .replace(
            "cmd: 'true'",
            "cmd: python train.py\n    deps: [train.py, library]\n    params: [training]",
        )
    )
    repository.write("dvc.yaml", text)
    assert "train.py" in text
    subprocess.run([sys.executable, "-m", "dvc", "commit", "--force", "--quiet"], check=True)
    repository.commit("ran")
    return repository


def test_a_stage_that_ran_with_all_that_it_depends_on_is_not_stale(tracked, said):
    assert said() == "HEAD (" + said().split("(")[1].split(")")[0] + (
        ") beside workspace No difference: the results are the same bytes."
    )


@pytest.mark.parametrize(
    ("path", "text", "changed"),
    [
        ("train.py", "print(2)\n", "train.py"),
        ("library/net.py", "size = 4\n", "library"),
        ("params.yaml", "training: {rate: 0.3, sizes: [3, 4]}\n", "training"),
    ],
)
def test_a_stage_that_has_not_run_since_its_code_or_parameters_changed_is_stale(
    tracked, said, path, text, changed
):
    tracked.write(path, text)
    told = f"Stale in workspace, not run since {changed} changed (dvc repro): training."
    assert told in said()
    tracked.commit("later")
    told = told.replace("workspace", "later")
    for words in (["ran", "later"], ["later", "ran"]):
        text = said(*words)
        assert told in text
        assert "same bytes" not in text


def test_a_changed_command_makes_a_stage_stale_and_json_says_so(tracked, capsys):
    text = (tracked.folder / "dvc.yaml").read_text().replace("python train.py", "python3 train.py")
    tracked.write("dvc.yaml", text)
    assert main(["--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["stale"] == {"workspace": {"training": ["its command"]}}
    assert told["same"] == []


def test_a_commit_with_itself_has_one_side_only(repository, said):
    assert "low and main are both commit " in said("low", "main")
    assert "are both the workspace: there is one side only" in said("workspace", "workspace")


@pytest.mark.parametrize("name", ["", "HEAD~9", "low:params.yaml", "0" * 40])
def test_a_name_that_is_no_revision_is_one_line(refused, repository, name):
    line, code = refused(name)
    assert (code, line.startswith(f"compare: revision {name!r} is unknown")) == (2, True)


def test_seeds_that_diverged_are_left_out_and_counted(repository, said):
    repository.results(final_200=[5.0, "inf", "", "nan", 6.0], falls=[1, 1, 2, 2, 2])
    assert "2 of 5" in said()
    repository.results(final_200=["", "", "", ""], falls=[1, 1, 2, 2])
    assert "0 of 4" in said()  # a seed without a return is below any other


def test_returns_in_different_environments_are_told_to_say_nothing(repository, said):
    repository.params(training={"environment": {"id": "CartPole-v0"}})
    repository.results(final_200=HIGH, falls=[1, 1, 2, 2, 2])
    text = said()
    assert "training: training.environment.id differs: returns in different environments" in text


@pytest.mark.parametrize("content", [b"\xff\xfe,\n", b"seed\n0,1\n0,1,2\n", b"\0\n"])
def test_a_table_that_cannot_be_read_stops_nothing(repository, said, content):
    (repository.folder / SAMPLES).write_bytes(content)
    assert f"{SAMPLES}: not CSV: " in said() or "no outcome of a seed differs" in said()


def test_a_folder_in_place_of_a_table_is_named(repository, said):
    (repository.folder / SAMPLES).unlink()
    (repository.folder / SAMPLES).mkdir()
    assert f"{SAMPLES}: not in workspace: " in said()


def test_a_table_of_texts_where_numbers_were_is_named(repository, said):
    repository.results(final_200=["a", "b", "c", "d"], falls=[1, 1, 2, 2])
    assert f"{SAMPLES}: outcome final_200 in HEAD only" in said()
