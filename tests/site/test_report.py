"""The report shows ledger and notebooks, complete and harmless."""

import base64
import io
import itertools
import json
import re
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from PIL import Image

from reprise.pipeline import artifacts, parameters
from reprise.site import charts, report
from reprise.site.report import Provenance, Row, Site
from stages import report as stage
from tests.site.documents import dangling, loaded, pages, parsed, runs_code
from tests.tiny import ROOT

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
CSS = (report.TEMPLATES / "report.css").read_text(encoding="utf-8")
SAME = Provenance([], "0" * 64, ["NumPy 2"])
TEXT = (  # colours of text, and of the ground below
    *((text, ground) for text in ("ink", "soft", "link") for ground in ("paper", "raised")),
    *((text, "raised") for text in ("confirmed", "refuted")),
    *((text, f"{text}-pale") for text in ("confirmed", "refuted")),
    ("soft", "unresolved-pale"),
    *((text, "confirmed-pale") for text in ("ink", "soft", "link")),
    ("ink", "refuted-pale"),
    *((text, "code") for text in ("ink", "soft", "purple", "green", "refuted")),
)
DRAWN = (  # borders of fields, and intervals on the claimed range, need less contrast
    ("edge", "paper"),
    ("edge", "raised"),
    *((line, "claimed") for line in ("confirmed", "refuted", "soft")),
    *((name, "raised") for name in ("orange", "green", "purple", "yellow")),
)


def picture(kind: str = "PNG", frames: int = 1) -> bytes:
    buffer = io.BytesIO()
    images = [Image.new("RGB", (8, 6), (40 * i, 90, 200)) for i in range(frames)]
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(buffer, kind, **more)
    return buffer.getvalue()


def output(**data: str) -> NotebookNode:
    """Return an output by kinds such as `text_html`."""
    kinds = {kind.replace("_", "/"): value for kind, value in data.items()}
    return nbformat.v4.new_output("execute_result", data=kinds)


def image(kind: str = "PNG", frames: int = 1) -> NotebookNode:
    content = base64.b64encode(picture(kind, frames)).decode()
    return output(**{f"image_{kind.lower()}": content})


def notebook(*sources: str, outputs: tuple = (), code: str = "1", **metadata: Any) -> NotebookNode:
    cells = [nbformat.v4.new_markdown_cell(source) for source in sources]
    cells.append(nbformat.v4.new_code_cell(code, outputs=list(outputs), metadata=metadata))
    return nbformat.v4.new_notebook(cells=cells)


def page(made: NotebookNode, *verdicts: Row) -> Any:
    """Return the page of a notebook, as a tree."""
    site = Site(["one"], [])
    found = site.page("one", made, {})
    return parsed(site.html(found, verdicts, report.shown([found])))


def index(made: NotebookNode, *verdicts: Row, provenance: Provenance = SAME) -> Any:
    """Return the first page for one notebook, as a tree."""
    site = Site(["one"], [])
    more = {"animations": [], "meaning": "Signs.", "curves": []}
    return parsed(site.index([site.page("one", made, {})], verdicts, provenance, **more))


def test_every_reference_leads_to_a_file_and_to_a_place_in_it(site):
    assert not dangling(site)


def test_pages_load_local_files_only_and_run_nothing_else(site):
    for path, found in pages(site).items():
        assert not runs_code(found), path
        assert not [url for url in loaded(found) if re.match(r"\w+:|//|/", url)], path
        policy = found.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
        assert "default-src 'none'" in policy["content"]


def test_a_screen_reader_finds_its_way_through_every_page(site):
    moving = 0
    for path, found in pages(site).items():
        assert found.html["lang"] == "en"
        assert len(found("main")) == len(found("h1")) == len(found("title")) == 1, path
        assert found.find("a", class_="skip")["href"] == "#main"
        levels = [int(tag.name[1]) for tag in found(re.compile(r"^h[1-6]$"))]
        steps = [b - a for a, b in itertools.pairwise(levels)]
        assert max(steps, default=0) <= 1, (path, levels)
        ids = [tag["id"] for tag in found(id=True)]
        assert len(ids) == len(set(ids)), path
        for tag in found("img"):
            assert len(tag["alt"]) > 5, (path, tag)
            assert tag["width"].isdigit()
            assert tag["height"].isdigit()
            if tag["src"].endswith("gif"):
                moving += 1
                source = tag.parent.find("source")
                assert source["media"] == "(prefers-reduced-motion: reduce)"
                assert source["srcset"].endswith("-still.png")
        named = found(attrs={"role": ["region", "group"]}) + found("nav")
        assert len(found(attrs={"role": "region"})) <= 1, "a landmark is a rare thing"
        assert all(tag.get("aria-label") for tag in named), path
    assert moving


def test_no_equation_is_left_as_latex(site):
    latex = re.compile(r"\$\$|\\(frac|sum|gamma|theta|alpha|text)\b")
    for path, found in pages(site).items():
        for text in found.find_all(string=latex):
            assert text.find_parent(["code", "pre"]), (path, text)
    assert "<math" in (site / "pages/dqn_training.html").read_text(encoding="utf-8")


