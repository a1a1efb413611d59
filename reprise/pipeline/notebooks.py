"""Execute a notebook and write it so that the same inputs give the same bytes.

Papermill runs the notebook in a kernel of the running interpreter, shut off from the user's own
IPython, Jupyter and matplotlib settings. What varies from run to run is then dropped (timings,
random cell ids, versions), warnings are taken out and returned, what cannot be dropped is refused
(addresses, paths of this machine), and only a notebook that passed replaces the target.
"""

import json
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

from reprise.errors import PlainError, closest
from reprise.pipeline import artifacts

REPOSITORY = Path(__file__).resolve().parents[2]

_KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}
_VOLATILE = ("execution", "ExecuteTime", "papermill", "widgets")
_PLAIN = (str, bool, int, float, list, dict, type(None))
_NO_HISTORY = "--HistoryManager.enabled=False"
_ADDRESS = r"\bat 0x[0-9a-fA-F]{6,}"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# A warning of Python: where it comes from, what it says, and the line of code that warns.
_WARNING = re.compile(r"^\S.*?:\d+: (?=\w*Warning: )(.*)(?:\n {2}\S.*)?$", re.MULTILINE)


class NotebookError(PlainError, RuntimeError):
    """A notebook that fails, or with outputs that would differ on another machine."""


def execute(
    source: Path,
    target: Path,
    parameters: Mapping[str, Any],
    *,
    root: Path = REPOSITORY,
    failed: Path | None = None,
) -> list[str]:
    """Execute a notebook; write the result only if every cell ran and nothing is unfit.

    Args:
        source: the notebook, nbformat 4, with one cell tagged `parameters`.
        target: where the executed notebook goes; a file already there stays if anything fails.
        parameters: each name that the `parameters` cell assigns, with plain values as in YAML.
        root: the notebook's working directory; `import reprise` works in any.
        failed: where a notebook that fails goes, with its outputs and its error.

    Returns:
        What each cell wrote to stderr, such as warnings, in one line; the result is without.

    Raises:
        NotebookError: names the notebook, the cell and what is wrong with it.
    """
    if failed:
        failed.unlink(missing_ok=True)
    notebook = _load(source)
    raw, fault = _run(source, notebook, _checked(source, notebook, parameters), root)
    executed = normalise(raw)
    warned = _without_stderr(source, executed)
    if fault := fault or _unfit_output(source, executed, root):
        if failed:
            artifacts.write(failed, _bytes(executed))
            fault += f"; its outputs are in {failed}"
        raise NotebookError(fault)
    artifacts.write(target, _bytes(executed))
    return warned


def _bytes(notebook: NotebookNode) -> bytes:
    return (nbformat.v4.writes(notebook).rstrip("\n") + "\n").encode()


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without timings, random ids and versions, its streams merged."""
    normal = NotebookNode(nbformat.from_dict(notebook))
    kept = {key: value for key, value in normal.metadata.items() if key not in _VOLATILE}
    normal.metadata = kept | {"kernelspec": _KERNELSPEC, "language_info": _LANGUAGE}
    normal.nbformat_minor = 5
    taken: set[str] = set()
    for index, cell in enumerate(normal.cells):
        injected = "injected-parameters" if _tagged(cell, "injected-parameters") else None
        cell.id = injected or cell.get("id") or f"cell-{index}"
        cell.id = f"cell-{index}-again" if cell.id in taken else cell.id
        taken.add(cell.id)
        cell.metadata = {k: v for k, v in cell.metadata.items() if k not in _VOLATILE}
        if not cell.metadata.get("tags", True):  # papermill adds an empty list
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            cell.outputs = _merged(cell.outputs)
    return normal


def _load(source: Path) -> NotebookNode:
    """Read a notebook; nbformat's own reader would give cells without an id a random one."""
    try:
        text = source.read_text(encoding="utf-8")
        version = json.loads(text).get("nbformat")
        if version != 4:
            raise NotebookError(f"notebook {source} is of nbformat {version}; 4 is required")
        notebook = nbformat.v4.reads(text)
        notebook.cells = [c for c in notebook.cells if not _tagged(c, "injected-parameters")]
        notebook = normalise(notebook)
        nbformat.validate(notebook)
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        reason = _paragraph(getattr(error, "message", str(error)))
        raise NotebookError(f"{source} is not a valid notebook: {reason}") from error
    return notebook


