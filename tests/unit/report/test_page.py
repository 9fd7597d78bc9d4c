"""The page is whole in itself: table, plots, findings, origin; nothing from elsewhere or unescaped."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser

import pytest

from gaq.measure.ledger import Row
from gaq.report.gather import Found
from gaq.report.inline import code_script, data_script
from gaq.report.libraries import Libraries
from gaq.report.page import MAKERS, Text, page, text_of
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
EVIL = "</script><script>alert(1)</script>\u2028"
LIBRARIES = Libraries("/* plotly */ var a = '</script>';", "/* 3Dmol */", ())
FOUND = Found(rows=rows(), manifests={"demo": {"seed": 7, "note": "</pre><script>"}}, notes=["line 3 was <cut>"])


class Reader(HTMLParser):
    """Checks that tags are closed in the order in which they were opened, and collects cells and sources."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.sources += [values[key] for key in ("src", "srcset", "href") if key in values and values[key][0] != "#"]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and {"td", "th"} & set(self.open) and "script" not in self.open:
            self.rows[-1][-1] += data


@pytest.fixture
def document() -> str:
    return page(TEXT, FOUND, [("m.gaq", (("SHA-256", "<abc>"),))], LIBRARIES)


@pytest.fixture
def reader(document) -> Reader:
    found = Reader()
    found.feed(document)
    assert found.open == []
    return found


def test_the_table_is_the_comparison(reader):
    _, lines = comparison(rows())
    for shown, wanted in zip(reader.rows[1:3], lines, strict=True):
        assert shown[:2] == [wanted[0], wanted[-1]]  # the verdict comes second
        for cell, text in zip(shown, [wanted[0], wanted[-1], *wanted[1:-1]], strict=True):
            assert sorted(re.findall(r"[\d.e-]+", cell)) == sorted(re.findall(r"[\d.e-]+", text))


def test_every_heading_can_be_pressed_and_says_how_it_is_sorted(document):
    headings, _ = comparison(rows())
    assert document.count("aria-sort='none'><button type='button'>") == len(headings)
    assert "<td role='cell' data-label='F MAE meV/Å' data-value='12.0'>" in document


def test_findings_are_shown_with_their_verdict(reader):
    (line,) = [cells for cells in reader.rows if cells[0] == "net force"]
    assert line == ["net force", "≤ 0.1 meV/Å", "✓ 0.010", "✗ 3.0"]


def test_nothing_comes_from_elsewhere(document, reader):
    assert reader.sources == ["data:,"]
    assert not re.search(r"https?://|@import|url\(", document)
    assert "default-src 'none'" in document


def test_whatever_comes_from_outside_is_escaped(document):
    assert "<title>a &lt;title&gt; &amp; more</title>" in document
    assert "&lt;/pre&gt;&lt;script&gt;" in document
    assert "line 3 was &lt;cut&gt;" in document
    assert "&lt;abc&gt;" in document
    evil = Found(rows=[Row("force_mae", 1.0, EVIL, EVIL, EVIL, EVIL, EVIL, 1)], notes=[EVIL])
    text = page(Text(EVIL, EVIL, {EVIL: EVIL}), evil, [(EVIL, ((EVIL, EVIL),))], Libraries(None, None, (EVIL,)))
    assert text.count("<script") == text.count("</script>") == 3  # data, page.js, viewer.js
    assert "alert(1)" in text


def test_data_and_code_cannot_end_their_element():
    text = data_script("x", {"name": EVIL})
    inside = text.partition(">")[2].rpartition("<")[0]
    assert "<" not in inside
    assert "\u2028" not in inside
    assert json.loads(inside) == {"name": EVIL}
    assert code_script("'</script>'") == "<script>'<\\/script>'</script>"
    with pytest.raises(ValueError, match="not JSON compliant"):
        data_script("x", math.nan)


def test_it_suits_a_telephone_the_night_and_paper(document):
    for part in ("name='viewport'", "prefers-color-scheme:dark", "@media print", "@media(max-width:40rem)"):
        assert part in document


def test_origin_and_meanings_are_there(document):
    assert "&quot;seed&quot;: 7" in document
    assert "<dt>fp32</dt><dd>the parent</dd>" in document
    assert "naive-int8/m (naive-int8): not for MD because of" in document
    assert "plotly.js, © Plotly, MIT licence" in document


def test_what_was_not_measured_is_named_with_its_command(document):
    absent = document.partition("id='absent'")[2].partition("</section>")[0]
    for key in ("parity", "learning", "energy", "movie", "sensitivity", "speed"):
        what, command = MAKERS[key]
        assert f"{what}: <code>{command}</code>" in absent
    assert MAKERS["table"][0] not in absent
    assert MAKERS["costs"][0] not in absent


def test_without_libraries_the_page_says_so_and_what_plots_would_have_shown():
    text = page(TEXT, FOUND, [], Libraries(None, None, ("plots need plotly. Install it: pip install plotly",)))
    assert "Install it: pip install plotly" in text
    assert "data-plot=" not in text
    assert "Force error, mean absolute error, meV/Å: fp32 12.0" in text


def test_without_limits_there_are_no_findings():
    plain = Found(rows=[r for r in rows() if r.limit is None])
    assert "Results of the check" not in page(TEXT, plain, [], Libraries(None, None))


def test_metrics_that_nothing_shows_are_among_all_rows():
    odd = Found(rows=[Row("wobble_of_tomorrow", math.nan, "", "m", "unknown", "unknown", "unknown", 0)])
    text = page(TEXT, odd, [], Libraries(None, None))
    assert "wobble_of_tomorrow" in text
    assert "not finite" in text


def test_nothing_but_notes_is_a_page_too():
    text = page(TEXT, Found(notes=["all of it was broken"]), [], Libraries(None, None))
    assert "all of it was broken" in text
    assert MAKERS["table"][1] in text


def test_words_come_from_the_manifest_or_from_the_rows():
    words = {"title": "t", "lead": "l", "about": {"fp32": "parent"}}
    assert text_of(Found(manifests={"a": {"page": words}}), ["x"]) == Text("t", "l", {"fp32": "parent"})
    assert text_of(Found(rows=rows(), manifests={"a": {"page": [1]}}), ["x", "y"]) == Text(
        "x, y", "2 models measured on d.", {}
    )
    assert text_of(Found(), ["x"]).lead == "No measured model."
