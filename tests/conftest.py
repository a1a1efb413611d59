"""How tests are shared out among processes."""

import pytest

from tests import tiny


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares results: the tests of a file, or in it those of one stage.

    The whole pipeline takes longest: it begins first, so that nothing waits for it in the end.
    """
    items.sort(key=lambda item: "test_pipeline" not in item.location[0])
    for item in items:
        name = getattr(item, "callspec", None) and item.callspec.params.get("name")  # pyright: ignore
        stage = name if name in tiny.CHANGES else ""
        item.add_marker(pytest.mark.xdist_group(f"{item.location[0]} {stage}"))
