"""In which order tests are shared out among processes."""

import pytest

LONGEST = (
    "test_pipeline", "test_training_stages", "test_ray_pool", "test_survival", "test_experiments",
    "test_notebooks", "test_programs", "test_report_in_browser", "test_hyperparameter_study",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that nothing waits for one of them in the end."""

    def place(item: pytest.Item) -> int:
        return LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)

    items.sort(key=place)
