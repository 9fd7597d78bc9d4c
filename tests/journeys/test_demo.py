"""`gaq demo --quick`: every step of the main job, as a user starts it, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chores import hear_interrupts
from gaq.demo.folder import FRESH, HELD_OUT, LEDGER, MANIFEST, PAGE, PREDICTIONS, TRAJECTORY
from gaq.demo.plan import DEMO_MODELS
from gaq.measure.ledger import read_rows
from gaq.quant.recommended import RECOMMENDED
from gaq.report.tables import comparison

NAMES = [candidate.name for candidate in DEMO_MODELS]
# What stands in the table of every candidate, and in that of all but the parent.
METRICS = {
    *("energy_mae", "force_mae", "lee_mean", "lee_max", "path_work", "net_torque", "drift", "stability"),
    *("latency_ms", "ns_per_day", "file_bytes", "weight_bytes", "bits_per_weight"),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder of one quick demo, and what it said."""
    folder = tmp_path_factory.mktemp("journey")
    out = folder / "demo"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "80"}
    command = [sys.executable, "-m", "gaq", "demo", "--quick", "--out", str(out)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return out, done.stdout


@pytest.fixture(scope="module")
def value(demo):
    """`value("w4", "lee_max")`, from the ledger."""
    rows = {(r.recipe, r.metric): r.value for r in read_rows(demo[0] / LEDGER)}
    return lambda recipe, metric: rows[recipe, metric]


def test_every_candidate_has_its_rows(demo):
    rows = read_rows(demo[0] / LEDGER)
    assert list(dict.fromkeys(r.recipe for r in rows)) == NAMES
    for name in NAMES:
        metrics = [r.metric for r in rows if r.recipe == name]
        assert len(metrics) == len(set(metrics))
        assert set(metrics) >= METRICS
        assert ("force_fidelity" in metrics) == (name != "fp32")
        assert sum(r.limit is not None for r in rows if r.recipe == name) == 17


def test_the_local_frame_is_exact_and_naive_rounding_is_not(value):
    assert value(RECOMMENDED, "lee_max") <= 1e-9
    assert value(RECOMMENDED, "frames_identical") == 1.0
    assert value(RECOMMENDED, "net_torque") <= 1e-9
    assert value("naive-int8", "lee_max") > 0.1
    assert value("naive-int8", "frames_identical") < 1.0
    assert value("w4", "lee_max") < 10 * value("fp32", "lee_max")


def test_sizes_are_those_of_the_recipes(value):
    assert value("fp32", "bits_per_weight") == 32
    assert 4 < value("w4", "bits_per_weight") < 6
    assert 8 <= value("naive-int8", "bits_per_weight") < 9
    assert value("w4", "path_work") < value("naive-int8", "path_work")


def test_what_is_said_is_the_table_and_the_way_on(demo):
    out, said = demo
    steps = re.findall(r"^  (\S+) +[\d.]+ s  ", said, flags=re.MULTILINE)
    assert sorted(steps) == sorted(["label", "train", *NAMES, "report"])
    _, lines = comparison(read_rows(out / LEDGER))
    for recipe, *_, verdict in lines:
        assert re.search(rf"^ ?{recipe} .*{verdict}", said, flags=re.MULTILINE), f"{recipe} … {verdict}"
    test = out / (FRESH if (out / FRESH).exists() else HELD_OUT)
    last = said.rstrip().splitlines()[-2:]
    assert last == [f"next: gaq check {out}/{RECOMMENDED}/model.ckpt --data {test}", f"page: {out / PAGE}"]


def test_the_page_holds_it_all(demo):
    pytest.importorskip("plotly")
    text = (demo[0] / PAGE).read_text(encoding="utf-8")
    headings, lines = comparison(read_rows(demo[0] / LEDGER))
    assert "<table class='comparison sortable' role='table'>" in text
    assert "ns/day" in headings
    for line in lines:
        assert f"<th scope='row' role='rowheader' data-value='{line[0]}'>{line[0]}</th>" in text
        assert line[1] in text
    for section in ("costs", "parity", "learning", "energy", "movie"):
        assert f"<section id='{section}'" in text
    assert text.count("data-plot='parity-0-") == text.count("data-plot='energy-0-") == len(NAMES)
    assert "Skipped files and lines" not in text
    body = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"(src|href)=['\"](?!data:|#)", body)


@pytest.mark.long
def test_the_page_can_be_made_anew(demo, run_gaq):
    done = run_gaq("report", demo[0], "-o", "again.html", "--json", "rows.jsonl")
    assert done.returncode == 0, done.stderr
    assert "again.html" in done.stdout


def test_every_candidate_has_moved_and_predicted(demo):
    engines = {r.engine for r in read_rows(demo[0] / LEDGER)}
    assert len(engines) == 1  # the native one where it is built
    for name in NAMES:
        for file in (PREDICTIONS, TRAJECTORY, "nve.log"):
            assert (demo[0] / name / file).stat().st_size > 0


def test_models_can_be_used_afterwards(demo):
    import gaq

    out = demo[0]
    (test,) = (path for path in (out / FRESH, out / HELD_OUT) if path.exists())
    dataset = gaq.read_dataset(test)
    for name in NAMES:
        engine = gaq.open_engine(out / name / "model.ckpt")
        assert len(engine.evaluate(dataset.structures)) == len(dataset)


def test_the_python_of_the_readme_runs(demo, monkeypatch, tmp_path):
    root = Path(__file__).resolve().parents[2]
    *_, snippet = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "runs/demo" in snippet
    exported = tmp_path / "ethanol.gaq"
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    exec(snippet.replace("runs/demo", str(demo[0])), found)
    assert len(found["rows"]) > 5
    assert exported.is_file()


def test_the_manifest_says_how_it_was_made(demo):
    manifest = json.loads((demo[0] / MANIFEST).read_text())
    assert manifest["kind"] == "gaq demo"
    assert manifest["plan"]["epochs"] == 3
    assert manifest["data"]["name"] == "ethanol-gfn2-xtb"
    assert manifest["seconds"] > 0


def test_a_folder_of_other_things_is_refused(run_gaq, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    done = run_gaq("demo", "--quick", "--out", "thesis")
    assert done.returncode == 2
    assert "UsageError: --out thesis has files in it that are not of a demo" in done.stderr
    assert os.listdir(tmp_path / "thesis") == ["thesis.tex"]


def test_ctrl_c_ends_all_processes(tmp_path):
    command = [sys.executable, "-m", "gaq", "demo", "--out", str(tmp_path / "demo")]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        preexec_fn=hear_interrupts,
        start_new_session=True,  # Ctrl-C reaches the whole group, as on a terminal
    )
    try:
        began = time.monotonic()
        while not list(tmp_path.glob("demo/fp32")) and time.monotonic() - began < 180:
            time.sleep(0.1)
        assert len(running(process.pid)) >= 3  # itself and two workers
        os.killpg(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, error
    assert "Interrupted" in error
    assert "Traceback" not in out + error
    began = time.monotonic()
    while running(process.pid) and time.monotonic() - began < 10:
        time.sleep(0.1)
    assert running(process.pid) == []


def running(group: int) -> list[str]:
    """Processes of a group that have not ended, as Linux shows them; a bare machine has no `ps`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it ended meanwhile
            continue
        if its_group == str(group) and state != "Z":
            found.append(f"{process.name} {state} {command}")
    return found
