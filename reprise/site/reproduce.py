"""Runs every stage again and says whether the results are the committed ones, byte for byte.

Where bytes differ, every metric is compared with its committed interval. On x86-64 that is told
beside the failure; on another processor, of which bytes are not promised, it decides.

Used by `make reproduce`, as `python -m reprise.site.reproduce`. Exit codes: 0 byte-identical,
or not x86-64 and every metric within its interval; 1 not, or a stage failed; 2 nothing to run here;
130 interrupted.
"""

import contextlib
import io
import json
import logging
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
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
BYTES_PROMISED = {"x86_64", "AMD64"}  # one architecture by its two names

Lock = Mapping[str, Any]


class Verdict(NamedTuple):
    """How many files were compared, and what is not as committed, one line each."""

    files: int
    differences: list[str]

    def __str__(self) -> str:
        if not self.differences:
            return f"byte-identical to the committed results: {_counted(self.files)}"
        listed = "".join(f"\n  {difference}" for difference in self.differences)
        return f"NOT the committed results:{listed}"

    @property
    def only_bytes_differ(self) -> bool:
        """Whether every file that was committed is there, and no other."""
        return all(line.partition(": ")[2].startswith("differs") for line in self.differences)


def main() -> int:
    """Run the pipeline in the current directory, print the verdict, return the exit code."""
    start = time.monotonic()
    try:
        _require_checkout()
        verify.refuse(verify.cache)
        promised = platform.machine() in BYTES_PROMISED
        if not promised:
            print(f"this processor is {platform.machine()}, not x86-64: {_NO_BYTES}", flush=True)
        _run_pipeline()
        current = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
        committed = _committed_lock()
        verdict = compare(committed, _parsed(current), _status())
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
        print(f"reproduce: interrupted; {_HINT}", file=sys.stderr)
        return 130
    passed = not promised and verdict.only_bytes_differ and not found.outside
    return 0 if passed else 1


def compare(committed: Lock, current: Lock, status: Sequence[str]) -> Verdict:
    """Return whether two states of dvc.lock have the same outputs and nothing else changed.

    Args:
        committed: dvc.lock as committed.
        current: dvc.lock as the run left it.
        status: what `git status --porcelain` says of the results and of dvc.lock.
    """
    before, after = _outputs(committed), _outputs(current)
    found = {
        path: f"{path}: {word}"
        for path in [*before, *(path for path in after if path not in before)]
        if (word := _difference(before.get(path), after.get(path)))
    }
    for line in status:
        path = line[3:]
        inside = any(path.startswith(f"{output}/") for output in found)
        if path != str(LOCK) and not inside:
            found.setdefault(path, f"{path}: {_CHANGES.get(line[:2].strip(), 'differs')}")
    if not found and any(line[3:] == str(LOCK) for line in status):
        stages = ", ".join(_changed_stages(committed, current)) or "its layout"
        found[str(LOCK)] = f"{LOCK}: the outputs are the same, what they came from is not: {stages}"
    return Verdict(sum(output.files for output in after.values()), list(found.values()))


_NO_BYTES = "other bytes are no failure, a metric outside its committed interval is"
_HINT = "`git checkout dvc.lock data && dvc checkout` brings the committed results back"
_CHANGES = {"??": "new", "A": "new", "D": "missing"}


class _Output(NamedTuple):
    """An output of a stage as dvc.lock has it."""

    digest: str
    files: int


def _outputs(lock: Lock) -> dict[str, _Output]:
    """Return the outputs of all stages by path; a folder counts as the files in it."""
    return {
        output["path"]: _Output(str(output.get("md5")), output.get("nfiles", 1))
        for stage in (lock.get("stages") or {}).values()
        for output in stage.get("outs") or []
    }


def _difference(before: _Output | None, after: _Output | None) -> str | None:
    if before is None:
        return "new"
    if after is None:
        return "missing"
    if before.digest == after.digest:
        return None
    if before.files == after.files:
        return "differs" if before.files == 1 else f"differs, in {_counted(after.files)}"
    return f"differs, {_counted(after.files)} instead of {before.files}"


def _changed_stages(committed: Lock, current: Lock) -> Iterator[str]:
    """Yield each stage that is not the same in both, with what changed in it."""
    before, after = committed.get("stages") or {}, current.get("stages") or {}
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in before or name not in after:
            yield f"{name} ({'new' if name in after else 'gone'})"
        elif keys := [
            key
            for key in ("cmd", "deps", "params")
            if before[name].get(key) != after[name].get(key)
        ]:
            yield f"{name} ({', '.join(keys)})"


def _counted(files: int) -> str:
    return f"{files} file" if files == 1 else f"{files} files"


def _run_pipeline() -> None:
    """Run `dvc repro --force`; of DVC's own words only warnings and errors are shown."""
    from dvc.cli import main as dvc  # here, as it takes a second

    for name in ("dvc", "dvc_objects", "dvc_data"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()):  # the stages write to the real one
        code = dvc(["repro", "--force"])
    if code:
        raise PlainError(f"the pipeline stopped; {_HINT}")


def _require_checkout() -> None:
    if _git("rev-parse", "--is-inside-work-tree").returncode:
        raise UserError("not a git checkout; the results are compared with the committed ones")
    verify.require_root()


def _committed_lock() -> Lock:
    if _git("rev-parse", "--verify", "HEAD").returncode:
        raise PlainError("every stage ran, but there is no commit yet to compare the results with")
    shown = _git("show", f"HEAD:./{LOCK}")
    if shown.returncode:
        raise PlainError(f"every stage ran, but the last commit has no {LOCK} to compare with")
    return _parsed(shown.stdout)


def _metrics(committed: Lock) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the files of metrics in a lock hold by path: as committed, and as they are."""
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
