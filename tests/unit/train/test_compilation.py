"""A compilation in a child process ends with a graph, with a reason, or when it is told to, and leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from gaq.train import compilation
from gaq.train.compilation import Compilation, CompilationFailed
from gaq.train.config import LossConfig
from gaq.train.frames import prepare
from gaq.train.gradients import TrainBatch
from gaq.train.graph_cache import folder
from gaq.train.loss_graph import LossGraph
from tiny import config, dataset, network

KEY = f"{1:064x}"
SECONDS = 60.0


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def graph() -> LossGraph:
    batch, target = prepare(dataset(6), 5.0).batch([0, 1])
    return LossGraph(network(config(layers=1)), TrainBatch(batch, target, (2, len(batch.species))), LossConfig())


def started(monkeypatch, script: str) -> Compilation:
    """One with a child that runs this script."""
    monkeypatch.setattr(compilation, "python_command", lambda *given: [sys.executable, "-c", script, *given])
    return Compilation(graph(), KEY)


def left() -> list[str]:
    return [path.name for path in folder().glob(".work-*")]


def test_the_child_is_given_the_graph_and_its_end_is_seen(monkeypatch, tmp_path):
    script = (
        "import pickle, sys; from pathlib import Path; g = pickle.load(sys.stdin.buffer)\n"
        f"Path({str(tmp_path / 'seen')!r}).write_text(' '.join([type(g).__name__, *sys.argv[3:]]))"
    )
    found = started(monkeypatch, script)
    assert len(left()) == 1
    found.wait()
    assert found.is_done()
    assert found.is_done(), "asked again"
    name, key, work, threads = (tmp_path / "seen").read_text().split()
    assert (name, key, int(threads)) == ("LossGraph", KEY, torch.get_num_threads())
    assert not Path(work).exists()
    assert left() == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("print('noise'); print('RuntimeError: no room'); raise SystemExit(1)", "RuntimeError: no room"),
        ("raise SystemExit(3)", "it ended with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "it was ended by signal 9"),
    ],
)
def test_a_failure_has_a_reason(monkeypatch, script, reason):
    found = started(monkeypatch, script)
    found.wait()
    with pytest.raises(CompilationFailed, match=f"^{reason}$"):
        found.is_done()
    assert left() == []


def test_closing_ends_the_child_and_the_compilers_it_started(monkeypatch, tmp_path):
    script = (
        "import subprocess, sys, time; from pathlib import Path\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"Path({str(tmp_path / 'pid')!r}).write_text(str(inner.pid)); time.sleep(600)"
    )
    found = started(monkeypatch, script)
    _until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    assert not found.is_done()
    found.close()
    found.close()
    inner = int((tmp_path / "pid").read_text())
    _until(lambda: not _runs(inner))
    assert found._child.returncode == -9, "collected, not a zombie"
    assert left() == []


def test_what_cannot_be_sent_is_a_failure():
    unsendable = graph()
    unsendable.model.lock = threading.Lock()
    with pytest.raises(CompilationFailed, match="cannot be sent to another process"):
        Compilation(unsendable, KEY)
    assert left() == []


def test_a_child_ends_with_its_parent(tmp_path):
    """However the parent ends: here it is killed."""
    script = (
        "import os, sys; from gaq.train.graph_cache import only_one\n"
        "import subprocess; from gaq.children import environment\n"
        "with only_one(sys.argv[1]):\n"  # so that the child waits
        "    command = [sys.executable, '-m', 'gaq.train.compile_child', sys.argv[1], '.', '1']\n"
        "    child = subprocess.Popen(command, env=environment(), start_new_session=True, stdin=subprocess.DEVNULL)\n"
        "    print(child.pid, flush=True); sys.stdin.read()"
    )
    from gaq.children import environment

    with subprocess.Popen(
        [sys.executable, "-c", script, KEY], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(3.0)  # until it watches
        assert _runs(child)
        parent.kill()
    _until(lambda: not _runs(child))


def _until(happened) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether a process that may be somebody else's child runs."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
