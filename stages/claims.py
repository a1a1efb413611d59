"""Verdicts on every claim, by tests declared before their results.

Reads params.yaml, data/inputs/claims.yaml, metrics and tables of the stages before, and the first
edition's ledger in data/inputs/claims-1.csv. Writes to data/claims/:
    ledger.csv      each claim's words, measured value and verdict
    <stage>.csv     the rows about one stage, for its notebook and page
    editions.csv    the verdicts of both editions, and why they differ
    metrics.json    the number of claims with each verdict, in all and by family; all verdicts
"""

import sys
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field
from ruamel.yaml import YAML

from reprise.claims import judge, ledger
from reprise.claims.model import Claim
from reprise.claims.sources import unknown
from reprise.errors import UserError
from reprise.hyperparameters import Frozen
from reprise.pipeline import artifacts, parameters, stage

NAME = "claims"
CLAIMS = Path("data/inputs/claims.yaml")
FIRST_EDITION = Path("data/inputs/claims-1.csv")
PIPELINE = Path("dvc.yaml")
NOT_JUDGED = ("inputs", "reporting", NAME)  # folders without results to judge


class Params(Frozen):
    """The section of params.yaml."""

    confidence: Annotated[float, Field(gt=0, lt=1)]  # that all verdicts of a family hold


class Committed:
    """The results in data/; each file is read once."""

    def __init__(self) -> None:
        self.metrics = cache(lambda of: artifacts.read_json(_folder(of) / "metrics.json"))
        self.table = cache(_table)


def _folder(of: str) -> Path:
    stages = sorted(path.parent.name for path in stage.RESULTS.glob("*/metrics.json"))
    if of not in (known := [name for name in stages if name not in NOT_JUDGED]):
        raise UserError(unknown("data/", "stage", of, known))
    return stage.RESULTS / of


def _table(of: str, name: str) -> pd.DataFrame:
    tables = sorted(path.name for path in _folder(of).glob("*.csv"))
    if name not in tables:
        raise UserError(unknown(f"data/{of}", "table", name, tables))
    return artifacts.read_csv(_folder(of) / name)


def claims(path: Path = CLAIMS) -> dict[str, Claim]:
    """Read the claims by id.

    Raises:
        UserError: names a bad claim.
    """
    read = parameters.read(path).items()
    return {name: parameters.checked(values, name, Claim) for name, values in read}


def run(params: Params) -> dict[str, Any]:
    """Judge all claims."""
    answers = judge.judge(declared := claims(), Committed(), params.confidence)
    found = ledger.table(declared, answers)
    first = found["stage"].str.split().str[0]
    # A stage with a notebook in dvc.yaml has a ledger of its own.
    executed = YAML(typ="safe", pure=True).load(PIPELINE)["stages"]["reporting"]["foreach"]
    parts = {f"{name}.csv": found[first == name] for name in executed if name != NAME}
    editions = ledger.editions(artifacts.read_csv(FIRST_EDITION), found, declared)
    tables = {"ledger.csv": found, "editions.csv": editions, **parts}
    return {"metrics.json": ledger.summary(found), **tables}


def readme() -> str:
    """Write the README's counts of verdicts and its refuted claims."""
    found = artifacts.read_csv(stage.RESULTS / NAME / "ledger.csv")
    count = ledger.in_words({"claims": len(found), **ledger.counts(found)})
    said = f"**{count}.** {ledger.PROCEDURE}"
    refuted = pd.DataFrame(found[found["verdict"] == "refuted"])
    if refuted.empty:
        return said
    columns = ("claim", "measured", "n", "claimed", "place", "notebook")
    table = ledger.markdown(refuted, f"{stage.RESULTS}/reporting", columns=columns)
    return f"{said} Refuted:\n\n{table}"


def headline(results: dict[str, Any]) -> str:
    """Report the number of claims with each verdict."""
    return ledger.in_words(results["metrics.json"])


if __name__ == "__main__":
    sys.exit(stage.execute(NAME, Params, run, headline))
