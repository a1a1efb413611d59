"""The report in a real browser, from a disk, without a network."""

import io
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

WIDTHS = (1280, 800, 390, 360)
MISSING = "chromium and chromedriver are needed; `apt install chromium chromium-driver`"


class Browser:
    """Chromium without a screen, and the report's folder."""

    def __init__(self, site: Path, profile: Path) -> None:
        """Start Chromium with a profile of its own."""
        found = shutil.which("chromium"), shutil.which("chromedriver")
        if None in found:
            pytest.fail(MISSING)
        options = Options()
        options.binary_location = str(found[0])
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        for argument in (*root, "--headless=new", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.add_argument(f"--user-data-dir={profile}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(str(found[1])))
        self.site = site
        self.driver.get("about:blank")
        self.asked()  # empties the log of the first page

    def open(self, page: str | Path, width: int = 1280, **media: str) -> None:
        """Open a page on a screen of some width, with preferences such as a colour scheme."""
        features = [
            {"name": name.replace("_", "-"), "value": value}
            for name, value in ({"prefers_color_scheme": "light"} | media).items()
        ]
        self.tell("Emulation.setEmulatedMedia", features=features)
        self.resize(width)
        self.driver.get((self.site / page).as_uri())

    def resize(self, width: int) -> None:
        """Set the width of the screen; a narrow one is a phone's."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.tell("Emulation.setDeviceMetricsOverride", **size)

    def tell(self, command: str, **values: Any) -> dict:
        """Send a command of Chromium's own protocol."""
        return self.driver.execute_cdp_cmd(command, values)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        WebDriverWait(self.driver, 60).until(lambda _: holds())

    def find(self, selector: str) -> list[WebElement]:
        """Return all elements that match."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def shown(self) -> list[str]:
        """Return the ids of the claims that are shown, in order."""
        script = "return [...document.querySelectorAll('#ledger tbody tr')]"
        return self.run(f"{script}.filter(row => row.offsetParent).map(row => row.id)")

    def said(self) -> list[str]:
        """Return the messages of the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked(self) -> list[str]:
        """Return the requested addresses since the last call."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]


@pytest.fixture(scope="module")
def browser(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start one browser for all tests."""
    started = Browser(site, tmp_path_factory.mktemp("profile"))
    yield started
    started.driver.quit()


@pytest.fixture
def index(browser: Browser) -> Browser:
    """Open the first page."""
    browser.open("index.html")
    return browser


def test_each_page_loads_files_only_without_errors_and_fits_each_screen(browser):
    load_all = (
        "document.querySelectorAll('img').forEach(image => { image.loading = 'eager'; });"
        "document.querySelectorAll('details').forEach(fold => { fold.open = true; });"
        "return Promise.all([...document.images].map(image => image.decode())).then(() => 'loaded')"
    )
    wide = "const all = document.documentElement; return all.scrollWidth - all.clientWidth"
    for page in sorted(browser.site.rglob("*.html")):
        browser.asked()
        browser.open(page)
        assert browser.run(load_all) == "loaded", page
        asked = browser.asked()
        assert page.as_uri() in asked
        assert len(asked) >= 3, page
        assert not [url for url in asked if not url.startswith(("file:///", "data:"))], page
        assert not browser.said(), page
        for width in WIDTHS:
            browser.resize(width)
            assert browser.run(wide) == 0, (page, width)


def test_the_policy_refuses_a_picture_from_elsewhere_which_the_log_would_show(browser, tmp_path):
    head = (browser.site / "index.html").read_text(encoding="utf-8").partition("<title>")[0]
    foreign = tmp_path / "foreign.html"
    foreign.write_text(f"{head}<img src='http://127.0.0.1:9/a.png'>", encoding="utf-8")
    browser.said()
    browser.open(foreign)
    assert any("Content Security Policy" in line for line in browser.said())
    foreign.write_text("<img src='http://127.0.0.1:9/a.png'>", encoding="utf-8")
    browser.asked()
    browser.open(foreign)
    assert "http://127.0.0.1:9/a.png" in browser.asked()
    browser.said()


def test_a_column_is_sorted_up_then_down_then_as_the_chapter_has_it(index):
    before = index.shown()
    heads = index.find("#ledger thead th")
    buttons = [head.find_element(By.TAG_NAME, "button") for head in heads]
    rows = "return [...document.querySelectorAll('#ledger tbody tr')]"
    for direction, sign in (("ascending", 1), ("descending", -1)):
        buttons[3].click()
        assert heads[3].get_attribute("aria-sort") == direction
        found = index.run(f"{rows}.map(row => row.cells[3].dataset.sort)")
        numbers = [int(value) for value in found if value]
        assert numbers == sorted(numbers, key=lambda n: sign * n)
        assert len(set(numbers)) > 5
        assert "" not in found[: len(numbers)], "rows without a value are last"
    buttons[3].click()
    assert index.shown() == before
    buttons[0].click()
    buttons[1].click()
    sorts = [head.get_attribute("aria-sort") for head in heads[:4]]
    assert sorts == ["none", "ascending", "none", "none"]


def test_verdicts_and_words_filter_the_ledger_which_counts_its_rows(index):
    every = len(index.shown())
    (status,) = index.find("[role=status]")
    assert status.text == f"{every} of {every} claims shown"
    boxes = {box.get_attribute("value"): box for box in index.find("[name=verdict]")}
    boxes["confirmed"].click()
    boxes["unresolved"].click()
    refuted = index.shown()
    assert len(refuted) == len(index.find('#ledger tbody [data-verdict="refuted"]'))
    assert status.text == f"{len(refuted)} of {every} claims shown"
    (search,) = index.find("[type=search]")
    search.send_keys("REINFORCE close")
    found = index.shown()
    assert 0 < len(found) < len(refuted)
    assert set(found) < set(refuted)
    search.send_keys(" nothing like this")
    assert index.shown() == []
    assert status.text == f"0 of {every} claims shown"
    search.clear()
    search.send_keys(Keys.SPACE)
    assert index.shown() == refuted


def test_everything_can_be_done_with_the_keyboard(index):
    active = index.driver.switch_to
    active.active_element.send_keys(Keys.TAB)
    assert active.active_element.text == "Skip to the content"
    active.active_element.send_keys(Keys.ENTER)
    assert index.run("return document.activeElement.id") == "main"
    seen: list[str] = []
    while len(seen) < 40 and "n" not in seen:
        active.active_element.send_keys(Keys.TAB)
        seen.append(index.run("const at = document.activeElement; return at.value || at.innerText"))
    assert {"confirmed", "refuted", "unresolved", "claim", "verdict", "n"} <= set(seen)
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert index.run(outline) == "solid"
    active.active_element.send_keys(Keys.ENTER)
    assert index.find("#ledger thead th")[3].get_attribute("aria-sort") == "ascending"


def test_without_scripts_the_ledger_is_a_plain_table(browser):
    browser.tell("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open("index.html")
        rows = browser.find("#ledger tbody tr")
        assert rows
        assert all(row.is_displayed() for row in rows)
        assert not browser.find("#ledger thead button")
        assert not any(form.is_displayed() for form in browser.find("form"))
    finally:
        browser.tell("Emulation.setScriptExecutionDisabled", value=False)


def test_a_screen_reader_finds_rows_and_cells_on_a_phone_too(browser):
    counts = {}
    for width in (1280, 390):
        browser.open("pages/td_learning.html", width)
        nodes = browser.tell("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
        counts[width] = {r: roles.count(r) for r in ("row", "cell", "rowheader", "columnheader")}
        named = [n for n in nodes if n["role"]["value"] in ("image", "button", "link", "region")]
        assert all(node["name"]["value"] for node in named if not node["ignored"])
    assert counts[1280] == counts[390]
    assert min(counts[390].values()) > 0


def test_an_animation_moves_unless_the_reader_prefers_none_and_a_button_changes_it(browser):
    source = "return document.querySelector('#animations img').currentSrc.split('/').pop()"
    for motion, first, then in (("no-preference", "Pause", "Play"), ("reduce", "Play", "Pause")):
        browser.open("index.html", prefers_reduced_motion=motion)
        button = browser.find("#animations button")[0]
        browser.run("arguments[0].scrollIntoView({block: 'center'})", button)
        for said in (first, then):
            assert button.text == said
            ending = "still.png" if said == "Play" else ".gif"
            browser.until(lambda ending=ending: browser.run(source).endswith(ending))
            button.click()


def test_all_code_is_unfolded_and_folded_again(browser):
    browser.open("pages/hardcoded_baseline.html")
    folds = browser.find("details.code")
    before = [fold.get_attribute("open") for fold in folds]
    assert len(set(before)) == 2, "code that prints is open, code that draws is not"
    (button,) = browser.find("button.unfold")
    button.click()
    assert all(fold.get_attribute("open") for fold in folds)
    button.click()
    assert [fold.get_attribute("open") for fold in folds] == before


def test_equations_are_laid_out_as_equations(browser):
    browser.open("pages/dqn_training.html")
    script = (
        "return [...document.querySelectorAll('math mfrac')].map(fraction => "
        "[...fraction.children].map(part => part.getBoundingClientRect().top))"
    )
    fractions = browser.run(script)
    assert fractions
    assert all(above < below for above, below in fractions)


@pytest.mark.parametrize("page", ["index.html", "pages/dqn_training.html"])
def test_a_page_is_light_or_dark_as_the_reader_prefers(browser, page):
    for width, scheme in itertools.product((1280, 390), ("light", "dark")):
        browser.open(page, width, prefers_color_scheme=scheme)
        browser.run("document.fonts.ready")
        shot = io.BytesIO(browser.driver.get_screenshot_as_png())
        seen = Image.open(shot).convert("RGB")
        assert seen.size == (width, 900)
        colours = seen.getcolors(maxcolors=1 << 24)
        assert colours
        assert len(colours) > 100, "the page is empty"
        share, ground = max(colours)
        assert share < 0.97 * width * 900
        assert (sum(ground) > 600) == (scheme == "light"), ground  # pyright: ignore
