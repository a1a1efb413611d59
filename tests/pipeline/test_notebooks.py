"""A notebook is executed to the same bytes every time, or the previous file stays."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from reprise.pipeline.notebooks import REPOSITORY, NotebookError, execute
from tests.pipeline.pack_tasks import gone

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


def write(path: Path, *sources: str) -> Path:
    """Write a notebook of a heading, a parameters cell and the given code cells."""
    cells = [nbformat.v4.new_markdown_cell("# A chapter")]
    cells.append(nbformat.v4.new_code_cell("discount = 0.9", metadata={"tags": ["parameters"]}))
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def run(source: Path, **given: Any) -> tuple[bytes, list[str]]:
    return execute(source, given, REPOSITORY, source.with_name("failed.ipynb"))


def outputs(content: bytes) -> list[dict[str, Any]]:
    cells = json.loads(content)["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One notebook, executed twice: the second time amid hostile settings of the user's."""
    folder = tmp_path_factory.mktemp("executed")
    source = write(
        folder / "chapter.ipynb",
        "import sys, matplotlib\nprint(discount)\nsys.stdout.flush()\nprint('é')",
        "print({'b', 'a', 'c'})",
        "[name for name in dir() if 'user' in name], matplotlib.rcParams['figure.dpi']",
        FIGURE,
    )
    kernel = {"argv": ["/bin/false"], "display_name": "broken", "language": "python"}
    files = {
        "jupyter/kernels/python3/kernel.json": json.dumps(kernel),
        "ipython/profile_default/startup/00.py": "discount_of_the_user = 1",
        "python.py": "startup_of_the_user = 1",
        "matplotlibrc": "figure.dpi: 7",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    places = {
        "JUPYTER_PATH": "jupyter", "IPYTHONDIR": "ipython", "PYTHONSTARTUP": "python.py",
        "MATPLOTLIBRC": "",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        first, _ = run(source, discount=0.5)
        for name, place in places.items():
            patch.setenv(name, str(folder / place))
        second, _ = run(source, discount=0.5)
    return [first, second]


def test_two_executions_are_the_same_bytes_whatever_the_users_settings(executed: list[bytes]):
    first, second = executed
    assert first == second
    assert outputs(first)[0]["text"] == ["0.5\n", "é\n"], "a stream is one output"
    found = [output["data"].get("text/plain") for output in outputs(first) if "data" in output]
    assert found[0] == ["([], 100.0)"]


def test_a_figure_comes_with_a_text_for_who_does_not_see_it(executed: list[bytes]):
    shown = [output for output in outputs(executed[0]) if "image/png" in output.get("data", {})]
    assert [output["metadata"] for output in shown] == [
        {"image/png": {"alt": "A way up. steps. Labels: the most."}}
    ]


def test_the_file_has_no_timings_random_ids_or_versions(executed: list[bytes]):
    text = executed[0].decode()
    notebook = json.loads(text)
    assert text == json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert "version" not in notebook["metadata"]["language_info"]
    assert all(set(cell["metadata"]) <= {"tags"} for cell in notebook["cells"])
    assert notebook["cells"][2]["id"] == "injected-parameters"
    assert notebook["cells"][2]["source"][-1].strip() == "discount = 0.5"
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    ("cells", "cell", "fault"),
    [
        (("object()",), "3 ('object()')", r"its output has 'at 0x\w+', which"),
        (
            ("import os\nos.getcwd()",),
            "3 ('import os')",
            f"has {str(REPOSITORY)!r}, which differs",
        ),
        (("import os\nos._exit(1)",), "3 ('import os')", "DeadKernelError: Kernel died;"),
        (("q = {}", "\n# the best\nq['a1']"), "4 ('# the best')", "KeyError: 'a1';"),
    ],
)
def test_a_cell_that_fails_or_differs_elsewhere_is_named_and_kept_apart(
    tmp_path: Path, cells, cell, fault
):
    source = write(tmp_path / "chapter.ipynb", *cells)
    failed = tmp_path / "failed.ipynb"
    with pytest.raises(NotebookError) as error:
        run(source, discount=0.5)
    message = str(error.value)
    assert message.startswith(f"notebook {source}, cell {cell}: ")
    assert re.search(fault, message)
    assert "\n" not in message
    assert message.endswith(f"; its outputs are in {failed}")
    assert outputs(failed.read_bytes()) or "Kernel died" in message


def test_parameters_that_do_not_fit_are_refused(tmp_path: Path):
    source = write(tmp_path / "chapter.ipynb", "1 / 0")
    with pytest.raises(NotebookError, match=r"assigns discount .*; allowed: exactly discuont"):
        run(source, discuont=0.5)


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_kernel(tmp_path: Path, wanted: signal.Signals):
    cell = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(99)"
    source, pid = write(tmp_path / "chapter.ipynb", cell), tmp_path / "pid"
    code = (
        "import sys; from pathlib import Path; from reprise.pipeline.notebooks import execute; "
        "root = Path(sys.argv[1]).parent; "
        "execute(Path(sys.argv[1]), {'discount': 0.5}, root, root / 'failed.ipynb')"
    )
    with tempfile.TemporaryDirectory() as scratch:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(source)], cwd=REPOSITORY,
            env=os.environ | {"TMPDIR": scratch}, stderr=subprocess.DEVNULL,
            # A shell's background job ignores SIGINT, and so would whatever the tests start in it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not (pid.exists() and pid.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        kernel = psutil.Process(int(pid.read_text()))
        process.send_signal(wanted)
        assert process.wait(20) != 0
        assert gone([kernel], seconds=30)
        assert wanted == signal.SIGTERM or not list(Path(scratch).iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chapter.ipynb", "pid"]
