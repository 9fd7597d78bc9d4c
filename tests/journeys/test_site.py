"""The site is built as `make docs` builds it, needs nothing from elsewhere, and has a place for every verb and name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

import gaq
from gaq import errors
from gaq.cli.main import VERBS
from gaq.quant.presets import all_presets
from house.test_verbs import paths
from house.tree import REPOSITORY

# What a browser fetches by itself; a link that a reader follows is another matter.
FETCHED = {
    **{tag: ("src", "srcset") for tag in ("script", "img", "iframe", "audio", "video", "source", "embed")},
    "link": ("href",),
    "object": ("data",),
}
MENTIONED = ("link", "canonical")  # rel of a link that is not fetched


class Fetches(HTMLParser):
    """Addresses of other places that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if given.get("rel") in MENTIONED:
            return
        values = (given.get(name) or "" for name in FETCHED.get(tag, ()))
        self.found += [value for value in values if re.match(r"(https?:)?//", value)]


def fetched(html: str) -> list[str]:
    parser = Fetches()
    parser.feed(html)
    return parser.found


def build(root: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """mkdocs as the Makefile calls it, the site somewhere else, and every way to a network shut."""
    nowhere = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(into)],
        cwd=root,
        env=os.environ | nowhere | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    if find_spec("material") is None or find_spec("mkdocstrings") is None:
        pytest.skip("needs mkdocs-material and mkdocstrings: pip install -c constraints.txt -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    result = build(REPOSITORY, folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def page(site: Path, name: str) -> str:
    return (site / name).read_text(encoding="utf-8")


def anchors(html: str) -> set[str]:
    return set(re.findall(r'<h[1-6] id="([^"]+)"', html))


def test_no_page_fetches_anything_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 30
    assert {str(path.relative_to(site)): found for path in pages if (found := fetched(path.read_text("utf-8")))} == {}
    styles = [
        path for path in site.rglob("*.css") if re.search(r"url\(\s*[\"']?(https?:)?//|@import", path.read_text())
    ]
    assert styles == []


def test_something_from_elsewhere_would_be_found():
    html = (
        '<script src="https://a.org/b.js"></script><link rel="stylesheet" href="//a.org/c.css"><a href="https://d.org">'
    )
    assert fetched(html) == ["https://a.org/b.js", "//a.org/c.css"]


def test_the_list_at_the_side_reaches_every_page(site):
    home = page(site, "index.html")
    pages = [path.relative_to(site).as_posix() for path in site.rglob("*.html")]
    written = [name for name in pages if not name.startswith("source/") and name != "404.html"]
    assert [name for name in written if f'href="{name}"' not in home and name != "index.html"] == []


@pytest.mark.parametrize("path", paths(), ids=" ".join)
def test_every_verb_has_its_place(site, path):
    html = page(site, "command-line.html")
    assert f"gaq-{'-'.join(path)}" in anchors(html)
    section = html.partition(f'id="gaq-{"-".join(path)}"')[2].partition("<h2")[0]
    assert f"gaq {' '.join(path)}" in section


def test_options_and_examples_are_there(site):
    html = re.sub(r"<[^>]+>", "", page(site, "command-line.html"))
    for verb in VERBS:
        assert verb.function.__doc__.strip().split("\n")[0].split(".")[0] in html
        assert all(example.split(" '")[0] in html for example in verb.examples)
    assert "--replicas" in html
    assert "Time step." in html


def test_every_public_name_has_its_place(site):
    html = page(site, "python.html")
    titles = [re.sub(r"<[^>]+>", "", found).strip("# \n") for found in re.findall(r"<h\d.*?</h\d>", html, re.DOTALL)]
    said = {title.split()[0].removesuffix("#") for title in titles if title}
    assert {f"gaq.{name}" for name in gaq.__all__ if name != "errors"} | {"Errors"} <= said
    assert set(gaq.measure.__all__) <= said
    kinds = {
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.GaqError)
    }
    assert {"Structure", "Engine", "Quantizer", "Network", *kinds} <= said


def test_recipes_are_filled_from_the_presets(site):
    html = page(site, "recipes.html")
    assert set(all_presets()) <= anchors(html)
    assert "fill:" not in html
    section = html.partition('id="w4a16"')[2].partition("<h3")[0]
    assert "in the frame of the atom: 16 bits, a step per row" in section
    assert "4 bits, a step per channel, learned" in section


def test_a_link_that_leads_nowhere_stops_the_build(site, tmp_path):
    for name in ("docs", "src", "examples", "models", "native"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "docs").unlink()
    shutil.copytree(REPOSITORY / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("ledger", "__pycache__"))
    for name in ("mkdocs.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(REPOSITORY / name, tmp_path)
    tutorial = tmp_path / "docs" / "tutorial.md"
    wrong = ("[a](no-such-page.md)", "[a](recipes.md#no-such-section)", "[a](../native/no-such-file.h)")
    tutorial.write_text("\n\n".join((tutorial.read_text(encoding="utf-8"), *wrong)), encoding="utf-8")
    result = build(tmp_path, tmp_path / "built")
    assert result.returncode != 0
    assert all(name in result.stderr for name in ("no-such-page.md", "no-such-section", "no-such-file.h"))
