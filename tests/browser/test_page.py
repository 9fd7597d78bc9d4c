"""The page of `gaq report` in a browser: plots drawn, table sorted, viewer playing, readable by all, nothing fetched.

make browser
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import REPOSITORY

pytestmark = pytest.mark.browser

HERE = Path(__file__).resolve().parent
TOOLS = REPOSITORY / "build" / "browser"
INSTALL = "`make browser` installs it"
EVIL = "</script><img src=x onerror=alert(1)>\u2028"
WANTED = {"F MAE meV/Å", "LEE mean / max meV/Å", "ms/step"}  # on a telephone, beside recipe and verdict
SECTIONS = {"costs", "parity", "learning", "energy", "sensitivity", "speed"}


def tool(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"needs {names[0]}; {INSTALL}")
    return found


def visit(page: Path, pictures: Path | None = None) -> dict:
    """What a browser saw of a page."""
    node, chromium = tool("node"), tool("chromium", "chromium-browser", "google-chrome")
    if not (TOOLS / "node_modules" / "playwright-core").is_dir():
        pytest.skip(f"needs playwright-core; {INSTALL}")
    command = [node, HERE / "visit.js", page, TOOLS, chromium, *([pictures] if pictures else [])]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def gaq(*arguments: str | Path) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "TERM": "dumb"}
    command = [str(REPOSITORY / ".venv" / "bin" / "gaq")]
    if not Path(command[0]).exists():
        import sys

        command = [sys.executable, "-m", "gaq"]
    done = subprocess.run(
        [*command, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The page of a run that has everything, made with the commands that a user has."""
    pytest.importorskip("plotly", reason="needs plotly: pip install plotly")
    run = tmp_path_factory.mktemp("page") / "run"
    run.mkdir()
    models = run / "models"
    models.mkdir()  # copies, for rows are kept beside models
    parent = models / "rmd17-ethanol-fp32.ckpt"
    shutil.copy(REPOSITORY / "models" / parent.name, parent)
    for recipe in ("naive-int8", "w4"):
        path = models / f"rmd17-ethanol-{recipe}"
        gaq("quantize", parent, "--recipe", recipe, "--data", "embedded", "--epochs", "0", "--out", path)
        shutil.move(path / "model.ckpt", path.with_suffix(".ckpt"))
        shutil.rmtree(path)
    gaq("export", models / "rmd17-ethanol-w4.ckpt", "-o", models / "rmd17-ethanol-w4.gaq")
    for rows in ("studies/few_bits/slots-azobenzene.jsonl", "docs/ledger/engine-methods.jsonl"):
        shutil.copy(REPOSITORY / rows, run)
    named = [models / f"rmd17-ethanol-{recipe}.ckpt" for recipe in ("fp32", "naive-int8", "w4")]
    sizes = ("--limit", "20", "--symmetry-frames", "3", "--rotations", "2", "--path-frames", "1")
    rows, kept = run / "evaluate.jsonl", run / "predictions.npz"
    gaq("evaluate", *named, "--data", "embedded", *sizes, "--json", rows, "--predictions", kept, "--steps", "200")
    start = run / "start.xyz"
    start.write_text(ETHANOL, encoding="utf-8")
    for model, name in ((named[0], "fp32"), (named[1], "naive-int8")):
        gaq("md", model, start, "--steps", "200", "--every", "10", "--log-every", "5", "-o", run / f"{name}.xyz")
    epochs = [{"epoch": n, "energy_mae": 9.0 / (n + 1), "force_mae": 80.0 / (n + 1), "loss": 1.0} for n in range(20)]
    (run / "curve.jsonl").write_text("".join(json.dumps(line) + "\n" for line in epochs), encoding="utf-8")
    row = {"metric": "force_mae", "value": 3.0, "unit": "meV/Å", "model": EVIL, "recipe": EVIL, "engine": "torch"}
    (run / "evil.jsonl").write_text(json.dumps(row | {"data": EVIL, "n": 3}) + "\n", encoding="utf-8")
    gaq("report", run, models / "rmd17-ethanol-w4.gaq", "-o", run / "page.html")
    return run / "page.html"


@pytest.fixture(scope="module")
def seen(page) -> dict:
    return visit(page)


