"""The report holds what the ledger and the notebooks say, whole and harmless."""

import base64
import io
import itertools
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from markupsafe import Markup
from nbformat import NotebookNode
from PIL import Image

from reprise.pipeline import artifacts, parameters
from reprise.site import marks, report
from reprise.site.markdown import MarkdownError, Text, apart, mathml
from reprise.site.report import Site, Verdict
from stages import report as stage
from tests.site.documents import dangling, loaded, pages, parsed, runs_code
from tests.tiny import ROOT

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
CSS = (report.TEMPLATES / "report.css").read_text(encoding="utf-8")
TEXT = (  # which colours of text stand on which grounds
    *((text, ground) for text in ("ink", "soft", "link") for ground in ("paper", "raised")),
    *((text, "raised") for text in ("confirmed", "refuted", "unresolved")),
    *((text, f"{text}-pale") for text in ("confirmed", "refuted", "unresolved")),
    ("ink", "confirmed-pale"),
    ("soft", "confirmed-pale"),
    ("link", "confirmed-pale"),
    *((text, "code") for text in ("ink", "code-keyword", "code-text", "code-number")),
    ("code-remark", "code"),
)
DRAWN = (  # what is no text needs less: bounds of fields, and intervals where the claim lies
    ("edge", "paper"),
    ("edge", "raised"),
    *((line, "claimed") for line in ("confirmed", "refuted", "unresolved")),
)


def picture(kind: str = "PNG", frames: int = 1) -> bytes:
    """Return a small picture, or an animation."""
    buffer = io.BytesIO()
    images = [Image.new("RGB", (8, 6), (40 * i, 90, 200)) for i in range(frames)]
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(buffer, kind, **more)
    return buffer.getvalue()


def output(**data: str) -> NotebookNode:
    """Return an output by kinds such as `text_html`."""
    kinds = {kind.replace("_", "/"): value for kind, value in data.items()}
    return nbformat.v4.new_output("execute_result", data=kinds)


def notebook(*sources: str, outputs: tuple = (), code: str = "1", **metadata: Any) -> NotebookNode:
    """Return a notebook of some Markdown and a cell of code."""
    cells = [nbformat.v4.new_markdown_cell(source) for source in sources]
    cells.append(nbformat.v4.new_code_cell(code, outputs=list(outputs), metadata=metadata))
    return nbformat.v4.new_notebook(cells=cells)


def verdict(**changes) -> Verdict:
    """Return a row of a ledger."""
    row = Verdict(
        "a_claim", "It learns.", "confirmed", "1 [0, 2]", 1.0, 32, "mean above 0", "Place", "one",
        False, Markup(""),
    )  # fmt: skip
    return row._replace(**changes)


def page(made, *verdicts: Verdict, animations=None) -> Any:
    """Return the page of a notebook, as a tree."""
    site = Site(["one"], [])
    found = site.page("one", made, animations or {})
    return parsed(site.html(found, verdicts, report.shown([found])))


def index(made, *verdicts: Verdict) -> Any:
    """Return the first page of a report of one notebook, as a tree."""
    site = Site(["one"], [])
    return parsed(site.index([site.page("one", made, {})], verdicts, [], "Signs."))


# ---------------------------------------------------------------- the committed results


def test_every_reference_leads_to_a_file_and_to_a_place_in_it(site):
    assert not dangling(site)


def test_pages_load_nothing_but_files_beside_them_and_run_nothing_else(site):
    for path, found in pages(site).items():
        assert not runs_code(found), path
        assert not [url for url in loaded(found) if re.match(r"\w+:|//|/", url)], path
        policy = found.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
        assert "default-src 'none'" in policy["content"]


def test_every_page_can_be_walked_through_without_seeing_it(site):
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
        named = found(attrs={"role": ["region", "group"]}) + found("nav")
        assert len(found(attrs={"role": "region"})) <= 1, "a landmark is a rare thing"
        assert all(tag.get("aria-label") for tag in named), path


def test_tables_that_become_cards_say_that_they_are_tables(site):
    roles = {"table": ["table"], "thead": ["rowgroup"], "tbody": ["rowgroup"], "tr": ["row"],
             "td": ["cell"], "th": ["rowheader", "columnheader"]}  # fmt: skip
    for table in pages(site)[site / "index.html"].find(id="ledger")("table"):
        for tag in [table, *table(list(roles))]:
            assert tag["role"] in roles[tag.name], tag


def test_every_animation_has_a_still_for_who_wants_no_motion(site):
    moving = [tag for found in pages(site).values() for tag in found("img", src=re.compile("gif$"))]
    assert moving
    for tag in moving:
        source = tag.parent.find("source")
        assert source["media"] == "(prefers-reduced-motion: reduce)"
        assert source["srcset"].endswith("-still.png")


def test_three_policies_are_side_by_side_in_the_order_of_the_parameters(site):
    found = pages(site)[site / "index.html"].find(id="animations")
    sides = parameters.read(ROOT / "params.yaml")["report"]["animations"]
    assert [tag["src"].split("../../")[1] for tag in found("img")] == [
        side["file"].removeprefix("data/") for side in sides
    ]


