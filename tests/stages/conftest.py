"""The results of the stage that a module tests."""

from typing import Any

import pytest

from tests.stages.executing import trained


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return trained(request.module.NAME, tmp_path_factory)
