"""Runs a stage: loads its parameters, runs it, writes its results and prints one line.

    if __name__ == "__main__":
        sys.exit(stage.execute("markov_chain", Params, run, headline))

Exit codes: 0 done; 1 failed; 2 something given is not allowed, and nothing was touched; 130
interrupted.
"""

import errno
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from reprise import capacity
from reprise.errors import PlainError, UserError, closest
from reprise.hyperparameters import Frozen
from reprise.pipeline import (
    artifacts,
    checkpoints,
    compile_cache,
    execution,
    orphans,
    parameters,
    provenance,
    tracking,
)
from reprise.pipeline.progress import duration

RESULTS = Path("data")
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

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
    """Run a stage in the current directory and return its exit code.

    Args:
        name: the stage's name: its section in params.yaml and its folder in data/.
        model: the frozen model of its parameters; its `notice`, if any, is printed first.
        run: from the parameters and the arguments to the results, by file name as
            `artifacts.write_all` takes them.
        headline: from the results to the line that is printed at the end.
        arguments: the names of the words it takes on the command line.
        argv: the words on the command line, if not those of this process.
        folder: the folder in data/, if it is another stage's.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    loaded = set(sys.modules)
    label = "@".join([name, *given]) if len(given) == len(arguments) else name
    start = time.monotonic()
    try:
        _check(name, arguments, given)
        orphans.end_with_dvc()
        with (
            execution.used(_execution()),
            checkpoints.while_running(name),
            compile_cache.used(name),
        ):
            params = parameters.load(name, model)
            if execution.current().address is None:  # else other machines run the packs
                capacity.check(name, params.needs())
            if environment := getattr(params, "environment", None):
                environment.make().close()  # loads the modules of a user's own
                tracking.check(name, loaded)
            if notice := getattr(params, "notice", None):
                print(f"{label}: {notice}", file=sys.stderr, flush=True)
            results = run(params, *given)
            said = headline(results)
            artifacts.write_all(RESULTS / (folder or name), results)
            seconds = time.monotonic() - start
            provenance.write(label, seconds)
    except (Exception, KeyboardInterrupt) as error:
        said, code = _plain(error)
        print(f"{label}: {' '.join(said.split())}", file=sys.stderr)
        return code
    print(f"{label}: {said}  ({duration(seconds)})", flush=True)
    return 0


def _plain(error: BaseException) -> tuple[str, int]:
    """Return an error's line and exit code; raise it again if it is none of the expected ones."""
    match error:
        case PlainError():
            notes = "".join(f" ({note})" for note in getattr(error, "__notes__", []))
            return f"{error}{notes}", error.exit_code
        case KeyboardInterrupt():
            return "interrupted", 130
        case OSError() if error.errno in NO_ROOM:
            return f"{error.filename or 'a file'}: {error.strerror}", 1
    # Python's and NumPy's, or TensorFlow's
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        reason = " ".join(str(error).split())[:200]
        return f"memory is short: {reason or 'there is no more'}", 1
    raise error


def _execution() -> execution.Execution:
    """Return the section `execution`, or the engine in force where there is none."""
    sections = parameters.read()
    if execution.SECTION not in sections:
        if meant := closest(execution.SECTION, sections):
            raise UserError(f"params.yaml has {meant}; did you mean {execution.SECTION}?")
        return execution.current()
    return parameters.load(execution.SECTION, execution.Execution)


def _check(name: str, arguments: Sequence[str], given: Sequence[str]) -> None:
    if len(given) > len(arguments):
        takes = " ".join(arguments) if arguments else "no arguments"
        extra = given[len(arguments)]
        raise UserError(f"unknown argument {extra!r}; `python -m stages.{name}` takes {takes}")
    if len(given) < len(arguments):
        words = " ".join(word.upper() for word in arguments)
        missing = arguments[len(given)]
        raise UserError(f"the argument {missing} is missing: `python -m stages.{name} {words}`")
