"""Run every stage again and compare the results' bytes.

`make reproduce` names each file that differs. Only x86-64 processors with AVX2 give the same bytes.
Exit codes: 0 the same; 1 other results, or a stage failed; 2 nothing to run; 130 interrupted.
"""

import contextlib
import io
import subprocess
import sys
import time
from typing import Any

from reprise.errors import PlainError, UserError
from reprise.pipeline.progress import duration
from reprise.site import verify

HINT = "`git checkout dvc.lock data && dvc checkout` brings the committed results back"
CHANGES = {"??": "new", "A": "new", "added": "new", "D": "missing", "deleted": "missing"}


def main() -> int:
    """Run the pipeline, print what differs, return the exit code."""
    start = time.monotonic()
    try:
        if subprocess.run(["git", "rev-parse"], capture_output=True, check=False).returncode:
            raise UserError("not a git checkout; the results are compared with the committed ones")
        verify.check(verify.cache)
        try:
            with verify.repository() as repo, contextlib.redirect_stdout(io.StringIO()):
                ran = repo.reproduce(force=True)
        except PlainError as error:
            raise PlainError(f"the pipeline stopped: {error}; {HINT}") from None
        with verify.repository() as repo:
            differences = _differences(repo)
        print(f"all stages  ({duration(time.monotonic() - start)})")
        if differences:
            listed = [f"  {path}: {how}" for path, how in sorted(differences.items())]
            print("NOT the committed results:", *listed, sep="\n", flush=True)
            return 1
        files = sum(out.meta.nfiles or 1 for stage in ran for out in stage.outs)
        print(f"byte-identical to the committed results: {files} files")
        return 0
    except PlainError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"reproduce: interrupted; {HINT}", file=sys.stderr)
        return 130


def _differences(repo: Any) -> dict[str, str]:
    """List what differs from the commit, by git and DVC."""
    status = ("git", "status", "--porcelain", "--no-renames", "--untracked-files=all", "-z")
    lines = subprocess.check_output([*status, "data", "dvc.lock"], text=True).split("\0")
    found = {line[3:]: CHANGES.get(line[:2].strip(), "differs") for line in lines if line}
    if (lock := found.pop("dvc.lock", None)) == "new":
        raise PlainError("every stage ran, but no commit has a dvc.lock to compare with")
    for kind, paths in repo.data_status(with_renames=False)["committed"].items():
        found |= {path.rstrip("/"): CHANGES.get(kind, "differs") for path in paths}
    return found or ({"dvc.lock": "the same results, from other inputs"} if lock else {})


if __name__ == "__main__":
    sys.exit(main())