def test_no_equation_is_left_as_latex(site):
    for path in pages(site):
        found = parsed(path.read_bytes())
        for tag in found(["code", "pre", "math"]):
            tag.decompose()
        assert not re.search(r"\$\$|\\(frac|sum|gamma|theta|alpha|text)\b", found.get_text()), path
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


def test_the_sections_are_the_notebooks_in_the_pipelines_order(site):
    chapter, extra = stage_notebooks()
    found = pages(site)[site / "index.html"]
    assert [tag["id"] for tag in found("article")] == chapter
    assert {path.stem for path in (site / "pages").glob("*.html")} == set(chapter)
    assert {path.stem for path in (site / "extra").glob("*.html")} == set(extra)
    for article in found("article"):
        assert len(article.h3.text) > 5
        assert len(article.p.text) > 20


def stage_notebooks() -> tuple[list[str], list[str]]:
    """Return the notebooks of the repository, those of the chapter first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return stage.notebooks()


def test_the_same_results_give_the_same_bytes_wherever_they_are(site, monkeypatch):
    monkeypatch.chdir(ROOT)
    params = parameters.load(stage.NAME, stage.Params)
    for part in stage.PARTS:
        for name, content in stage.run(params, part).items():
            assert (site / name).read_bytes() == content, name
            assert str(ROOT).encode() not in content


# ---------------------------------------------------------------- what is hostile


def test_what_a_notebook_says_comes_out_as_text():
    bad = notebook(
        f"# Title {HOSTILE}\n\n**The question.** {HOSTILE}\n\n[a](javascript:alert(3))",
        f"{HOSTILE}\n\n![b](https://example.org/b.png)\n\n$\\text{{{HOSTILE}}}$",
        f"| {HOSTILE} |\n|---|\n| a |",
        outputs=(
            output(text_markdown=HOSTILE),
            output(text_html=f"<table style='color:red' onclick=x><td>{HOSTILE}</td></table>"),
            output(text_plain=HOSTILE),
            nbformat.v4.new_output("stream", text=HOSTILE),
        ),
        code=HOSTILE,
    )  # fmt: skip
    for found in (page(bad), index(bad)):
        assert not runs_code(found)
        assert not found("img")
        assert "alert(1)" in found.get_text()
    assert "<script>alert(1)</script>" in found.find("h3").get_text()


def test_what_a_claim_says_comes_out_as_text():
    said = dict.fromkeys(("claim", "statement", "measured", "claimed", "place"), HOSTILE)
    for make in (page, index):
        found = make(notebook("# One\n\nText."), verdict(**said))
        assert not runs_code(found)
        assert not found("img")
        assert HOSTILE in found.tbody.get_text()


def test_what_a_figures_text_says_stays_in_its_attribute():
    shown = output(image_png=base64.b64encode(picture()).decode())
    shown.metadata = {"image/png": {"alt": HOSTILE}}
    found = page(notebook("# One", outputs=(shown,)))
    assert not runs_code(found)
    assert found.img["alt"] == HOSTILE


# ---------------------------------------------------------------- pages


def test_a_figure_is_a_file_and_is_called_by_its_section_if_it_says_nothing_of_itself():
    shown = output(image_png=base64.b64encode(picture()).decode())
    made = Site(["one"], []).page("one", notebook("# One\n\n## Two", outputs=(shown,)), {})
    assert made.files == {"figures/one-1.png": picture()}
    assert made.figures[0].alt == "Figure in the section “Two”"
    assert (made.figures[0].width, made.figures[0].height) == (8, 6)


def test_an_animation_that_is_beside_the_report_is_not_written_again():
    moving = picture("GIF", frames=3)
    shown = output(image_gif=base64.b64encode(moving).decode())
    site = Site(["one"], [])
    made = site.page("one", notebook("# One", outputs=(shown,)), {Path("../one/a.gif"): moving})
    assert made.figures[0].source == "../../one/a.gif"
    assert list(made.files) == ["figures/one-1-still.png"]
    assert site.page("one", notebook("# One", outputs=(shown,)), {}).files.keys() == {
        "figures/one-1.gif", "figures/one-1-still.png",
    }  # fmt: skip


def test_a_cell_says_which_claims_its_figure_shows():
    shown = output(image_png=base64.b64encode(picture()).decode())
    made = notebook("# One", outputs=(shown,), claims=["a_claim"])
    links = index(made, verdict(), verdict(claim="other")).tbody("tr")
    assert [a["href"] for a in links[0]("a")] == ["pages/one.html#figure-1", "pages/one.html"]
    assert [a["href"] for a in links[1]("a")] == ["pages/one.html"]


def test_the_figure_of_most_claims_stands_for_a_page_and_else_the_first():
    shown = output(image_png=base64.b64encode(picture()).decode())
    made = notebook("# One", outputs=(shown,), claims=["a"])
    for claims in (["b", "c"], []):
        metadata = {"claims": claims}
        made.cells.append(nbformat.v4.new_code_cell("2", outputs=[shown], metadata=metadata))
    site = Site(["one"], [])
    assert getattr(site.page("one", made, {}).key, "number", None) == 2
    del made.cells[2]
    assert getattr(site.page("one", made, {}).key, "number", None) == 1
    assert site.page("one", notebook("# One"), {}).key is None


def test_a_link_to_a_notebook_leads_to_its_page():
    found = page(notebook("# One\n\n[itself](./one.ipynb), [another](./two.ipynb)"))
    assert [a["href"] for a in found.find(class_="prose")("a")] == [
        "../pages/one.html",
        "./two.ipynb",
    ]


def test_code_is_folded_but_where_what_it_prints_is_the_matter():
    printed = nbformat.v4.new_output("stream", text="4\n")
    folded = page(notebook("# One", outputs=(output(text_markdown="four"),)))
    opened = page(notebook("# One", outputs=(printed,)))
    assert not folded.find("details").has_attr("open")
    assert opened.find("details").has_attr("open")
    assert opened.samp.text == "4\n"


def test_parameters_are_told_once_as_they_were_given():
    made = notebook("# One", code="discount = 0.5", tags=["injected-parameters"])
    made.cells.insert(
        1, nbformat.v4.new_code_cell("discount = 0.9", metadata={"tags": ["parameters"]})
    )
    assert [tag.pre.text for tag in page(made)("details")] == ["discount = 0.5"]


def test_a_notebook_that_has_no_title_goes_by_its_name():
    assert page(notebook("Text.")).h1.text == "one"


# ---------------------------------------------------------------- equations


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Q(s', a')", "Q(s′,a′)"),
        (r"r_t'", "r′t"),
        (r"\texttt{epsilon\_start}", "epsilon_start"),
        (r"\text{a<b&c}", "a<b&c"),
        (r"a < b", "a<b"),
    ],
)  # fmt: skip
def test_an_equation_reads_as_it_is_meant(latex, text):
    assert parsed(mathml(latex, "inline")).get_text() == text


def test_a_prime_stands_beside_its_letter_once():
    found = parsed(mathml("s'_t", "inline"))
    assert not found(["msup", "msubsup"])
    assert found.msub.mrow.get_text() == "s′"


def test_equations_that_stand_apart_may_stand_below_each_other():
    assert apart(r"a = b \qquad c = d") == ["a = b", "c = d"]
    assert apart(r"\underbrace{a \qquad b}") == [r"\underbrace{a \qquad b}"]


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\left( x", r"the equation '\\left( x' is not understood: ExtraLeftOrMissingRightError"),
        (r"\sume x", r"the equation '\\sume x' has \sume, which is not known"),
    ],
)
def test_an_equation_that_is_none_is_named(latex, message):
    with pytest.raises(MarkdownError, match=re.escape(message)):
        Text()(f"${latex}$")


# ---------------------------------------------------------------- marks


def test_a_mark_shows_the_interval_and_where_the_claim_lies():
    found = parsed(marks.interval((0, 1, 2), (1.5,), lambda value: value > 1.5))
    claimed, line, margin = found.rect, found.find(class_="interval"), found.find(class_="margin")
    assert float(line["x1"]) < float(found.circle["cx"]) < float(claimed["x"]) < float(line["x2"])
    assert claimed["x"] == margin["x1"]
    assert float(claimed["x"]) + float(claimed["width"]) == pytest.approx(marks.WIDTH - marks.EDGE)


def test_a_mark_shows_both_sides_of_what_is_claimed_outside():
    found = parsed(marks.interval((0, 1, 2), (0.5, 1.5), lambda value: not 0.5 <= value <= 1.5))
    assert len(found("rect")) == 2


@pytest.mark.parametrize("ends", [(), (0.0, 1.0, float("nan")), (0.0, 1.0, float("inf"))])
def test_what_is_no_interval_has_no_mark(ends):
    assert marks.interval(ends, (1.0,), bool) == ""


def test_an_exact_value_on_its_margin_has_a_mark():
    assert parsed(marks.interval((1, 1, 1), (1,), lambda value: value >= 1)).circle


# ---------------------------------------------------------------- colours


def colours(css: str) -> dict[str, str]:
    """Return the custom properties of some CSS that are colours."""
    return dict(re.findall(r"--([\w-]+): #([0-9a-f]{6});", css))


LIGHT, DARK = (colours(part) for part in CSS.split("@media (prefers-color-scheme: dark)", 2)[:2])


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_of_black_and_white_is_21():
    assert contrast("000000", "ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_lines_stand_out_as_aa_asks(scheme):
    assert LIGHT.keys() == DARK.keys()
    low = [pair for pair in TEXT if contrast(*(scheme[name] for name in pair)) < 4.5]
    low += [pair for pair in DRAWN if contrast(*(scheme[name] for name in pair)) < 3]
    assert not low


def test_every_colour_that_the_styles_use_is_defined():
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used == LIGHT.keys()
