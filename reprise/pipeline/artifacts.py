"""The only module that writes results: whole or not at all, and the same bytes for the same values.

Floats in text have 9 significant digits, which hold a float32 exactly; -0.0 is written as 0, NaN as
null or an empty cell, and infinity is refused. Weights keep their bits, as arrays in .npz.
"""

import contextlib
import csv
import io
import json
import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reprise.errors import PlainError, UserError

if TYPE_CHECKING:
    import pandas as pd

FLOAT = "%.9g"

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip file can hold

# What zipfile and NumPy raise where a file was cut off, changed, or never was what it seems.
_BROKEN = (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError)


class ArtifactError(PlainError, ValueError):
    """A result that cannot be written; the message names the file, the key and the value."""


def write_all(folder: Path, contents: Mapping[str, Any]) -> None:
    """Write a stage's results; if one of them cannot be written, none is.

    Args:
        folder: where they go, made if need be.
        contents: by file name, what its suffix asks for: .json a mapping, .csv a DataFrame, .npz
            arrays by name, any other suffix bytes.

    Raises:
        ArtifactError: names the file and what is wrong with its content.
    """
    for name in contents:
        if not name or Path(name).is_absolute() or ".." in Path(name).parts:
            raise ArtifactError(f"{name!r} is not a file name inside {folder}")
    _replace({folder / name: render(name, content) for name, content in contents.items()})


def write_json(path: Path, mapping: Mapping[str, Any]) -> None:
    """Write a mapping as JSON: two spaces of indentation, keys in the order given."""
    _replace({path: render_json(path.name, mapping)})


def write_csv(path: Path, frame: "pd.DataFrame") -> None:
    """Write a table as CSV: a header, no index."""
    _replace({path: render_csv(path.name, frame)})


