"""One run of a stage: load parameters, run, write results.

    if __name__ == "__main__":
        sys.exit(stage.execute("markov_chain", Params, run, headline))

Exit codes: 0 done; 1 failed; 2 a parameter or argument is not allowed, and nothing was written;
130 interrupted.
"""

import contextlib
import errno
import os
import platform
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil

from reprise.errors import PlainError, UserError, closest
from reprise.hyperparameters import Frozen
from reprise.pipeline import artifacts, checkpoints, compile_cache, execution, parameters
from reprise.pipeline.progress import duration

RESULTS = Path("data")
PROVENANCE = Path(".reprise/provenance")
DVC_STAGE = "DVC_STAGE"  # the environment variable that DVC sets for a stage's command

Contents = TypeVar("Contents", bound=Mapping[str, Any])
P = TypeVar("P", bound=Frozen)


def execute(
    name: str,
    model: type[P],
    run: Callable[..., Contents],
    headline: Callable[[Contents], str],
    arguments: Sequence[str] = (),
    argv: Sequence[str] | None = None,
    folder: str | None = None,
) -> int:
    """Run a stage and return its exit code.

    `run` takes the parameters and the arguments, and returns results for `artifacts.write_all`.
    `headline` turns the results into the last line of output. `arguments` names the words on the
    command line, `argv` holds them, by default those of this process. `folder` is the folder in
    data/ if it has another name than the stage. If the parameters have a `notice`, it is printed
    first.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    label = "@".join([name, *given]) if len(given) == len(arguments) else name
    start = time.monotonic()
    try:
        if len(given) != len(arguments):
            usage = " ".join([f"python -m stages.{name}", *map(str.upper, arguments)])
            raise UserError(f"the arguments are {given}; allowed: `{usage}`")
        if DVC_STAGE in os.environ:  # end with DVC, or this might overwrite a later run's results
            with contextlib.suppress(psutil.Error):  # the shell that DVC starts has it too
                parents = psutil.Process().parents()
                execution.end_with(next(p.pid for p in parents if DVC_STAGE not in p.environ()))
        used = execution.current()
        if closest(execution.SECTION, parameters.read()):
            used = parameters.load(execution.SECTION, execution.Execution)
        with execution.used(used), checkpoints.while_running(name), compile_cache.used(name):
            params = parameters.load(name, model)
            if notice := getattr(params, "notice", None):
                print(f"{label}: {notice}", file=sys.stderr, flush=True)
            results = run(params, *given)
            message = headline(results)
            artifacts.write_all(RESULTS / (folder or name), results)
            seconds = time.monotonic() - start
            artifacts.write(PROVENANCE / f"{label}.json", _provenance(label, seconds))
    except (Exception, KeyboardInterrupt) as error:
        message, code = _plain(error)
        print(" ".join(f"{label}: {message}".split()), file=sys.stderr)
        return code
    print(f"{label}: {message}  ({duration(seconds)})", flush=True)
    return 0


def _plain(error: BaseException) -> tuple[str, int]:
    """Describe an expected error in a line; return its code."""
    match error:
        case PlainError():
            notes = [n for e in (error, error.__cause__) for n in getattr(e, "__notes__", ())]
            return " ".join([f"{error}", *(f"({note})" for note in notes)]), error.exit_code
        case KeyboardInterrupt():
            return "interrupted", 130
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EFBIG):
            return f"{error.filename or 'a file'}: {error.strerror}", 1
    # Python and NumPy raise one of these, TensorFlow the other.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        reason = " ".join(str(error).split())[:200]
        return f"out of memory{': ' if reason else ''}{reason}", 1
    raise error


def _provenance(label: str, seconds: float) -> dict[str, Any]:
    """Describe the run and the machine.

    This differs from run to run, so neither git nor DVC tracks it.
    """
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    who = {"stage": resource.RUSAGE_SELF, "largest_worker": resource.RUSAGE_CHILDREN}
    revision = None
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
        words = ["git", "describe", "--always", "--abbrev=40", "--dirty"]
        revision = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    return {
        "stage": label,
        "wall_seconds": seconds,
        "peak_memory_mib": {k: resource.getrusage(of).ru_maxrss / 1024 for k, of in who.items()},
        "engine": execution.current().engine,
        "workers": os.environ.get(execution.WORKERS, "one for each CPU"),
        "cpu": {"model": model[1] if model else platform.processor(), "count": os.cpu_count()},
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "git": revision,
    }