def complaints(seen: dict) -> set[str]:
    """What is wrong with a page, by kind."""
    found = {
        "error": bool(seen["errors"]),
        "request": bool(seen["requests"]),
        "plot": not seen["plots"] or not all(seen["plots"].values()),
        "axe light": bool(seen["axe"]["light"]),
        "axe dark": bool(seen["axe"]["dark"]),
        "axe phone": bool(seen["axe"]["phone"]),
        "overflow": seen["overflow"] > 0,
        "cards": hidden_on_a_telephone(seen["cards"]),
        "cut": any(beyond > 0 for _, beyond in seen["wide"]["beyond"]),
        "sort": not sorted_both_ways(seen["table"]),
        "movie": not (
            seen["movie"] and seen["movie"]["still"] and seen["movie"]["moved"] and seen["movie"]["scrubbed"] == 1
        ),
    }
    return {kind for kind, wrong in found.items() if wrong}


def hidden_on_a_telephone(cards: dict) -> bool:
    """Whether the comparison scrolls sideways, or lacks what a reader wants first."""
    scrolls = any(beyond > 0 for name, beyond in cards["beyond"] if name == "Comparison of models")
    said = all(word in cards["words"] for word in ("w4", "not for MD"))
    return scrolls or not said or not set(cards["labels"]) >= WANTED


def sorted_both_ways(table: dict | None) -> bool:
    if table is None:
        return False
    numbers = {name: [float(v) for v in table[name]["values"] if v] for name in ("clicked", "pressed")}
    up, down = numbers["clicked"], numbers["pressed"]
    states = table["clicked"]["state"], table["pressed"]["state"]
    return len(set(up)) > 1 and up == sorted(up) and down == up[::-1] and states == ("ascending", "descending")


def test_nothing_is_wrong(seen):
    assert complaints(seen) == set(), json.dumps(seen, indent=1)


def test_every_section_has_its_plots(seen):
    assert {key.split("-")[0] for key in seen["plots"]} == SECTIONS


def test_plots_follow_the_theme_and_print_on_white(seen):
    assert seen["paper"]["light"] == "rgb(255, 255, 255)" == seen["print"]["paper"]
    assert seen["paper"]["dark"] == seen["paper"]["after"] == "rgb(20, 23, 28)"
    assert seen["print"]["bytes"] > 50_000


def test_a_page_with_faults_is_noticed(page, tmp_path):
    """The negative control: each fault is found by the check that is for it."""
    text = page.read_text(encoding="utf-8")
    faults = (
        ("--faint:#59636e", "--faint:#c8ccd0"),  # too pale on white
        (".comparison tbody tr{display:grid;", ".comparison tbody tr{display:flex;"),  # cards in one line
        (".comparison .verdict{white-space:normal;", ".comparison .verdict{padding-right:60rem;"),
        ("--faint:#9aa4af", "--faint:#3a4048"),  # too dark on black
        ('"costs-0-0":{"traces":[', '"costs-0-0":{"traces":[],"lost":['),
        ("<main>", "<main><div style='width:60rem'>wide</div><img src='https://example.org/x.png'>"),
        ("body.append(...[...body.rows].sort(compare))", "undefined"),
        ("show((frame + 1) % movie.frames)", "show(Math.min(frame + 1, 3))"),
        ("pause();\n    show(Number(scrub.value))", "pause()"),
    )
    for right, wrong in faults:
        assert text.count(right) >= 1, right
        text = text.replace(right, wrong)
    broken = tmp_path / "broken.html"
    broken.write_text(text, encoding="utf-8")
    expected = {"error", "plot", "axe light", "axe dark", "axe phone", "overflow", "cards", "cut", "sort", "movie"}
    assert complaints(visit(broken)) >= expected


def test_without_libraries_the_page_is_whole(page, tmp_path):
    """As where plotly and 3Dmol.js are not installed: no plot, no viewer, the rest as ever."""
    scripts = re.findall(r"<script>.*?</script>", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(scripts) == 4  # plotly.js, 3Dmol.js, and two of ours
    text = page.read_text(encoding="utf-8")
    for library in scripts[:2]:
        text = text.replace(library, "")
    bare = tmp_path / "bare.html"
    bare.write_text(text, encoding="utf-8")
    assert complaints(visit(bare)) == {"plot", "movie"}


ETHANOL = """9
Properties=species:S:1:pos:R:3 pbc="F F F"
C 0.0072 -0.5687 0.0
C -1.2854 0.2499 0.0
O 1.1304 0.3147 0.0
H 0.0392 -1.1972 0.8900
H 0.0392 -1.1972 -0.8900
H -1.3175 0.8784 0.8900
H -1.3175 0.8784 -0.8900
H -2.1422 -0.4239 0.0
H 1.9857 -0.1365 0.0
"""
