"""The report in a browser, from a disk, offline."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.site.browsing import ROWS, Browser

WIDTHS = (1280, 800, 360)
SCHEMES = ("light",) * 3 + ("dark",) * 3
NAMED = ("image", "button", "link", "region", "combobox", "slider", "checkbox", "spinbutton")


@pytest.fixture
def index(browser: Browser) -> Browser:
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
        browser.said()
        browser.asked()
        browser.open(page)
        assert browser.execute_script(load_all) == "loaded", page
        asked = browser.asked()
        assert page.as_uri() in asked
        assert len(asked) >= 3, page
        assert not [url for url in asked if not url.startswith(("file:///", "data:"))], page
        assert not browser.said(), page
        for width in WIDTHS:
            browser.resize(width)
            assert browser.execute_script(wide) == 0, (page, width)


def test_a_column_is_sorted_up_then_down_then_as_the_chapter_has_it(index):
    before = index.shown()
    heads = index.find("#ledger thead th")
    buttons = index.find("#ledger thead th button")
    for direction, sign in (("ascending", 1), ("descending", -1)):
        buttons[3].click()
        assert heads[3].get_attribute("aria-sort") == direction
        found = index.execute_script(f"return {ROWS}.map(row => row.cells[3].dataset.sort)")
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
    search.clear()
    search.send_keys(Keys.SPACE)
    assert index.shown() == refuted


def test_everything_can_be_done_with_the_keyboard(index):
    active = index.switch_to
    active.active_element.send_keys(Keys.TAB)
    assert active.active_element.text == "Skip to the content"
    active.active_element.send_keys(Keys.ENTER)
    assert index.execute_script("return document.activeElement.id") == "main"
    focused = "const at = document.activeElement; return at.value || at.innerText"
    seen: list[str] = []
    while len(seen) < 40 and "n" not in seen:
        active.active_element.send_keys(Keys.TAB)
        seen.append(index.execute_script(focused))
    assert {"confirmed", "refuted", "unresolved", "claim", "verdict", "n"} <= set(seen)
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert index.execute_script(outline) == "solid"
    active.active_element.send_keys(Keys.ENTER)
    assert index.find("#ledger thead th")[3].get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize(
    ("page", "said", "shown"),
    [
        ("index.html", "", "#ledger tbody tr"),
        ("playground.html", "Without JavaScript nothing moves", ".scene"),
        ("explorer.html", "Without JavaScript these charts cannot", ".explorer noscript img"),
    ],
)
def test_without_scripts_a_page_says_what_is_missing_and_shows_the_rest(browser, page, said, shown):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(page)
        assert said in browser.find("main")[0].text
        assert browser.find(shown)
        assert all(found.is_displayed() for found in browser.find(shown))
        controls = browser.find("button, select, input, canvas, .chart")
        assert not any(found.is_displayed() for found in controls)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("page", ["pages/td_learning.html", "playground.html", "explorer.html"])
def test_a_screen_reader_finds_names_rows_and_cells_on_a_phone_too(browser, page):
    counts = {}
    for width in (1280, 390):
        browser.open(page, width)
        tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        nodes = [(node["role"]["value"], node["name"]) for node in tree if not node["ignored"]]
        roles = [role for role, _ in nodes]
        counts[width] = {r: roles.count(r) for r in ("row", "cell", "rowheader", "columnheader")}
        for role, name in nodes:
            assert name["value"] or role not in NAMED
        assert len(set(roles) & set(NAMED)) > 2
    assert counts[1280] == counts[390]


@pytest.mark.parametrize("page", ["playground.html", "explorer.html"])
def test_the_first_screen_of_the_index_leads_to_what_one_can_play_with(index, page):
    link = index.find(f"a.play[href='{page}']")[0]
    assert link.find_elements("css selector", "svg")
    assert link.rect["y"] + link.rect["height"] < 900
    link.click()
    assert Path(index.current_url).name == page


def test_an_animation_moves_unless_the_reader_prefers_none_and_a_button_changes_it(browser):
    source = "return document.querySelector('#animations img').currentSrc.split('/').pop()"
    for motion, first, then in (("no-preference", "Pause", "Play"), ("reduce", "Play", "Pause")):
        browser.open("index.html", prefers_reduced_motion=motion)
        button = browser.find("#animations button")[0]
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        for said in (first, then):
            assert button.text == said
            ending = "still.png" if said == "Play" else ".gif"
            WebDriverWait(browser, 60).until(
                lambda page, ending=ending: page.execute_script(source).endswith(ending)
            )
            button.click()


def test_a_page_is_light_or_dark_as_the_reader_prefers(browser):
    pages = ("index.html", "playground.html", "explorer.html")
    for page, width, scheme in zip(pages * 2, (1280, 390) * 3, SCHEMES, strict=True):
        browser.open(page, width, prefers_color_scheme=scheme)
        browser.execute_script("document.fonts.ready")
        seen = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
        assert seen.size == (width, 900)
        colours: Any = seen.getcolors(maxcolors=1 << 24)
        assert len(colours) > 100, "the page is empty"
        share, ground = max(colours)
        assert share < 0.97 * width * 900
        assert (sum(ground) > 600) == (scheme == "light"), ground
