"""Runs every stage again and compares the results' bytes.

Files that differ are named. Bytes are promised on x86-64 processors with AVX2 only.

Used by `make reproduce`, as `python -m reprise.site.reproduce`. Exit codes: 0 the same bytes; 1
other results, or a stage failed; 2 nothing to run here; 130 interrupted.
"""

import contextlib
import io
import logging
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from reprise.errors import PlainError, UserError
from reprise.pipeline.progress import duration
from reprise.site import verify

LOCK = Path("dvc.lock")
RESULTS = "data"
HINT = "`git checkout dvc.lock data && dvc checkout` brings the committed results back"
CHANGES = {"??": "new", "A": "new", "D": "missing"}  # of `git status --porcelain`

Lock = Mapping[str, Any]


def main() -> int:
    """Run the pipeline, print the verdict, return the exit code."""
    start = time.monotonic()
    try:
        if _git("rev-parse", "--is-inside-work-tree").returncode:
            raise UserError("not a git checkout; the results are compared with the committed ones")
        verify.refuse(verify.cache)
        _run_pipeline()
        if (lock := _git("show", f"HEAD:./{LOCK}")).returncode:
            raise PlainError(f"every stage ran, but no commit has a {LOCK} to compare with")
        committed, current = map(YAML(typ="safe", pure=True).load, (lock.stdout, LOCK))
        differences = _differences(committed, current)
        print(f"all stages  ({duration(time.monotonic() - start)})")
        if not differences:
            files = sum(output.get("nfiles", 1) for output in _outputs(current).values())
            print(f"byte-identical to the committed results: {files} files")
            return 0
        listed = [f"  {path}: {difference}" for path, difference in differences.items()]
        print("NOT the committed results:", *listed, sep="\n", flush=True)
        return 1
    except PlainError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"reproduce: interrupted; {HINT}", file=sys.stderr)
        return 130


def _differences(committed: Lock, current: Lock) -> dict[str, str]:
    """Return each output or file that differs from the commit."""
    before, after = _outputs(committed), _outputs(current)
    found = {
        path: "missing" if path not in after else "differs" if path in before else "new"
        for path in before | after
        if before.get(path, {}).get("md5") != after.get(path, {}).get("md5")
    }
    command = ("status", "--porcelain", "--no-renames", "--untracked-files=all", "-z")
    listing = _git(*command, "--", RESULTS, str(LOCK)).stdout.split("\0")
    status = {line[3:]: line[:2].strip() for line in listing if line}
    for path, change in status.items():
        if path != str(LOCK) and not any(path.startswith(f"{output}/") for output in found):
            found.setdefault(path, CHANGES.get(change, "differs"))
    if not found and str(LOCK) in status:
        old, new = committed["stages"], current["stages"]
        names = ", ".join(name for name in old | new if old.get(name) != new.get(name))
        found[str(LOCK)] = f"the same outputs, but other inputs or layout: {names or 'no stage'}"
    return found


def _outputs(lock: Lock) -> dict[str, Any]:
    """Return the outputs of all stages in dvc.lock by path."""
    stages = lock["stages"].values()
    return {output["path"]: output for stage in stages for output in stage.get("outs", ())}


def _run_pipeline() -> None:
    """Run all stages; show their lines and warnings."""
    from dvc.exceptions import DvcException  # here, as DVC takes a second
    from dvc.repo import Repo

    for name in ("dvc", "dvc_objects", "dvc_data"):
        logging.getLogger(name).setLevel(logging.WARNING)
    repo: Any
    try:
        with Repo() as repo, contextlib.redirect_stdout(io.StringIO()):
            repo.reproduce(force=True)
    except DvcException as error:
        why = error.__cause__ or error
        raise PlainError(f"the pipeline stopped: {error}: {why}; {HINT}") from None


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
