"""The chapter's decision process."""

import pytest

from reprise.tabular.loaders import from_yaml
from reprise.tabular.mdp import MDP


@pytest.fixture(scope="session")
def three_state() -> MDP:
    return from_yaml("data/inputs/three_state.yaml")
