"""A page for a class: question, figure, two exercises.

    make handout STAGE=dqn_training

The question and the figure come from the executed notebook, the exercises from
data/inputs/exercises.yaml. The page is one file, .reprise/handouts/STAGE.html, and prints on one
sheet of A4.

Exit codes: 0 written; 2 no such stage, no exercises, or no executed notebook.
"""

import base64
import shlex
import sys
from pathlib import Path
from typing import Annotated

import nbformat
from pydantic import Field
from ruamel.yaml import YAML

from reprise.errors import PlainError, UserError, closest
from reprise.hyperparameters import Frozen, Name, Some
from reprise.measures import outcomes
from reprise.pipeline import artifacts, parameters
from reprise.site import markdown, pages

EXERCISES = Path("data/inputs/exercises.yaml")
EXECUTED = Path("data/reporting")
HANDOUTS = Path(".reprise/handouts")


class Exercise(Frozen):
    """A change of parameters, and the outcome to predict."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")]  # the experiment's
    question: Name
    changes: Some[Name]  # as `dvc exp run -S` takes them
    outcome: Name
    group: Name | None

    @property
    def answers(self) -> tuple[str, ...]:
        """The verdicts to choose from."""
        return tuple(outcomes.VERDICTS[outcomes.sense(self.outcome)].values())


class Exercises(Frozen):
    """The exercises of a stage."""

    exercises: Annotated[tuple[Exercise, Exercise], Field(strict=False)]


def read(stage: str) -> tuple[Exercise, ...]:
    """Read a stage's exercises; UserError if it has none."""
    known = parameters.read(EXERCISES)
    if stage not in known:
        meant = closest(stage, known)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}"
        raise UserError(f"STAGE is {stage!r}, which has no exercises in {EXERCISES}; {hint}")
    return parameters.checked({"exercises": known[stage]}, stage, Exercises).exercises


def commands(stage: str, exercise: Exercise) -> list[str]:
    """Write the commands that run an exercise and judge it.

    The experiment runs in a temporary folder, so the reader's files stay unchanged.
    """
    changes = " ".join(f"-S {shlex.quote(change)}" for change in exercise.changes)
    chapter = YAML(typ="safe", pure=True).load(parameters.PIPELINE)["stages"]
    target = stage if stage in chapter else f"extra/{parameters.PIPELINE}:{stage}"
    compare = f"python -m reprise.compare HEAD {exercise.name} --stage {stage}"
    return [
        f"dvc exp run --temp -n {exercise.name} {changes} {target}",
        compare if exercise.outcome == _first(stage) else f"{compare} --all",
    ]


def _first(stage: str) -> str | None:
    """Name the outcome that a comparison shows without `--all`."""
    path = Path("data", stage, "samples.csv")
    table = outcomes.samples(artifacts.read_csv(path)) if path.exists() else None
    return table.outcomes[0] if table else "return"  # a stage without the table trains nothing


def page(stage: str) -> bytes:
    """Render the page of a stage."""
    exercises = read(stage)
    path = EXECUTED / f"{stage}.ipynb"
    if not path.exists():
        raise UserError(f"{path} does not exist; `dvc repro` makes it")
    notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    made, text = pages.read(stage, notebook), markdown.Text()
    return pages.rendered(
        "handout.html.j2",
        page=made,
        picture=base64.b64encode(made.files[made.key.source]).decode() if made.key else "",
        asked=[(each, text.inline(each.question), commands(stage, each)) for each in exercises],
        changed=parameters.changes(parameters.sources(stage)),
    )


def main(argv: list[str]) -> int:
    """Write a stage's page and return the exit code."""
    try:
        stage = " ".join(argv)
        path = HANDOUTS / f"{stage}.html"
        artifacts.write(path, page(stage))
    except PlainError as error:
        print(" ".join(f"handout: {error}".split()), file=sys.stderr)
        return error.exit_code
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
