"""The page is whole in itself: table, pictures, findings, origin; nothing from elsewhere or unescaped."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest

from gaq.measure.ledger import Row
from gaq.report.page import Picture, Text, page
from gaq.report.tables import comparison

VOID = {"meta", "img", "br", "source", "link", "hr", "input"}
VALUES = {"energy_mae": 2.0, "force_mae": 12.0, "lee_mean": 0.003, "lee_max": 0.05, "path_work": 1e-4}


def rows() -> list[Row]:
    found = [
        Row(metric, factor * value, "meV", f"{recipe}/m", recipe, "torch", "d", 10, std_error=0.1 * value)
        for recipe, factor in (("fp32", 1.0), ("naive-int8", 1e4))
        for metric, value in VALUES.items()
    ]
    limits = [
        Row("net_force", value, "meV/Å", f"{r}/m", r, "torch", "d", 1, limit=0.1, passed=value < 0.1)
        for r, value in (("fp32", 0.01), ("naive-int8", 3.0))
    ]
    return found + limits


TEXT = Text("a <title> & more", "what it is", {"fp32": "the parent"})
PICTURE = Picture("Costs", "how to read it", b"light bytes", b"dark bytes")


class Reader(HTMLParser):
    """Checks that tags are closed in the order in which they were opened, and collects cells and sources."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.sources += [values[key] for key in ("src", "srcset", "href") if key in values]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.fixture
def document() -> str:
    return page(TEXT, rows(), [PICTURE], {"seed": 7, "note": "</pre><script>"})


@pytest.fixture
def reader(document) -> Reader:
    found = Reader()
    found.feed(document)
    assert found.open == []
    return found


def test_the_table_is_the_comparison(reader):
    headings, lines = comparison(rows())
    assert [cell.split(" ")[0] for cell in reader.rows[0]] == [
        h.rpartition(" ")[0].split(" ")[0] or h for h in headings
    ]
    for shown, wanted in zip(reader.rows[1:3], lines, strict=True):
        assert shown[0] == wanted[0]
        assert shown[-1] == wanted[-1]
        for cell, text in zip(shown, wanted, strict=True):
            assert sorted(re.findall(r"[\d.e-]+", cell)) == sorted(re.findall(r"[\d.e-]+", text))


def test_findings_are_shown_with_their_verdict(reader):
    (line,) = [cells for cells in reader.rows if cells[0] == "net force"]
    assert line == ["net force", "≤ 0.1 meV/Å", "✓ 0.010", "✗ 3.0"]


def test_nothing_comes_from_elsewhere(document, reader):
    assert len(reader.sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in reader.sources)
    assert [base64.b64decode(source.partition(",")[2]) for source in reader.sources] == [
        b"dark bytes",
        b"light bytes",
    ]
    assert not re.search(r"https?://|@import|url\(", document)


def test_whatever_comes_from_outside_is_escaped(document):
    assert "<script" not in document
    assert "<title>a &lt;title&gt; &amp; more</title>" in document
    assert "&lt;/pre&gt;&lt;script&gt;" in document


def test_it_suits_a_telephone_and_the_night(document):
    assert "name='viewport'" in document
    assert "prefers-color-scheme: dark" in document
    assert "prefers-color-scheme:dark" in document


def test_origin_and_meanings_are_there(document):
    assert "&quot;seed&quot;: 7" in document
    assert "<dt>fp32</dt><dd>the parent</dd>" in document
    assert "naive-int8/m (naive-int8): not for MD because of" in document


def test_without_limits_there_are_no_findings():
    plain = [r for r in rows() if r.limit is None]
    assert "inspector" not in page(TEXT, plain, [], {})
