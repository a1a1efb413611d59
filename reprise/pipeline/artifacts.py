"""Results as stable bytes, written completely or not at all.

Floats in text have 9 significant digits, enough for an exact float32. -0.0 becomes 0, NaN becomes
null or an empty cell, and infinity is an error. Weights keep their bits, as arrays in .npz.
"""

import contextlib
import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reprise.errors import PlainError, UserError

if TYPE_CHECKING:
    import pandas as pd


class ArtifactError(PlainError, ValueError):
    """A result that cannot be written."""


def write_all(folder: Path, contents: Mapping[str, Any]) -> None:
    """Write all results of a stage, or none.

    `contents` maps file names to contents as `render` takes them. An ArtifactError names the file
    and the fault of its content or of the disk.
    """
    rendered = {folder / name: render(name, content) for name, content in contents.items()}
    temporaries = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in rendered}
    path = folder
    try:
        for path, content in rendered.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporaries[path].write_bytes(content)
        for path, temporary in temporaries.items():
            temporary.replace(path)
    except OSError as error:
        raise ArtifactError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        for temporary in temporaries.values():
            with contextlib.suppress(OSError):  # a folder that cannot be written holds none
                temporary.unlink(missing_ok=True)


def write(path: Path, content: Any) -> None:
    """Write one file, with content as `render` takes it."""
    write_all(path.parent, {path.name: content})


def read_json(path: Path) -> Any:
    """Read a JSON file; a UserError names a bad one."""
    try:
        return json.loads(_read(path))
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from None


def read_csv(path: Path) -> "pd.DataFrame":
    """Read a table with its floats as written.

    Columns without rows are floats. A UserError names a missing or broken file.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(io.BytesIO(_read(path)))
    except ValueError as error:
        raise UserError(f"{path} is not CSV: {' '.join(str(error).split())}") from None
    return frame.astype(float) if frame.empty else frame


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read arrays by name, in their order in the file.

    A UserError names a file that is missing, is no .npz, or holds Python objects.
    """
    content = io.BytesIO(_read(path))
    try:
        with np.lib.npyio.NpzFile(content, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # of many kinds, if bytes are wrong or missing
        reason = " ".join(str(error).split()) or "it ends too early"
        raise UserError(f"{path} is not an .npz file of plain arrays: {reason}") from None


def render(name: str, content: Any) -> bytes:
    """Turn a content into the bytes of its file.

    >>> print(render("metrics.json", {"mean": 2 / 3, "n": 96}).decode(), end="")
    {
      "mean": 0.666666667,
      "n": 96
    }

    The name's suffix decides the type: a mapping for .json, a DataFrame for .csv, a mapping of
    arrays for .npz, otherwise bytes. An ArtifactError names the file and the place of an infinity.
    """
    match Path(name).suffix:
        case ".json":
            plain = _plain(content, f"{name}: ")
            return (json.dumps(plain, indent=2, ensure_ascii=False) + "\n").encode()
        case ".csv":
            text = {key: _text(column, f"{name}: column {key}") for key, column in content.items()}
            return content.assign(**text).to_csv(index=False, lineterminator="\n").encode()
        case ".npz":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:  # savez writes other headers
                for key, value in content.items():
                    array = io.BytesIO()
                    np.save(array, np.asarray(value, order="C"), allow_pickle=False)
                    archive.writestr(zipfile.ZipInfo(f"{key}.npy"), array.getvalue())  # undated
            return buffer.getvalue()
    return bytes(content)


def _plain(value: Any, where: str) -> Any:
    """Turn a value into plain JSON with rounded floats."""
    match value:
        case float() | np.floating():
            text = _rounded(value, where[:-1])
            return float(text) if text else None
        case np.generic() | np.ndarray():
            return _plain(value.tolist(), where)
        case Mapping():
            return {key: _plain(inner, f"{where}{key}.") for key, inner in value.items()}
        case tuple() if fields := getattr(value, "_fields", ()):
            return _plain(dict(zip(fields, value, strict=True)), where)
        case list() | tuple():
            return [_plain(inner, f"{where}{index}.") for index, inner in enumerate(value)]
    return value


def _text(column: "pd.Series", where: str) -> "pd.Series":
    """Write a column's floats as text."""
    if column.dtype != object and column.dtype.kind != "f":
        return column
    cells = [
        _rounded(cell, f"{where}, row {row}") if isinstance(cell, float | np.floating) else cell
        for row, cell in enumerate(column)
    ]
    return type(column)(cells, column.index, object)


def _rounded(value: float | np.floating, where: str) -> str:
    if math.isinf(value):
        raise ArtifactError(f"{where} is {value}; allowed: a finite number or NaN")
    return "" if math.isnan(value) else f"{float(value) + 0.0:.9g}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes results") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
