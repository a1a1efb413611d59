"""The stage of the verdicts: the chapter's claims as declared, and what is said of bad ones."""

import shutil
from pathlib import Path

import pytest

from reprise.claims.sources import sample
from reprise.pipeline import stage
from stages import claims
from tests.test_house import pipeline

ROOT = Path(__file__).parents[2]
DECLARED = claims.claims(ROOT / claims.CLAIMS)
METRICS = "data/mdp_solving/metrics.json"
METRIC = "three_state.discount_0_9.q.s0.a1"
CLAIM = f"""
seventeen:
  family: worth
  place: Markov Decision Processes
  statement: It is about 17.0.
  measured: a Q-value
  test:
    form: value
    of: {{stage: mdp_solving, metric: {METRIC}}}
    claimed: {{within: [16.95, 17.05]}}
"""


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """Return a root with the results of one stage, and no claim yet."""
    for name in ("params.yaml", "dvc.yaml", METRICS, "data/mdp_solving/solvers.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "data/inputs").mkdir()
    shutil.copyfile(ROOT / claims.FIRST_EDITION, tmp_path / claims.FIRST_EDITION)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def execute(text: str) -> int:
    claims.CLAIMS.write_text(text, encoding="utf-8")
    return stage.execute(claims.NAME, claims.Params, claims.run, claims.headline, argv=[])


def test_claims_are_many_and_different_and_name_their_sections_of_the_chapter():
    assert len(DECLARED) >= 35
    statements = {claim.statement for claim in DECLARED.values()}
    assert len(statements) == len(DECLARED)
    assert {claim.place for claim in DECLARED.values()} <= {
        "Policy Search", "A simple hardcoded policy", "Neural Network Policies",
        "Evaluating Actions: The Credit Assignment Problem", "Policy Gradient",
        "Markov Decision Processes", "Temporal Difference Learning", "Q-learning",
        "Exploration Policies", "Approximate Q-learning and Deep Q-Learning",
        "Implementing Deep Q-Learning",
    }  # fmt: skip


def test_the_results_of_every_stage_that_a_claim_looks_at_are_a_dep():
    declared = next(s.deps for s in pipeline() if s.name == claims.NAME)
    used = set()
    for claim in DECLARED.values():
        for source in (claim.test.of, claim.test.than):
            if source and source.stage:
                used.add(f"data/{source.stage}")
    inputs = {str(claims.CLAIMS), str(claims.FIRST_EDITION)}
    assert used == {dep for dep in declared if dep.startswith("data/")} - inputs


def test_each_sample_has_at_least_the_seeds_that_were_declared(monkeypatch):
    """Where a claim asks for known values only, the seeds without one count too."""
    monkeypatch.chdir(ROOT)
    results = claims.Committed()
    for name, claim in DECLARED.items():
        for source in (claim.test.of, claim.test.than):
            if claim.seeds and source:
                whole = source.model_copy(update={"known": None, "missing": "late"})
                found = len(sample(whole, results).values)
                assert found >= claim.seeds, (name, found)


def test_a_claim_is_judged_and_written(root, capsys):
    assert execute(CLAIM) == 0
    said = "1 claims of the chapter: 1 confirmed, 0 refuted, 0 unresolved"
    assert said in capsys.readouterr().out
    assert (root / "data/claims/ledger.csv").exists()
    assert claims.readme().startswith("**1 claims of the chapter: 1 confirmed")


WRONG = [
    (("mdp_solving,", "mdp_solvin,"), "data/ has no stage 'mdp_solvin'; did you mean"),
    (("s0.a1", "s0.b1"), "did you mean 'three_state.discount_0_9"),
    (("form: value", "form: valeu"), ".test.form is 'valeu'; allowed: one of value"),
    (("form: value", "form: improvement"), "test: form is 'improvement', but than is missing"),
    ((CLAIM, CLAIM + CLAIM), 'found duplicate key "seventeen"'),
    (
        (f"metric: {METRIC}", "table: solver.csv, column: error"),
        "no table 'solver.csv'; did you mean 'solvers.csv'?",
    ),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_claim_that_is_wrong_is_named_and_nothing_is_written(root, capsys, change, message):
    text = CLAIM
    if "solver.csv" in change[1]:
        text = CLAIM.replace("value\n", "mean\n").replace("  test:", "  seeds: 4\n  test:")
    assert execute(text.replace(*change)) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "seventeen" in said
    assert said.count("\n") == 1
    assert not (root / "data/claims").exists()