def test_the_ledger_has_every_claim_once_with_its_verdict_and_a_link(site):
    found = pages(site)[site / "index.html"]
    metrics = artifacts.read_json(ROOT / "data/claims/metrics.json")
    rows = found.find(id="ledger").tbody("tr")
    shown = {row["id"].removeprefix("claim-").replace("-", "_"): row for row in rows}
    assert len(rows) == len(shown) == metrics["claims"]
    assert {name: row["data-verdict"] for name, row in shown.items()} == metrics["verdicts"]
    for row in rows:
        assert row["data-verdict"] in row.get_text()
        assert row("a")[-1]["href"].startswith("pages/")
    tally = [int(tag.b.text) for tag in found.find(class_="tally")(class_="tile")]
    assert tally == [metrics[word] for word in ("confirmed", "refuted", "unresolved")]


def test_the_same_results_give_the_same_bytes_and_name_no_path(site, monkeypatch):
    monkeypatch.chdir(ROOT)
    params = parameters.load(stage.NAME, stage.Params)
    for name, content in stage.run(params, "chapter").items():
        assert (site / name).read_bytes() == content, name
        assert str(ROOT).encode() not in content


def test_an_experiment_is_marked_on_top_with_every_change():
    changes = ["dqn_training.activation = relu (chapter: elu)", f"a.b = {HOSTILE} (chapter: 1)"]
    found = index(notebook("# One"), provenance=SAME._replace(changes=changes))
    assert [tag.text for tag in found.main.div("li")] == changes
    assert found.find(class_="experiment").find_next("h1")
    assert found.find(id="ledger-title").text == "The ledger under your settings"
    assert "differs from" in found.footer.text
    assert not runs_code(found)


def test_the_chapters_own_report_has_no_mark_and_says_so_in_its_footer(tmp_path):
    (tmp_path / "ledger.csv").write_text("claim\n")
    (tmp_path / "lock").write_text("numpy==2.1 \\\nx==1\ntensorflow==3.2 \\\ngymnasium==4.3\n")
    made = Provenance.of([], tmp_path / "ledger.csv", tmp_path / "lock")
    found = index(notebook("# One"), provenance=made)
    assert not found(class_="experiment")
    assert found.find(id="ledger-title").text == "The ledger"
    libraries = "TensorFlow 3.2, Gymnasium 4.3, NumPy 2.1"
    for said in ("agrees with data/inputs/chapter.yaml", libraries, made.ledger[:16]):
        assert said in found.footer.text


def test_html_in_a_notebook_becomes_text():
    shown = image()
    shown.metadata = {"image/png": {"alt": HOSTILE}}
    bad = notebook(
        f"# Title {HOSTILE}\n\n**The question.** {HOSTILE}\n\n[a](javascript:alert(3))",
        f"{HOSTILE}\n\n![b](https://example.org/b.png)\n\n$\\text{{{HOSTILE}}}$",
        f"| {HOSTILE} |\n|---|\n| a |",
        outputs=(
            output(text_markdown=HOSTILE),
            output(text_html=f"<table style='color:red' onclick=x><td>{HOSTILE}</td></table>"),
            output(text_plain=HOSTILE),
            nbformat.v4.new_output("stream", text=HOSTILE),
            shown,
        ),
        code=HOSTILE,
    )
    for found in (page(bad), index(bad)):
        assert not runs_code(found)
        assert [tag["alt"] for tag in found("img")] == [HOSTILE]
        assert "alert(1)" in found.get_text()
    assert "<script>alert(1)</script>" in found.find("h3").get_text()


def test_a_mark_shows_the_interval_and_the_claimed_range():
    found = parsed(report.mark((0, 1, 2), (1.5,), lambda value: value > 1.5))
    claimed, line, margin = (found.find(class_=x) for x in ("claimed", "interval", "margin"))
    assert float(line["x1"]) < float(found.circle["cx"]) < float(claimed["x1"]) < float(line["x2"])
    assert claimed["x1"] == margin["x1"]
    assert float(claimed["x2"]) == pytest.approx(report.WIDTH - report.EDGE)
    outside = report.mark((0, 1, 2), (0.5, 1.5), lambda value: not 0.5 <= value <= 1.5)
    assert len(parsed(outside)(class_="claimed")) == 2
    assert parsed(report.mark((1, 1, 1), (1,), lambda value: value >= 1)).circle
    for ends in ((), (0.0, 1.0, float("nan")), (0.0, 1.0, float("inf"))):
        assert report.mark(ends, (1.0,), bool) == "", "an end is not finite"


COLOURS = re.findall(r"--([\w-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);", CSS)
LIGHT = {name: light for name, light, _ in COLOURS}
DARK = {name: dark for name, _, dark in COLOURS}


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrasts_pass_wcag_aa(scheme):
    assert contrast("000000", "ffffff") == pytest.approx(21)
    drawn = json.dumps(charts.specs()) + (report.TEMPLATES / "explorer.js").read_text("utf-8")
    assert scheme.keys() == set(re.findall(r"var\(--([\w-]+)\)", CSS + drawn))
    low = [pair for pair in TEXT if contrast(*(scheme[name] for name in pair)) < 4.5]
    low += [pair for pair in DRAWN if contrast(*(scheme[name] for name in pair)) < 3]
    assert not low
