"""Fill README.md with results and the output of its commands.

`python -m reprise.site.readme results` fills the ledger of claims and the table of results.
`python -m reprise.site.readme` also fills the costs of the last full run here. In each session it
runs the lines that begin with `$ `, in order, in a clone of the last commit.

    <!-- costs --> ... <!-- end -->
    <!-- ledger --> ... <!-- end -->
    <!-- results --> ... <!-- end -->
    <!-- session --> ... <!-- end -->
"""

import importlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

from reprise.errors import PlainError, UserError
from reprise.pipeline import artifacts
from reprise.site import verify

README = Path("README.md")
PIPELINES = (Path("dvc.yaml"), Path("extra/dvc.yaml"))
PUBLISHED = {  # stages without metrics: link and result
    "reporting": ("data/reporting", "one executed notebook for each stage above"),
    "report": ("data/reporting/index.html", "one page for each notebook, and the ledger above all"),
}
MOST_LINES, WIDTH = 14, 120
PROVENANCE = Path(".reprise", "provenance")


def results() -> str:
    """Write a table of each stage's question and result."""
    rows = ["| stage | question | result |", "|---|---|---|"]
    main, extra = (YAML(typ="safe", pure=True).load(path)["stages"] for path in PIPELINES)
    for name in sorted(main | extra, key=lambda name: name in PUBLISHED):  # the others' order stays
        stage = (extra | main)[name]
        if name in PUBLISHED:
            link, said = PUBLISHED[name]
        else:
            link = f"data/reporting/{name}.ipynb"
            metrics = artifacts.read_json(Path("data", name, "metrics.json"))
            said = importlib.import_module(f"stages.{name}").headline({"metrics.json": metrics})
        rows.append(f"| [{name}]({link}) | {stage.get('desc') or stage['do']['desc']} | {said} |")
    return "\n".join(rows)


def costs() -> str:
    """Write the time, memory and disk space of a reproduction.

    Raises:
        UserError: if no stage has run here.
    """
    stages = YAML(typ="safe", pure=True).load(PIPELINES[0])["stages"]
    runs = [artifacts.read_json(path) for path in sorted(PROVENANCE.glob("*.json"))]
    found = [run for run in runs if run["stage"].split("@")[-1] in {*stages, "chapter"}]
    if not found:
        raise UserError(f"{PROVENANCE}/ is empty; `make reproduce` fills it")
    minutes = sum(stage["wall_seconds"] for stage in found) / 60
    memory = max(max(stage["peak_memory_mib"].values()) for stage in found) / 1024
    cpu, lock = found[0]["cpu"], Path("requirements.lock").read_text(encoding="utf-8")
    packages = len(re.findall(r"^\w[^ ]*==", lock, flags=re.MULTILINE))
    return (
        f"It takes about {minutes:.0f} minutes on {cpu['count']} cores ({cpu['model']}), at most "
        f"{memory:.1f} GB of memory in a\nprocess, and {_gigabytes('.venv'):.1f} GB of disk for "
        f"{packages} Python packages in `.venv`. The results take {1024 * _gigabytes('data'):.0f} "
        "MB.\nNothing is installed outside the folder, and no GPU is used."
    )


def _gigabytes(folder: str) -> float:
    return sum(path.stat().st_size for path in Path(folder).resolve().rglob("*")) / 2**30


def committed(text: str) -> str:
    """Fill the ledger and the results of the README."""
    from stages import claims

    return filled(filled(text, "ledger", [claims.readme()]), "results", [results()])


def session(commands: list[str], clone: Path) -> str:
    """Run commands and write their output, cut if long.

    Raises:
        UserError: if a command fails.
    """
    lines = []
    environment = os.environ | {"COLUMNS": str(WIDTH), "DVC_NO_ANALYTICS": "1", "PAGER": "cat"}
    for command in commands:
        options = {"cwd": clone, "env": environment, "capture_output": True, "text": True}
        done = subprocess.run(command, shell=True, check=False, **options)  # noqa: S602 its own
        if code := done.returncode:
            raise UserError(f"`{command}` ended with exit code {code}: {done.stderr[-500:]}")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.replace(str(clone), "..."))
        printed = [line.rstrip()[:WIDTH] for line in plain.splitlines() if line.strip()]
        more = [f"[{len(printed) - MOST_LINES} more lines]"] if printed[MOST_LINES:] else []
        lines += [f"$ {command}", *printed[:MOST_LINES], *more, ""]
    return "```console\n" + "\n".join(lines).rstrip() + "\n```"


def filled(text: str, mark: str, content: list[str]) -> str:
    """Fill each place between marks of a text, in order."""
    parts, place = iter(content), rf"(<!-- {mark} -->\n).*?^(<!-- end -->)"
    filling = re.compile(place, flags=re.DOTALL | re.MULTILINE)
    return filling.sub(lambda found: f"{found[1]}{next(parts)}\n{found[2]}", text)


def main(argv: list[str]) -> int:
    """Fill README.md and return the exit code."""
    try:
        if argv not in ([], ["results"]):
            raise UserError(f"unknown arguments {' '.join(argv)!r}; allowed: results, or none")
        verify.check(verify.results)
        text = committed(README.read_text(encoding="utf-8"))
        if not argv:
            blocks = re.findall(r"<!-- session -->\n(.*?)<!-- end -->", text, flags=re.DOTALL)
            commands = [re.findall(r"^\$ (.*)$", block, flags=re.MULTILINE) for block in blocks]
            with tempfile.TemporaryDirectory() as folder:
                clone = Path(folder, "reprise")
                subprocess.run(["git", "clone", "--quiet", ".", str(clone)], check=True)
                sessions = [session(block, clone) for block in commands]
            text = filled(filled(text, "session", sessions), "costs", [costs()])
    except PlainError as error:
        print(f"readme: {error}", file=sys.stderr)
        return error.exit_code
    artifacts.write(README, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