def write_npz(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays, uncompressed and in the order given."""
    _replace({path: render_npz(path.name, arrays)})


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes as they are."""
    _replace({path: render_bytes(path.name, content)})


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        UserError: if it is missing or not JSON.
    """
    try:
        return json.loads(_read(path))
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from None


def read_csv(path: Path) -> "pd.DataFrame":
    """Return a table; its floats are exactly those written.

    Raises:
        UserError: if it is missing or not CSV.
    """
    import pandas as pd

    try:
        return pd.read_csv(io.BytesIO(_read(path)))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not CSV: {reason}") from None


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Return arrays by name, in the order written.

    Raises:
        UserError: if the file is missing, not .npz, or holds Python objects.
    """
    content = _read(path)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise UserError(f"{path} is not an .npz file")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:  # noqa: TID251
            return {name: archive[name] for name in archive.files}
    except _BROKEN as error:
        reason = " ".join(str(error).split()) or "it ends too early"
        raise UserError(f"{path} is not an .npz file of plain arrays: {reason}") from None


def render(name: str, content: Any) -> bytes:
    """Return the bytes of a file, whose kind its suffix tells."""
    return _RENDERERS.get(Path(name).suffix, render_bytes)(name, content)


def render_json(name: str, mapping: Mapping[str, Any]) -> bytes:
    """Return a mapping as JSON.

    >>> print(render_json("metrics.json", {"mean": 2 / 3, "n": 96}).decode(), end="")
    {
      "mean": 0.666666667,
      "n": 96
    }

    Raises:
        ArtifactError: names the file and the key whose value JSON does not have.
    """
    if not isinstance(mapping, Mapping):
        raise ArtifactError(f"{name} is {_kind(mapping)}; allowed: a mapping")
    plain = _plain(mapping, name, ())
    return (json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def render_csv(name: str, frame: "pd.DataFrame") -> bytes:
    """Return a table as CSV.

    >>> import pandas as pd
    >>> print(render_csv("samples.csv", pd.DataFrame({"mean": [-0.0, np.pi]})).decode(), end="")
    mean
    0
    3.14159265

    Raises:
        ArtifactError: names the file, the column and the row of what cannot be written.
    """
    if not hasattr(frame, "columns"):
        raise ArtifactError(f"{name} is {_kind(frame)}; allowed: a pandas DataFrame")
    if any(level is not None for level in frame.index.names):
        raise ArtifactError(f"{name} would lose its index {list(frame.index.names)}; reset_index()")
    if bad := [column for column in frame.columns if not isinstance(column, str)]:
        raise ArtifactError(f"{name}: the column {bad[0]!r} is {_kind(bad[0])}; allowed: text")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ArtifactError(f"{name} has the column {twice} twice")
    columns = [_cells(series, f"{name}: column {key}") for key, series in frame.items()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def render_npz(name: str, arrays: Mapping[str, Any]) -> bytes:
    """Return arrays as an uncompressed .npz without a date.

    Raises:
        ArtifactError: names the file and the array that is of Python objects.
    """
    if not isinstance(arrays, Mapping):
        raise ArtifactError(f"{name} is {_kind(arrays)}; allowed: arrays by name")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for key, value in arrays.items():
            if not isinstance(key, str) or not key:
                raise ArtifactError(f"{name}: the key {key!r} is not allowed; allowed: text")
            array = np.asarray(value, order="C")
            if array.dtype.hasobject:
                raise ArtifactError(f"{name}: {key} holds Python objects; allowed: numbers or text")
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{key}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def render_bytes(name: str, content: bytes) -> bytes:
    """Return bytes as they are."""
    if not isinstance(content, bytes):
        raise ArtifactError(f"{name} is {_kind(content)}; allowed: bytes")
    return content


_RENDERERS: dict[str, Callable[[str, Any], bytes]] = {
    ".csv": render_csv,
    ".json": render_json,
    ".npz": render_npz,
}


def _plain(value: Any, name: str, keys: tuple[str, ...]) -> Any:
    """Return a value made of what JSON has, its floats rounded."""
    match value:
        case float() | np.floating():
            return _rounded(float(value), f"{name}: {'.'.join(keys)}")
        case np.generic() | np.ndarray():
            return _plain(value.tolist(), name, keys)
        case None | bool() | int() | str():
            return value
        case Mapping():
            for key in value:
                if not isinstance(key, str):
                    where = ".".join((*keys, str(key)))
                    raise ArtifactError(f"{name}: the key {where} is {_kind(key)}; allowed: text")
            return {key: _plain(inner, name, (*keys, key)) for key, inner in value.items()}
        case tuple() if fields := getattr(value, "_fields", None):
            return _plain(dict(zip(fields, value, strict=True)), name, keys)
        case list() | tuple():
            return [_plain(inner, name, (*keys, str(i))) for i, inner in enumerate(value)]
    allowed = "numbers, text, booleans, null, lists and mappings"
    raise ArtifactError(f"{name}: {'.'.join(keys)} is {_kind(value)}; allowed: {allowed}")


def _rounded(value: float, where: str) -> float | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise ArtifactError(f"{where} is {value}; allowed: a finite number or NaN")
    return float(FLOAT % value) + 0.0


def _cells(series: "pd.Series", where: str) -> Iterable[object]:
    """Return a column's values as CSV has them."""
    if not (isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf"):
        return [_cell(value, f"{where}, row {row}") for row, value in enumerate(series.tolist())]
    if series.dtype.kind != "f":
        return series.tolist()
    values = series.to_numpy(np.float64) + 0.0
    if np.isinf(values).any():
        row = int(np.isinf(values).argmax())
        raise ArtifactError(f"{where}, row {row} is {values[row]}; allowed: a finite number or NaN")
    return ["" if value != value else FLOAT % value for value in values.tolist()]


def _cell(value: object, where: str) -> object:
    match value:
        case float() | np.floating():
            plain = _rounded(float(value), where)
            return "" if plain is None else FLOAT % plain
        case np.generic():
            return _cell(value.item(), where)
        case bool() | int() | str():
            return value
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return ""
    raise ArtifactError(f"{where} is {_kind(value)}; allowed: numbers, text, booleans or nothing")


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes results") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _replace(contents: Mapping[Path, bytes]) -> None:
    """Write every file beside its target, then put all in place; leave nothing behind.

    Raises:
        ArtifactError: if there is no room, or writing is not allowed.
    """
    path = Path()
    temporaries = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporaries[path].write_bytes(content)
        for path, temporary in temporaries.items():
            temporary.replace(path)
    except OSError as error:
        raise ArtifactError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        for temporary in temporaries.values():
            with contextlib.suppress(OSError):  # where nothing may be written, nothing is there
                temporary.unlink(missing_ok=True)
