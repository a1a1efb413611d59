"""Runs every stage again and compares the results with the committed ones, byte for byte.

Where bytes differ, each metric is compared with its committed interval. On x86-64 that is only
reported. On other processors, for which bytes are not promised, it decides.

Used by `make reproduce`, as `python -m reprise.site.reproduce`. Exit codes: 0 the same bytes, or
not x86-64 and every metric within its interval; 1 other results, or a stage failed; 2 nothing to
run here; 130 interrupted.
"""

import contextlib
import io
import json
import logging
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from reprise.errors import PlainError, UserError
from reprise.pipeline.progress import duration
from reprise.site import verify
from reprise.stats import metrics

LOCK = Path("dvc.lock")
RESULTS = "data"
METRICS = "metrics.json"
BYTES_PROMISED = {"x86_64", "AMD64"}  # two names of one architecture
NO_BYTES = "other bytes are no failure, a metric outside its committed interval is"
HINT = "`git checkout dvc.lock data && dvc checkout` brings the committed results back"
CHANGES = {"??": "new", "A": "new", "D": "missing"}  # of `git status --porcelain`

Lock = Mapping[str, Any]


class Verdict(NamedTuple):
    """The number of compared files, and a line for each difference."""

    files: int
    differences: list[str]

    def __str__(self) -> str:
        if not self.differences:
            files = "1 file" if self.files == 1 else f"{self.files} files"
            return f"byte-identical to the committed results: {files}"
        listed = "".join(f"\n  {difference}" for difference in self.differences)
        return f"NOT the committed results:{listed}"

    @property
    def only_bytes_differ(self) -> bool:
        """Whether every committed file is there, and no other."""
        return all(line.partition(": ")[2] == "differs" for line in self.differences)


def main() -> int:
    """Run the pipeline in the current directory, print the verdict, return the exit code."""
    start = time.monotonic()
    try:
        if _git("rev-parse", "--is-inside-work-tree").returncode:
            raise UserError("not a git checkout; the results are compared with the committed ones")
        verify.require_root()
        verify.refuse(verify.cache)
        promised = platform.machine() in BYTES_PROMISED
        if not promised:
            print(f"this processor is {platform.machine()}, not x86-64: {NO_BYTES}", flush=True)
        _run_pipeline()
        committed = _committed_lock()
        current = _parsed(LOCK.read_text(encoding="utf-8") if LOCK.exists() else "")
        verdict = compare(committed, current, _status())
        print(f"all stages  ({duration(time.monotonic() - start)})")
        print(verdict, flush=True)
        if not verdict.differences:
            return 0
        found = metrics.compare(*_metrics(committed))
        print(found, flush=True)
    except PlainError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"reproduce: interrupted; {HINT}", file=sys.stderr)
        return 130
    passed = not promised and verdict.only_bytes_differ and not found.outside
    return 0 if passed else 1


def compare(committed: Lock, current: Lock, status: Sequence[str]) -> Verdict:
    """Return which outputs and files differ between two states of the repository.

    Args:
        committed: dvc.lock of the last commit.
        current: dvc.lock after the run.
        status: lines of `git status --porcelain` for the results and dvc.lock.
    """
    before, after = _outputs(committed), _outputs(current)
    found = {}
    for path in before | after:
        if path not in before or path not in after:
            found[path] = "missing" if path in before else "new"
        elif before[path].get("md5") != after[path].get("md5"):
            found[path] = "differs"
    for line in status:
        path = line[3:]
        if path != str(LOCK) and not any(path.startswith(f"{output}/") for output in found):
            found.setdefault(path, CHANGES.get(line[:2].strip(), "differs"))
    if not found and any(line[3:] == str(LOCK) for line in status):
        old, new = committed.get("stages") or {}, current.get("stages") or {}
        names = ", ".join(name for name in old | new if old.get(name) != new.get(name))
        found[str(LOCK)] = f"the same outputs, but other inputs or layout: {names or 'no stage'}"
    files = sum(output.get("nfiles", 1) for output in after.values())
    return Verdict(files, [f"{path}: {what}" for path, what in found.items()])


def _outputs(lock: Lock) -> dict[str, Any]:
    """Return the outputs of all stages in dvc.lock by path."""
    stages = (lock.get("stages") or {}).values()
    return {output["path"]: output for stage in stages for output in stage.get("outs") or []}


def _run_pipeline() -> None:
    """Run `dvc repro --force` and show warnings and errors of DVC only."""
    from dvc.cli import main as dvc  # here, as it takes a second

    for name in ("dvc", "dvc_objects", "dvc_data"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()):  # the stages write to the real one
        code = dvc(["repro", "--force"])
    if code:
        raise PlainError(f"the pipeline stopped; {HINT}")


def _committed_lock() -> Lock:
    if _git("rev-parse", "--verify", "HEAD").returncode:
        raise PlainError("every stage ran, but there is no commit yet to compare the results with")
    shown = _git("show", f"HEAD:./{LOCK}")
    if shown.returncode:
        raise PlainError(f"every stage ran, but the last commit has no {LOCK} to compare with")
    return _parsed(shown.stdout)


def _metrics(committed: Lock) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of each file of metrics by path: committed, and current."""
    before, after = {}, {}
    for path in [path for path in _outputs(committed) if Path(path).name == METRICS]:
        shown = _git("show", f"HEAD:./{path}")
        before[path] = json.loads(shown.stdout) if shown.returncode == 0 else {}
        after[path] = json.loads(Path(path).read_text("utf-8")) if Path(path).exists() else {}
    return before, after


def _status() -> list[str]:
    command = ("status", "--porcelain", "--no-renames", "--untracked-files=all", "-z")
    listing = _git(*command, "--", RESULTS, str(LOCK))
    if listing.returncode:
        raise PlainError(f"git status failed: {' '.join(listing.stderr.split())}")
    return [line for line in listing.stdout.split("\0") if line]


def _parsed(text: str) -> Lock:
    return YAML(typ="safe", pure=True).load(text) or {}


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError("git is not installed") from None


if __name__ == "__main__":
    sys.exit(main())
