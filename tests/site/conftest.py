"""The report of the committed results, made once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprise.pipeline import artifacts, parameters
from stages import report
from tests.site.browsing import Browser
from tests.tiny import ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report's folder with all linked files."""
    data = tmp_path_factory.mktemp("report") / "data"
    for path in [*ROOT.glob("data/*/*.gif"), *ROOT.glob("data/reporting/*.ipynb")]:
        target = data / path.relative_to(ROOT / "data")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        params = parameters.load(report.NAME, report.Params)
        for part in report.PARTS:
            artifacts.write_all(data / report.FOLDER, report.run(params, part))
    return data / report.FOLDER


@pytest.fixture(scope="session")
def browser(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser.started(site, tmp_path_factory.mktemp("profile")) as started:
        yield started
