"""The claims were declared before a seed that judges them ran: the two commits show it."""

import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML

from reprise.claims import ledger
from tests.tiny import ROOT

CLAIMS = "data/inputs/claims.yaml"
FIXED = ("family", "test", "seeds")  # of a claim; its words may change


def at(commit: str, path: str) -> dict[str, Any]:
    """Return a YAML file as a commit has it."""
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip(f"this clone is shallow; commit {commit} needs the whole history")
    return YAML(typ="safe", pure=True).load(git("show", f"{commit}:{path}"))


def git(*arguments: str) -> str:
    found = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def now(path: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load((ROOT / path).read_text(encoding="utf-8"))


def test_no_test_margin_or_number_of_seeds_changed_since_it_was_declared():
    commits = [at(commit, CLAIMS) for commit in reversed((ledger.DECLARED, *ledger.ADDED))]
    declared = {name: claim for claims in commits for name, claim in claims.items()}
    assert fixed(now(CLAIMS)) == fixed(declared)


def fixed(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: {key: claim.get(key) for key in FIXED} for name, claim in claims.items()}


def test_a_later_claim_was_declared_before_what_it_measures_was_computed():
    for before, commit in zip((ledger.DECLARED, *ledger.ADDED), ledger.ADDED, strict=False):
        for name in set(at(commit, CLAIMS)) - set(at(before, CLAIMS)):
            of = at(commit, CLAIMS)[name]["test"]["of"]
            path = f"data/{of['stage']}/{of['table']}"
            exists = git("ls-tree", "--name-only", commit, path)
            header = git("show", f"{commit}:{path}").splitlines()[0] if exists else ""
            assert of["column"] not in header.split(","), name


def test_every_judged_stage_runs_on_other_seeds_than_when_its_claims_were_declared():
    before, today = at(ledger.DECLARED, "params.yaml"), now("params.yaml")
    judged = [name for name, section in today.items() if "seed" in section and name in before]
    judged.remove("lunar_lander")  # no claim is about it
    assert len(judged) > 10
    assert all(today[name]["seed"] != before[name]["seed"] for name in judged)
