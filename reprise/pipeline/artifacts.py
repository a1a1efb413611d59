"""The only module that writes results: whole or not at all, and the same bytes for the same values.

Floats in text have 9 significant digits, which hold a float32 exactly; -0.0 is written as 0, NaN as
null or an empty cell, and infinity is refused. Weights keep their bits, as arrays in .npz.
"""

import contextlib
import io
import json
import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
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
        folder: the folder of the results, made if need be.
        contents: by file name, what `render` takes.

    Raises:
        ArtifactError: names the file and what is wrong with its content, or with the disk.
    """
    for name in contents:
        if not name or Path(name).is_absolute() or ".." in Path(name).parts:
            raise ArtifactError(f"{name!r} is not a file name inside {folder}")
    _replace({folder / name: render(name, content) for name, content in contents.items()})


def write(path: Path, content: Any) -> None:
    """Write one file, of what `render` takes."""
    write_all(path.parent, {path.name: content})


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        UserError: if it is missing or not JSON.
    """
    try:
        return json.loads(_read(path))
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}") from None


def read_csv(path: Path) -> "pd.DataFrame":
    """Return a table; its floats are exactly those written, and columns without rows are floats.

    Raises:
        UserError: if it is missing or not CSV.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(io.BytesIO(_read(path)))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not CSV: {reason}") from None
    return frame.astype(float) if frame.empty else frame


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Return arrays by name, in the order written.

    Raises:
        UserError: if the file is missing, not .npz, or holds Python objects.
    """
    content = io.BytesIO(_read(path))
    if not zipfile.is_zipfile(content):
        raise UserError(f"{path} is not an .npz file")
    try:
        with np.load(content, allow_pickle=False) as archive:  # noqa: TID251
            return {name: archive[name] for name in archive.files}
    except _BROKEN as error:
        reason = " ".join(str(error).split()) or "it ends too early"
        raise UserError(f"{path} is not an .npz file of plain arrays: {reason}") from None


def render(name: str, content: Any) -> bytes:
    """Return the bytes of a file.

    >>> print(render("metrics.json", {"mean": 2 / 3, "n": 96}).decode(), end="")
    {
      "mean": 0.666666667,
      "n": 96
    }

    Args:
        name: the file's name; its suffix decides the kind.
        content: for .json a mapping, for .csv a DataFrame, for .npz arrays by name, else bytes.

    Raises:
        ArtifactError: names the file, and where infinity is.
    """
    match Path(name).suffix:
        case ".json":
            plain = _plain(content, f"{name}: ", ())
            return (json.dumps(plain, indent=2, ensure_ascii=False) + "\n").encode()
        case ".csv":
            columns = {
                key: _cells(series, f"{name}: column {key}") for key, series in content.items()
            }
            frame = content.assign(**columns)
            return frame.to_csv(index=False, float_format=FLOAT, lineterminator="\n").encode()
        case ".npz":
            return _npz(content)
    return bytes(content)


def _npz(arrays: Mapping[str, Any]) -> bytes:
    """Return arrays as an uncompressed .npz without a date, in the order given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for key, value in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(value, order="C"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{key}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def _plain(value: Any, file: str, keys: tuple[str, ...]) -> Any:
    """Return a value made of what JSON has, its floats rounded."""
    match value:
        case float() | np.floating():
            text = _rounded(float(value), file + ".".join(keys))
            return float(text) if text else None
        case np.generic() | np.ndarray():
            return _plain(value.tolist(), file, keys)
        case Mapping():
            return {key: _plain(inner, file, (*keys, key)) for key, inner in value.items()}
        case tuple() if fields := getattr(value, "_fields", None):
            return _plain(dict(zip(fields, value, strict=True)), file, keys)
        case list() | tuple():
            return [_plain(inner, file, (*keys, str(i))) for i, inner in enumerate(value)]
    return value


def _cells(series: "pd.Series", where: str) -> "pd.Series":
    """Return a column without -0.0; floats among other values become text."""
    if series.dtype == object:
        cells = [
            _rounded(float(value), f"{where}, row {row}")
            if isinstance(value, float | np.floating)
            else value
            for row, value in enumerate(series)
        ]
        return type(series)(cells, series.index, object)
    if getattr(series.dtype, "kind", "") != "f":
        return series
    for row in np.flatnonzero(np.isinf(series.to_numpy())):
        _rounded(float(series.iloc[row]), f"{where}, row {row}")
    return series + 0.0


def _rounded(value: float, where: str) -> str:
    """Return a float with as many digits as files have; nothing for NaN."""
    if math.isinf(value):
        raise ArtifactError(f"{where} is {value}; allowed: a finite number or NaN")
    return "" if math.isnan(value) else FLOAT % (value + 0.0)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; `dvc repro` makes results") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _replace(contents: Mapping[Path, bytes]) -> None:
    """Write every file under another name, then put all in place; clean up after a failure.

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
