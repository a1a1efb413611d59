"""Executed notebooks: the same inputs give the same bytes.

Papermill runs the notebook in a kernel of this interpreter, without the user's IPython, Jupyter and
matplotlib settings. Then timings, random cell ids and versions are removed; warnings are removed
and returned. An output with an address or a path of this machine is an error.
"""

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from reprise.errors import PlainError
from reprise.pipeline import artifacts

REPOSITORY = Path(__file__).resolve().parents[2]

_KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}
_VOLATILE = ("execution", "ExecuteTime", "papermill", "widgets")
_INJECTED = "injected-parameters"
_ADDRESS = r"\bat 0x[0-9a-fA-F]{6,}"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# A warning of Python: its file and line, its message, and the line of code.
_WARNING = re.compile(r"^\S.*?:\d+: (?=\w*Warning: )(.*)(?:\n {2}\S.*)?$", re.MULTILINE)


class NotebookError(PlainError, RuntimeError):
    """A notebook that fails, or would differ on another machine."""


def execute(
    source: Path, parameters: Mapping[str, Any], root: Path, failed: Path
) -> tuple[bytes, list[str]]:
    """Execute a notebook; return it and its lines of stderr.

    A cell tagged `parameters` assigns all parameters. The notebook runs in the folder `root`. If it
    fails, it is written to `failed`, and a NotebookError names the cell and the fault.
    """
    failed.unlink(missing_ok=True)
    notebook = _load(source)
    declared = list(papermill.inspect_notebook(notebook))
    if set(declared) != set(parameters):
        raise NotebookError(
            f"notebook {source} assigns {', '.join(declared)} in its parameters cell; allowed: "
            f"exactly {', '.join(parameters)}"
        )
    raw, fault = _run(source, notebook, {name: parameters[name] for name in declared}, root)
    executed = normalise(raw)
    warned = []
    for index, cell in enumerate(executed.cells):
        if outputs := cell.get("outputs"):
            for text in [output.text for output in outputs if output.get("name") == "stderr"]:
                line = _paragraph(_WARNING.sub(r"\1", text))
                warned.append(f"{_where(source, executed.cells, index)}: {line}")
            cell.outputs = _merged([o for o in outputs if o.get("name") != "stderr"])
    fault = fault or _unfit_output(source, executed, root)
    content = (nbformat.v4.writes(executed).rstrip("\n") + "\n").encode()
    if fault:
        artifacts.write(failed, content)
        raise NotebookError(f"{fault}; its outputs are in {failed}")
    return content, warned


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Remove timings, random ids and versions from a notebook."""
    normal = NotebookNode(nbformat.from_dict(notebook))
    normal.metadata = NotebookNode(kernelspec=_KERNELSPEC, language_info=_LANGUAGE)
    normal.nbformat_minor = 5
    taken: set[str] = set()
    for index, cell in enumerate(normal.cells):
        cell.id = _INJECTED if _injected(cell) else cell.get("id") or f"cell-{index}"
        cell.id = f"cell-{index}-again" if cell.id in taken else cell.id
        taken.add(cell.id)
        cell.metadata = {k: v for k, v in cell.metadata.items() if k not in _VOLATILE}
        if not cell.metadata.get("tags", True):  # papermill adds an empty list
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            cell.outputs = _merged(cell.outputs)
    return normal


def _load(source: Path) -> NotebookNode:
    """Read a notebook and check it."""
    try:
        # nbformat.read would add random ids to cells without one.
        notebook = nbformat.v4.reads(source.read_text(encoding="utf-8"))
        notebook.cells = [cell for cell in notebook.cells if not _injected(cell)]
        notebook = normalise(notebook)
        nbformat.validate(notebook)
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        reason = _paragraph(getattr(error, "message", str(error)))
        raise NotebookError(f"{source} is not a valid notebook: {reason}") from error
    return notebook


def _run(
    source: Path, notebook: NotebookNode, parameters: dict[str, Any], root: Path
) -> tuple[NotebookNode, str]:
    """Run a notebook; return it and its fault, if any."""
    started: list[NotebookNode] = []
    fault = ""
    with tempfile.TemporaryDirectory(prefix="reprise-", ignore_cleanup_errors=True) as private:
        written = Path(private, "executed.ipynb")
        try:
            papermill.execute_notebook(
                notebook,  # pyright: ignore[reportArgumentType]
                written,
                parameters,
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,
                start_timeout=600,  # an emulated CPU is slow
                iopub_timeout=600,
                kernel_manager_class=_kernel_manager(Path(private)),
                on_cell_start=lambda cell, cell_index: started.append(cell),
                resources={"metadata": {"path": str(root)}},
                shutdown_kernel="immediate",
            )
        except (PapermillExecutionError, RuntimeError) as error:  # or the kernel died
            kind = getattr(error, "ename", type(error).__name__)
            where = _where(source, started, len(started) - 1) if started else f"notebook {source}"
            fault = f"{where}: {kind}: {_paragraph(getattr(error, 'evalue', str(error)))}"
        if written.exists():
            notebook = nbformat.v4.reads(written.read_text(encoding="utf-8"))
    return notebook, fault


def _kernel_manager(private: Path) -> type[AsyncKernelManager]:
    """Make a manager of kernels of this interpreter.

    It opens no ports: its sockets are files in the private directory.
    """
    paths = filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])
    launcher = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = KernelSpec(
        argv=[*launcher, "--HistoryManager.enabled=False"],
        env={
            "COLUMNS": "100",
            "IPYTHONDIR": str(private),
            "JUPYTER_CONFIG_DIR": str(private),
            "MATPLOTLIBRC": str(Path(matplotlib.get_data_path(), "matplotlibrc")),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONSTARTUP": "",
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": "",
        },
        **_KERNELSPEC,
    )

    class Kernel(AsyncKernelManager):
        def __init__(self, **traits: Any) -> None:
            connection = str(private / "kernel.json")
            super().__init__(transport="ipc", connection_file=connection, **traits)
            self._kernel_spec = spec

    return Kernel


def _unfit_output(source: Path, notebook: NotebookNode, root: Path) -> str:
    """Describe the first output that fails or would differ elsewhere."""
    machine = {root.resolve(), Path.home(), Path(sys.prefix), Path(tempfile.gettempdir())}
    paths = sorted((re.escape(f"{path}") for path in machine if len(path.parts) > 1), reverse=True)
    unstable = re.compile("|".join([_ADDRESS, *(rf"(?<![\w.-]){p}(?![\w.-])" for p in paths)]))
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            where = _where(source, notebook.cells, index)
            if output.output_type == "error":  # papermill lets sys.exit(0) pass
                return f"{where}: {output.ename}: {_paragraph(output.evalue)}"
            texts = {k: v for k, v in output.get("data", {}).items() if k != "image/png"}
            if found := unstable.search(f"{texts} {output.get('text', '')}"):
                return f"{where}: its output has {found.group()!r}, which differs between machines"
    return ""


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join consecutive pieces of a stream."""
    merged: list[NotebookNode] = []
    for output in outputs:
        stream = output.get("name")  # other outputs have no name
        if stream and merged and merged[-1].get("name") == stream:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def _injected(cell: NotebookNode) -> bool:
    return _INJECTED in cell.metadata.get("tags", [])


def _where(source: Path, cells: list[NotebookNode], index: int) -> str:
    """Name a cell by its number in the source."""
    number = sum(not _injected(cell) for cell in cells[: index + 1])
    first_line = next(iter(cells[index].source.strip().splitlines()), "")
    return f"notebook {source}, cell {number} ({first_line!r})"


def _paragraph(text: str) -> str:
    return " ".join(_COLOUR.sub("", text).split())
