"""HTML pages of a folder, read without a browser."""

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

LOADED = {"img": ("src",), "source": ("srcset", "src"), "script": ("src",), "link": ("href",)}

DATA = "application/json"  # of a script element that a browser does not run


def parsed(html: str | bytes) -> Any:  # its types are as loose as HTML
    """Return a page as a tree."""
    return BeautifulSoup(html, "html.parser")


@functools.cache
def pages(folder: Path) -> dict[Path, Any]:
    return {path: parsed(path.read_bytes()) for path in sorted(folder.rglob("*.html"))}


def dangling(folder: Path) -> list[str]:
    """Return each reference that leads nowhere."""
    documents = pages(folder)
    ids = {path: {tag["id"] for tag in page(id=True)} for path, page in documents.items()}
    return [
        f"{path.relative_to(folder)}: {url}"
        for path, page in documents.items()
        for url in [*(str(tag["href"]) for tag in page("a")), *loaded(page)]
        if not urlsplit(url).scheme and not resolves(path, url, ids)
    ]


def loaded(page: Any) -> Iterator[str]:
    for name, attributes in LOADED.items():
        for tag in page(name):
            yield from (str(tag[key]) for key in attributes if tag.get(key))


def resolves(path: Path, url: str, ids: dict[Path, set]) -> bool:
    """Return whether a reference leads to a file and id."""
    parts = urlsplit(url)
    target = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
    return target.is_file() and (not parts.fragment or parts.fragment in ids.get(target, ()))


def runs_code(page: Any) -> list[str]:
    """Return each tag that could run code or set styles."""
    return [
        str(tag)[:80]
        for tag in page(True)
        if (
            (tag.name in ("script", "style") and not tag.get("src") and tag.get("type") != DATA)
            or tag.name in ("iframe", "object", "embed", "base")
            or any(key == "style" or key.startswith("on") for key in tag.attrs)
            or str(tag.get("href", "")).lower().startswith(("javascript:", "data:"))
        )
    ]
