"""The report in a real browser, from a disk: nothing leaves, nothing fails, everything works."""

import io
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
        """Start it, with a profile of its own."""
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
        self.forget()  # the page that it begins with

    def open(self, page: str | Path, width: int = 1280, **media: str) -> None:
        """Open a page as a screen of some width, and preferences such as a colour scheme, ask."""
        features = [
            {"name": name.replace("_", "-"), "value": value}
            for name, value in ({"prefers_color_scheme": "light"} | media).items()
        ]
        self.tell("Emulation.setEmulatedMedia", features=features)
        self.resize(width)
        self.driver.get((self.site / page).as_uri())

    def resize(self, width: int) -> None:
        """Make the screen as wide, a phone's if it is narrow."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.tell("Emulation.setDeviceMetricsOverride", **size)

    def tell(self, command: str, **values: Any) -> dict:
        """Give a command of Chromium's own protocol."""
        return self.driver.execute_cdp_cmd(command, values)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that the browser does in its own time."""
        WebDriverWait(self.driver, 60).until(lambda _: holds())

    def find(self, selector: str) -> list[WebElement]:
        """Return all elements that match."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def shown(self) -> list[str]:
        """Return the ids of the claims that are shown, in order."""
        script = "return [...document.querySelectorAll('#ledger tbody tr')]"
        return self.run(f"{script}.filter(row => row.offsetParent).map(row => row.id)")

    def said(self) -> list[str]:
        """Return what the console said since the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked(self) -> list[str]:
        """Return the addresses that were asked for since the last time."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]

    def forget(self) -> None:
        """Begin the logs anew."""
        self.driver.get_log("browser")
        self.driver.get_log("performance")

    def picture(self) -> Image.Image:
        """Return what is seen."""
        return Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")


@pytest.fixture(scope="module")
def browser(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests."""
    started = Browser(site, tmp_path_factory.mktemp("profile"))
    yield started
    started.driver.quit()


@pytest.fixture
def index(browser: Browser) -> Browser:
    """The browser with the first page open."""
    browser.open("index.html")
    return browser


def all_pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_no_page_asks_for_anything_but_files_or_complains_or_is_wider_than_the_screen(browser):
    load_all = (
        "document.querySelectorAll('img').forEach(image => { image.loading = 'eager'; });"
        "document.querySelectorAll('details').forEach(fold => { fold.open = true; });"
        "return Promise.all([...document.images].map(image => image.decode())).then(() => 'loaded')"
    )
    for page in all_pages(browser.site):
        browser.forget()
        browser.open(page)
        assert browser.run(load_all) == "loaded", page
        asked = browser.asked()
        assert page.as_uri() in asked
        assert len(asked) >= 3, page
        assert not [url for url in asked if not url.startswith(("file:///", "data:"))], page
        assert not browser.said(), page
        for width in WIDTHS:
            browser.resize(width)
            wide = "const all = document.documentElement; return all.scrollWidth - all.clientWidth"
            assert browser.run(wide) == 0, (page, width)


def test_a_picture_from_elsewhere_is_seen_in_the_log_and_refused_by_the_policy(browser, tmp_path):
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
    head = index.find("#ledger thead th")[3]
    rows = "return [...document.querySelectorAll('#ledger tbody tr')]"
    values = f"{rows}.map(row => row.cells[3].dataset.sort)"
    for direction, sign in (("ascending", 1), ("descending", -1)):
        head.find_element(By.TAG_NAME, "button").click()
        assert head.get_attribute("aria-sort") == direction
        found = index.run(values)
        numbers = [int(value) for value in found if value]
        assert numbers == sorted(numbers, key=lambda n: sign * n)
        assert len(set(numbers)) > 5
        assert "" not in found[: len(numbers)], "rows without a value are last"
    head.find_element(By.TAG_NAME, "button").click()
    assert head.get_attribute("aria-sort") == "none"
    assert index.shown() == before


def test_sorting_by_another_column_leaves_the_first(index):
    heads = index.find("#ledger thead th")
    for head in heads[:2]:
        head.find_element(By.TAG_NAME, "button").click()
    assert [head.get_attribute("aria-sort") for head in heads[:3]] == ["none", "ascending", "none"]


def test_verdicts_and_words_filter_the_ledger_and_it_says_how_many_are_left(index):
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


def test_rows_and_cells_are_told_to_a_screen_reader_on_a_phone_too(browser):
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


def test_an_animation_moves_unless_motion_is_not_wanted_and_either_can_be_changed(browser):
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


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", ["index.html", "pages/dqn_training.html"])
def test_it_is_seen_in_light_and_in_dark(browser, page, width):
    for scheme in ("light", "dark"):
        browser.open(page, width, prefers_color_scheme=scheme)
        browser.run("document.fonts.ready")
        seen = browser.picture()
        assert seen.size == (width, 900)
        colours = seen.getcolors(maxcolors=1 << 24)
        assert len(colours) > 100, "nothing is on the page"
        share, ground = max(colours)
        assert share < 0.97 * width * 900
        assert (sum(ground) > 600) == (scheme == "light"), ground
