"""The order in which tests are shared out, and the programs that their processes share."""

import os
import signal
import tempfile

import pytest

LONGEST = (
    "test_pipeline", "test_notebooks_on_odd_results", "test_proposals", "test_fresh_clone",
    "test_training_stages", "test_survival", "test_ray_cluster", "test_experiments",
    "test_actor_critic", "test_api", "test_dqn", "test_seen_by_dvc",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that nothing waits for one of them in the end."""

    def place(item: pytest.Item) -> int:
        return LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """Let all processes share what XLA compiled; train in the tests' own.

    A shell in which tests run in the background has them ignore Ctrl-C, which some of them send.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ.setdefault("REPRISE_WORKERS", "1")
    folder = tempfile.TemporaryDirectory(prefix="reprise-programs-")
    config.add_cleanup(folder.cleanup)
    os.environ["TF_XLA_FLAGS"] = (
        f"--tf_xla_persistent_cache_directory={folder.name} "
        "--tf_xla_persistent_cache_device_types=CPU"
    )
