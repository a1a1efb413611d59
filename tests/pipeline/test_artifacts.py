"""Results are written whole or not at all, and the same values are the same bytes."""

import errno
import json
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from reprise.errors import UserError
from reprise.pipeline import artifacts
from reprise.pipeline.artifacts import ArtifactError, render


class Interval(NamedTuple):
    low: float
    high: float


def test_json_is_indented_rounded_and_in_the_order_given():
    values = {
        "mean": 1 / 3, "at_cap": np.float32(0.1), "seeds": np.int64(96), "solved": np.bool_(True),
        "none": None, "nan": float("nan"), "zero": -0.0, "interval": Interval(0.5, np.nan),
        "array": np.array([1, 2]), "name": "ε-greedy",
    }  # fmt: skip
    content = render("metrics.json", values).decode()
    assert content.startswith('{\n  "mean": 0.333333333,\n  "at_cap": 0.100000001,\n')
    assert content.endswith('"name": "ε-greedy"\n}\n')
    assert '"zero": 0.0,' in content
    assert list(json.loads(content).items())[2:-1] == [
        ("seeds", 96), ("solved", True), ("none", None), ("nan", None), ("zero", 0.0),
        ("interval", {"low": 0.5, "high": None}), ("array", [1, 2]),
    ]  # fmt: skip


def test_csv_has_a_header_and_no_index():
    frame = pd.DataFrame({
        "seed": [0, 1, 2],
        "return": [1 / 3, -0.0, np.nan],
        "loss": np.array([0.1, 1e-9, 200.0], np.float32),
        "solved": [True, False, True],
        "policy": ["angle", 'a "quoted", one', None],
        "mixed": pd.Series([1, -0.0, np.float64(0.25)], dtype=object),
        "counts": pd.Series([1, None, 3], dtype=object),
        "steps": pd.array([1, None, 3], dtype="Int64"),
    })  # fmt: skip
    assert render("curves.csv", frame).decode() == (
        "seed,return,loss,solved,policy,mixed,counts,steps\n"
        "0,0.333333333,0.100000001,True,angle,1,1,1\n"
        '1,0,9.99999972e-10,False,"a ""quoted"", one",0,,\n'
        "2,,200,True,,0.25,3,3\n"
    )


def test_npz_is_uncompressed_undated_and_in_the_order_given(tmp_path: Path):
    arrays = {
        "kernel": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "file": np.array([np.nan, -0.0, np.inf]),
        "scalar": 3,
    }
    artifacts.write(tmp_path / "weights.npz", arrays)
    with zipfile.ZipFile(tmp_path / "weights.npz") as archive:
        infos = archive.infolist()
    assert [info.filename for info in infos] == ["kernel.npy", "file.npy", "scalar.npy"]
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
    read = artifacts.read_npz(tmp_path / "weights.npz")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        assert read[name].tobytes() == np.asarray(array, order="C").tobytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", {"dqn": {"returns": [1.0, np.float32("inf")]}}, "dqn.returns.1 is inf"),
        ("a.csv", pd.DataFrame({"loss": [1.0, -np.inf]}), "column loss, row 1 is -inf"),
        ("a.csv", pd.DataFrame({"loss": [1, np.inf]}, dtype=object), "column loss, row 1 is inf"),
    ],
)
def test_what_cannot_be_written_is_named_and_nothing_is_written(tmp_path, name, content, message):
    with pytest.raises(ArtifactError) as error:
        artifacts.write_all(tmp_path / "new", {"first.json": {"fine": 1}, name: content})
    assert str(error.value) == f"{name}: {message}; allowed: a finite number or NaN"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (OSError(errno.ENOSPC, "no room"), ArtifactError("/b.json cannot be written: no room")),
        (KeyboardInterrupt(), KeyboardInterrupt()),
    ],
)
def test_results_of_before_stay_if_writing_fails(tmp_path: Path, monkeypatch, failure, message):
    artifacts.write_all(tmp_path, {"a.json": {"run": 1}, "b.json": {"run": 1}})
    write_bytes = Path.write_bytes

    def fail_at_the_second(path: Path, content: bytes) -> int:
        written = write_bytes(path, content)
        if "b.json" in path.name:
            raise failure
        return written

    monkeypatch.setattr(Path, "write_bytes", fail_at_the_second)
    with pytest.raises(type(message), match=f"{message}$"):
        artifacts.write_all(tmp_path, {"a.json": {"run": 2}, "b.json": {"run": 2}})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b.json"]
    assert artifacts.read_json(tmp_path / "a.json") == {"run": 1}


@pytest.mark.parametrize(
    ("reader", "content", "message"),
    [
        (artifacts.read_json, b"{", "is not JSON: Expecting property name"),
        (artifacts.read_csv, b"", "is not CSV: No columns to parse"),
        (artifacts.read_npz, b"{", "is not an .npz file of plain arrays: File is not a zip file"),
    ],
)
def test_readers_name_what_is_missing_or_broken(tmp_path: Path, reader, content, message):
    path = tmp_path / "x"
    with pytest.raises(UserError, match=r"x does not exist; `dvc repro` makes results$"):
        reader(path)
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"x {message}"):
        reader(path)
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        reader(tmp_path)