def _checked(source: Path, notebook: NotebookNode, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in the order of the parameters cell; raise if they do not fit it."""
    count = sum(_tagged(cell, "parameters") for cell in notebook.cells)
    if count != 1:
        raise NotebookError(f"notebook {source} has {count} cells tagged 'parameters', not one")
    declared = list(papermill.inspect_notebook(notebook))
    for name, value in parameters.items():
        if name not in declared:
            meant = closest(name, declared)
            hint = f"did you mean {meant!r}?" if meant else f"it assigns {declared}"
            where = f"notebook {source} does not assign {name!r} in its parameters cell"
            raise NotebookError(f"{where}; {hint}")
        if type(value) not in _PLAIN:
            kinds = f"{type(value).__name__}; allowed are {', '.join(k.__name__ for k in _PLAIN)}"
            raise NotebookError(f"parameter {name!r} of notebook {source} is a {kinds}")
    if missing := [name for name in declared if name not in parameters]:
        raise NotebookError(f"notebook {source} also needs the parameters {missing}")
    return {name: parameters[name] for name in declared}


def _run(
    source: Path, notebook: NotebookNode, parameters: dict[str, Any], root: Path
) -> tuple[NotebookNode, str]:
    """Return the notebook as far as it ran, and what stopped it; its kernel leaves no file."""
    started: list[NotebookNode] = []
    with tempfile.TemporaryDirectory(prefix="reprise-", ignore_cleanup_errors=True) as private:
        written = Path(private, "executed.ipynb")
        try:
            papermill.execute_notebook(
                notebook,  # pyright: ignore[reportArgumentType]
                written,
                parameters,
                kernel_name="python3",
                progress_bar=False,
                start_timeout=600,  # an emulated CPU is slow
                iopub_timeout=600,
                kernel_manager_class=_kernel_manager(Path(private)),
                on_cell_start=lambda cell, cell_index: started.append(cell),
                resources={"metadata": {"path": str(root)}},
                shutdown_kernel="immediate",
            )
            fault = ""
        except PapermillExecutionError as error:
            where = _where(source, started, error.cell_index)
            fault = f"{where}: {error.ename}: {_paragraph(error.evalue)}"
        except RuntimeError as error:  # the kernel died, or never came up
            where = _where(source, started, len(started) - 1) if started else f"notebook {source}"
            fault = f"{where}: {type(error).__name__}: {_paragraph(str(error))}"
        text = written.read_text(encoding="utf-8") if written.exists() else None
    return (nbformat.v4.reads(text) if text else notebook), fault


def _kernel_manager(private: Path) -> type[AsyncKernelManager]:
    """Return a manager of kernels of this interpreter, whichever kernelspecs are installed.

    Its sockets are files in the private directory: no port is opened, and none can be taken.
    """
    paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    spec = KernelSpec(
        argv=[
            sys.executable,
            *["-m", "ipykernel_launcher", "-f", "{connection_file}"],
            _NO_HISTORY,
        ],
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

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

    return Kernel


def _without_stderr(source: Path, notebook: NotebookNode) -> list[str]:
    """Take what cells wrote to stderr out of a notebook; return it, a line for each cell."""
    taken = []
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                said = _paragraph(_WARNING.sub(r"\1", output.text))
                taken.append(f"{_where(source, notebook.cells, index)}: {said}")
        if "outputs" in cell:
            cell.outputs = _merged([o for o in cell.outputs if o.get("name") != "stderr"])
    return taken


def _unfit_output(source: Path, notebook: NotebookNode, root: Path) -> str:
    """Return what is wrong with the first output that fails, or would differ elsewhere."""
    machine = {root.resolve(), Path.home(), Path(sys.prefix), Path(tempfile.gettempdir())}
    paths = sorted((re.escape(f"{path}") for path in machine if len(path.parts) > 1), reverse=True)
    unstable = re.compile("|".join([_ADDRESS, *(rf"(?<![\w.-]){p}(?![\w.-])" for p in paths)]))

    def fault(output: NotebookNode) -> str | None:
        if output.output_type == "error":  # papermill lets sys.exit(0) pass
            return f"{output.ename}: {_paragraph(output.evalue)}"
        for kind, text in {"stdout": output.get("text", ""), **output.get("data", {})}.items():
            picture = kind.startswith("image/") and kind != "image/svg+xml"
            if not picture and (found := unstable.search(str(text))):
                return f"its output ({kind}) holds {found.group()!r}, which differs elsewhere"
        return None

    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if reason := fault(output):
                return f"{_where(source, notebook.cells, index)}: {reason}"
    return ""


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return outputs with each stream in one piece."""
    merged: list[NotebookNode] = []
    for output in outputs:
        stream = output.get("name")  # other outputs have no name
        if stream and merged and merged[-1].get("name") == stream:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def _tagged(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def _where(source: Path, cells: list[NotebookNode], index: int) -> str:
    """Name a cell by its number in the source, where no parameters are injected yet."""
    number = sum(not _tagged(cell, "injected-parameters") for cell in cells[: index + 1])
    first_line = next(iter(cells[index].source.strip().splitlines()), "")
    return f"notebook {source}, cell {number} ({first_line!r})"


def _paragraph(text: str) -> str:
    return " ".join(_COLOUR.sub("", text).split())
