"""What the demo does when something optional is missing, and that its test frames are nobody's training frames."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from gaq.data.read import read_dataset
from gaq.demo import run
from gaq.demo.folder import HELD_OUT
from gaq.demo.jobs import LabelJob, TrainJob
from gaq.demo.plan import QUICK
from gaq.demo.run import Order, chosen_engine, divided, label_and_train
from gaq.demo.workers import JobDone
from gaq.errors import NotAvailable


class Recorder:
    """Takes the place of the processes and notes what they would do."""

    def __init__(self) -> None:
        self.jobs = []

    def run(self, jobs, listen):
        self.jobs += jobs


@pytest.fixture
def without(monkeypatch):
    """`without("tblite")` makes a library look as if it were not installed."""
    found = importlib.util.find_spec

    def hide(name):
        monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == name else found(n))

    return hide


def test_without_a_compiled_engine_pytorch_does_it_and_it_is_said(monkeypatch):
    def missing(name):
        raise NotAvailable("the native engine is not built. Run `make native`")

    monkeypatch.setattr(run, "known_engine", missing)
    heard = []
    assert chosen_engine(None, heard.append) == "torch"
    assert [m.summary for m in heard] == [
        "PyTorch runs checks and dynamics instead, in shorter runs: the native engine is not built. Run `make native`"
    ]
    assert chosen_engine("torch", heard.append) == "torch"
    assert len(heard) == 1


def test_the_compiled_engine_is_taken_where_it_is(monkeypatch):
    monkeypatch.setattr(run, "known_engine", lambda name: name)
    assert chosen_engine(None, lambda message: pytest.fail("nothing to say")) == "native"


def test_without_tblite_held_out_frames_are_the_test_and_it_is_said(tmp_path, without):
    without("tblite")
    data, held_out = divided(read_dataset("embedded"), QUICK)
    workers, heard = Recorder(), []
    file = label_and_train(Order(QUICK, tmp_path, 1, 1), data, held_out, workers, heard.append)
    assert file == tmp_path / HELD_OUT
    assert [type(job) for job in workers.jobs] == [TrainJob]
    assert [m.summary for m in heard if isinstance(m, JobDone)] == [
        "tblite is not installed, so models are tested on 4 embedded frames outside the training set"
    ]
    trained_on = {s.positions.tobytes() for s in data.structures}
    test = read_dataset(file)
    assert len(test) == QUICK.test
    assert not trained_on & {s.positions.tobytes() for s in test.structures}


def test_fresh_frames_are_made_as_the_embedded_ones_by_another_seed(tmp_path):
    pytest.importorskip("tblite")
    embedded = read_dataset("embedded")
    data, held_out = divided(embedded, QUICK)
    workers = Recorder()
    label_and_train(Order(QUICK, tmp_path, 1, 1), data, held_out, workers, lambda message: None)
    (job,) = (job for job in workers.jobs if isinstance(job, LabelJob))
    assert job.settings.seed != 0
    assert (job.settings.temperature, job.settings.method) == (500.0, "gfn2-xtb")
    assert np.array_equal(job.settings.species, embedded.structures[0].species)
