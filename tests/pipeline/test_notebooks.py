"""A notebook is executed to the same bytes every time, or the previous file stays."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from reprise.pipeline.notebooks import REPOSITORY, NotebookError, execute, normalise

FIGURE = """from matplotlib.figure import Figure
from reprise.plots.style import use_style
use_style()
use_style()  # once more changes nothing
figure = Figure()
axes = figure.subplots()
axes.plot([1, 3, 2])
axes.set(title="A way up", xlabel="steps")
axes.text(1, 3, "the most")
figure"""


def write(path: Path, *sources: str, parameters: str = "discount = 0.9") -> Path:
    """Writes a notebook of a heading, a parameters cell and the given code cells."""
    cells = [nbformat.v4.new_markdown_cell("# A chapter")]
    cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def outputs(path: Path) -> list[dict[str, Any]]:
    """Returns all outputs of an executed notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


def refused(tmp_path: Path, *sources: str) -> str:
    """Executes cells that must fail over an older result, and returns the message."""
    source, target = write(tmp_path / "chapter.ipynb", *sources), tmp_path / "out" / "done.ipynb"
    target.parent.mkdir()
    target.write_text("the previous result")
    with pytest.raises(NotebookError) as error:
        execute(source, target, {"discount": 0.5})
    assert target.read_text() == "the previous result"
    assert list(target.parent.iterdir()) == [target]
    assert "\n" not in str(error.value)
    return str(error.value).replace(str(source), "chapter.ipynb")


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One notebook, executed twice."""
    folder = tmp_path_factory.mktemp("executed")
    source = write(
        folder / "chapter.ipynb",
        "import os, sys, reprise\nprint(discount)\nsys.stdout.flush()\nprint('é')",
        "print(os.path.samefile(os.getcwd(), os.path.dirname(reprise.__path__[0])))",
        "print({'b', 'a', 'c'})\nprint(os.path.samefile(sys.executable, os.environ['EXPECTED']))",
        FIGURE,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPECTED", sys.executable)
        for name in ("first.ipynb", "second.ipynb"):
            execute(source, folder / name, {"discount": 0.5})
    return [folder / "first.ipynb", folder / "second.ipynb"]


def test_two_executions_are_the_same_bytes(executed: list[Path]):
    first, second = executed
    assert first.read_bytes() == second.read_bytes()
    assert b"image/png" in first.read_bytes()


def test_a_figure_comes_with_a_text_for_who_does_not_see_it(executed: list[Path]):
    shown = [output for output in outputs(executed[0]) if "image/png" in output.get("data", {})]
    assert [output["metadata"] for output in shown] == [
        {"image/png": {"alt": "A way up. steps. Labels: the most."}}
    ]


def test_a_notebook_runs_in_the_repository_with_this_interpreter(executed: list[Path]):
    assert outputs(executed[0])[0]["text"] == ["0.5\n", "é\n"], "a stream is one output"
    printed = "".join("".join(output.get("text", "")) for output in outputs(executed[0]))
    assert printed.splitlines()[:3] == ["0.5", "é", "True"]
    assert printed.splitlines()[4] == "True"


def test_the_file_has_no_timings_random_ids_or_versions(executed: list[Path]):
    text = executed[0].read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert text == json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert "version" not in notebook["metadata"]["language_info"]
    assert all(set(cell["metadata"]) <= {"tags"} for cell in notebook["cells"])
    assert notebook["cells"][2]["id"] == "injected-parameters"
    assert notebook["cells"][2]["source"][-1].strip() == "discount = 0.5"
    nbformat.validate(notebook)


def test_another_kernel_of_the_same_name_and_the_users_settings_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    broken = {"argv": ["/bin/false"], "display_name": "broken", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(broken))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("discount_of_the_user = 1")
    (tmp_path / "python.py").write_text("startup_of_the_user = 1")
    (tmp_path / "matplotlibrc").write_text("figure.dpi: 7")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "python.py"))
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path))
    code = (
        "import matplotlib, os, reprise\nhere = os.path.exists('kernels')\n"
        "[name for name in dir() if 'user' in name], matplotlib.rcParams['figure.dpi'], here"
    )
    source = write(tmp_path / "chapter.ipynb", code)
    execute(source, tmp_path / "done.ipynb", {"discount": 0.5}, root=tmp_path / "jupyter")
    assert outputs(tmp_path / "done.ipynb")[0]["data"]["text/plain"] == ["([], 100.0, True)"]


def test_warnings_are_returned_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    warn = "import warnings\nprint(1)\n{}warnings.warn('too few\\nseeds')\nprint(2)"
    source = write(
        tmp_path / "chapter.ipynb", warn.format(""), "import sys; sys.stderr.write('a\\nb')"
    )
    warned = execute(source, tmp_path / "done.ipynb", {"discount": 0.5})
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chapter.ipynb", "done.ipynb"]
    where = f"notebook {source}, cell"
    assert warned == [
        f"{where} 3 ('import warnings'): UserWarning: too few seeds "
        "warnings.warn('too few\\nseeds')",
        f"{where} 4 (\"import sys; sys.stderr.write('a\\\\nb')\"): a b",
    ]
    found = outputs(tmp_path / "done.ipynb")
    assert [output.get("text") for output in found] == [["1\n", "2\n"], None]


def test_a_notebook_that_fails_is_kept_apart_with_its_outputs_until_it_is_mended(tmp_path: Path):
    failed = tmp_path / "done.failed.ipynb"
    for source, error in (("1 / 0", "ZeroDivisionError"), ("object()", "differs elsewhere")):
        notebook = write(tmp_path / "chapter.ipynb", "print('so far')", source)
        with pytest.raises(NotebookError, match=error) as raised:
            execute(notebook, tmp_path / "done.ipynb", {"discount": 0.5}, failed=failed)
        assert str(raised.value).endswith(f"; its outputs are in {failed}")
        assert "so far\n" in outputs(failed)[0]["text"]
        assert ("ename" in outputs(failed)[1]) == (source == "1 / 0")
        assert not (tmp_path / "done.ipynb").exists()
    write(notebook, "print('so far')")
    assert execute(notebook, tmp_path / "done.ipynb", {"discount": 0.5}, failed=failed) == []
    assert not failed.exists()


@pytest.mark.parametrize(
    ("cells", "cell", "fault"),
    [
        (("object()",), "3 ('object()')", r"its output \(text/plain\) holds 'at 0x\w+', which"),
        (
            ("import tempfile\nprint(tempfile.gettempdir() + '/a')",),
            "3 ('import tempfile')",
            r"its output \(stdout\) holds '.+', which differs elsewhere",
        ),
        (
            ("import os\nos.getcwd()",),
            "3 ('import os')",
            f"holds {str(REPOSITORY)!r}, which differs",
        ),
        (("import sys; sys.exit(0)", "1"), "3 ('import sys; sys.exit(0)')", "SystemExit: 0$"),
        (("import os\nos._exit(1)",), "3 ('import os')", "DeadKernelError: Kernel died$"),
        (("q = {}", "\n# the best\nq['a1']"), "4 ('# the best')", "KeyError: 'a1'$"),
    ],
)
def test_a_cell_that_fails_or_differs_elsewhere_is_named(tmp_path: Path, cells, cell, fault):
    message = refused(tmp_path, *cells)
    assert message.startswith(f"notebook chapter.ipynb, cell {cell}: ")
    assert re.search(fault, message)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"discuont": 0.5}, "does not assign 'discuont' in its parameters cell; did you mean 'di"),
        ({"seeds": 3}, "does not assign 'seeds' in its parameters cell; it assigns ['discount']"),
        ({}, "also needs the parameters ['discount']"),
        ({"discount": Path("a")}, "is a PosixPath; allowed are str, bool, int, float, list, dict"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    tmp_path: Path, parameters: dict[str, Any], message: str
):
    source = write(tmp_path / "chapter.ipynb", "1 / 0")
    with pytest.raises(NotebookError) as error:
        execute(source, tmp_path / "done.ipynb", parameters)
    assert message in str(error.value)
    assert not (tmp_path / "done.ipynb").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not a valid notebook"),
        ('{"cells": [{"cell_type": "code"}], "nbformat": 4, "metadata": {}}', "not a valid"),
        ('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "has 0 cells tagged"),
        ('{"worksheets": [], "nbformat": 3, "metadata": {}}', "is of nbformat 3; 4 is required"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, text: str, message: str):
    (tmp_path / "chapter.ipynb").write_text(text)
    with pytest.raises(NotebookError, match=message):
        execute(tmp_path / "chapter.ipynb", tmp_path / "done.ipynb", {})


def test_cells_without_an_id_get_one_from_their_place():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell(str(i), id="same") for i in range(3)]
    del notebook.cells[0]["id"]
    normal = normalise(notebook)
    assert [cell.id for cell in normal.cells] == ["cell-0", "same", "cell-2-again"]
    assert normalise(normal) == normal


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_kernel(tmp_path: Path, wanted: signal.Signals):
    cell = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(99)"
    source, pid = write(tmp_path / "chapter.ipynb", cell), tmp_path / "pid"
    code = (
        "import sys; from pathlib import Path; from reprise.pipeline.notebooks import execute; "
        "root = Path(sys.argv[1]).parent; "
        "execute(Path(sys.argv[1]), root / 'done.ipynb', {'discount': 0.5}, root=root)"
    )
    with tempfile.TemporaryDirectory() as scratch:
        run = subprocess.Popen(
            [sys.executable, "-c", code, str(source)],
            cwd=REPOSITORY,
            env=os.environ | {"TMPDIR": scratch},
            stderr=subprocess.DEVNULL,
            # A shell's background job ignores SIGINT, and so would whatever the tests start in it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        _wait_for(lambda: pid.exists() and pid.read_text() != "")
        run.send_signal(wanted)
        assert run.wait(20) != 0
        _wait_for(lambda: not _alive(pid.read_text()))
        if wanted == signal.SIGINT:
            assert list(Path(scratch).iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chapter.ipynb", "pid"]


def _alive(pid: str) -> bool:
    """Tells whether a process runs; one that has ended and is not yet reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
