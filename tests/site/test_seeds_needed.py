"""How many seeds a claim needs, asked of the committed results."""

import pytest

from reprise.site import seeds_needed
from tests.tiny import ROOT


def test_a_claim_is_answered_and_a_misspelt_one_named(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert seeds_needed.main(["noise_hurts"]) == 0
    name, needed, *_ = capsys.readouterr().out.split()
    assert name == "noise_hurts:"
    assert int(needed.rstrip(";")) > 6
    assert seeds_needed.main(["noise_hurt"]) == 2
    assert "did you mean 'noise_hurts'?" in capsys.readouterr().err


@pytest.mark.parametrize("exact", ["worked_return", "chain_always_ends_in_s3"])
def test_an_exact_claim_needs_no_seeds(exact, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert seeds_needed.main([exact]) == 2
    assert "no claim with an interval" in capsys.readouterr().err
