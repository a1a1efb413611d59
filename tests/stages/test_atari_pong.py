"""The DQN of extra/dvc.yaml, made tiny, in an environment that needs no Atari."""

import pytest

from reprise.errors import UserError
from reprise.pipeline import parameters
from stages import atari_pong
from tests import tiny

NAME = "atari_pong"


def test_no_two_seeds_train_or_play_alike(results):
    samples = results["samples.csv"]
    assert all(samples[way].nunique() == 2 for way in ("greedy_20", "random_20"))
    curves = results["returns.csv"]
    assert curves["steps"].tolist() == list(range(8, 65, 8))
    assert (curves["seed_0"] != curves["seed_1"]).all()


def test_curves_without_a_row_are_refused():
    with pytest.raises(UserError, match=r"record_every is 65; allowed: at most total_steps, 64"):
        parameters.checked(tiny.section(NAME, record_every=65), NAME, atari_pong.Params)
