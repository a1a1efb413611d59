"""Grids of hyperparameters: all combinations, each allowed, grouped by the program they need."""

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


def test_settings_that_differ_in_numbers_share_a_program_and_others_do_not():
    whole = grid(learning_rate=[0.1, 0.2], epsilon_decay=[3, 6], hidden_sizes=[(3,), (3, 3)])
    found = settings.by_program(whole, dqn.Fixed)
    assert [len(group) for group in found.values()] == [4, 4]
    for fixed, group in found.items():
        assert all(part(dqn.Fixed, setting.hyperparameters) == fixed for setting in group)
