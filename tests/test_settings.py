"""Grids of hyperparameters: all combinations, each allowed, grouped by the program they need."""

import numpy as np
import pytest

from reprise import settings
from reprise.agents import dqn
from reprise.hyperparameters import part
from tests import tiny

BASE = tiny.params("dqn_training")


def grid(**values):
    return settings.grid(BASE, dqn.Hyperparameters, values)


def test_a_grid_has_every_combination_and_changes_nothing_else():
    found = grid(learning_rate=[0.1, 0.2], batch_size=[4, 8, 16])
    assert [setting.number for setting in found] == list(range(6))
    values = [tuple(setting.values.values()) for setting in found]
    assert values[:4] == [(0.1, 4), (0.1, 8), (0.1, 16), (0.2, 4)]
    assert found[5].name == "learning_rate=0.2 batch_size=16"
    changed = {"learning_rate": 0.2, "batch_size": 16}
    assert found[5].hyperparameters == BASE.changed(dqn.Hyperparameters, changed)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rat": [0.1]}, "a key is 'learning_rat'; allowed: one of .*did you mean learni"),
        ({"discount": [0.9, 0.9]}, r"discount has a value twice: \[0.9, 0.9\]"),
        ({"discount": [0.9, 2]}, "discount 2: Input should be less than or equal to 1"),
        ({"batch_size": [4, 64]}, "batch_size 64: batch_size is 64; allowed: at most replay_capa"),
    ],
)
def test_what_is_no_setting_is_named(values, message):
    with pytest.raises(ValueError, match=message):
        grid(**values)


def test_a_sample_has_no_setting_twice_and_keeps_the_order_of_the_grid():
    whole = grid(learning_rate=[0.1, 0.2, 0.3], discount=[0.8, 0.9])
    drawn = [settings.drawn(whole, 4, np.random.default_rng(seed)) for seed in range(9)]
    numbers = [tuple(setting.number for setting in found) for found in drawn]
    assert all(found == tuple(sorted(set(found))) and len(found) == 4 for found in numbers)
    assert len(set(numbers)) > 1
    assert settings.drawn(whole, None, np.random.default_rng(1)) == whole


def test_settings_that_differ_in_numbers_share_a_program_and_others_do_not():
    whole = grid(learning_rate=[0.1, 0.2], epsilon_decay=[3, 6], hidden_sizes=[(3,), (3, 3)])
    found = settings.by_program(whole, dqn.Fixed)
    assert [len(group) for group in found.values()] == [4, 4]
    for fixed, group in found.items():
        assert all(part(dqn.Fixed, setting.hyperparameters) == fixed for setting in group)
