"""A compiled training step has the loss and the gradients of the one that autograd records, for batches of any size."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import ClassVar

import pytest
import torch

from built import compiles
from gaq.data.dataset import Dataset
from gaq.errors import NotAvailable, UsageError
from gaq.quant.install import preset
from gaq.quant.methods.svq import svq_kmeans, svq_kmeans_ste
from gaq.quant.presets import frame_w4a8
from gaq.train import compiled
from gaq.train.calibrate import quantized_copy
from gaq.train.compilation import CompilationFailed
from gaq.train.compiled import CompiledGradients, compiled_for
from gaq.train.config import LossConfig
from gaq.train.fit import TrainProgress, fit
from gaq.train.frames import TrainFrames, prepare
from gaq.train.gradients import TrainBatch, step_by_step
from gaq.train.graph_cache import folder, keep, work_folder
from gaq.train.interrupt import Interrupt
from gaq.train.loss_graph import LossGraph
from gaq.train.session import prepare_training
from tiny import config, dataset, network, train_config

LOSS = LossConfig()


def frames() -> TrainFrames:
    return prepare(dataset(6), 5.0)


def train_batch(data: TrainFrames, chosen: list[int], seed: int = 0) -> TrainBatch:
    """A part of a larger batch, with some atoms that pass one slot in float."""
    batch, target = data.batch(chosen)
    draw = torch.Generator().manual_seed(seed)
    spared = {"layers.0.update.hidden.input": torch.rand(len(batch.species), generator=draw) < 0.5}
    return TrainBatch(batch, target, (len(chosen) + 1, len(batch.species) + 3), spared=spared)


def gradients(differentiate, model, task: TrainBatch) -> tuple[float, list[torch.Tensor]]:
    for parameter in model.parameters():
        parameter.grad = None
    loss = differentiate(model, task, LOSS)
    return loss.item(), [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]


def distance(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    """Of two sets of gradients, relative to the larger of them."""
    one, other = (torch.cat([g.flatten() for g in each]).double() for each in (one, other))
    return ((one - other).norm() / one.norm()).item()


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory) -> Iterator[None]:
    """A cache of this file's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


RECIPE = replace(frame_w4a8(warmup=0), name="tried")
FACTOR = 3.0  # tells the faked graph from the steps


def small_network(seed: int = 0):
    return network(config(layers=1), torch.float64, seed)


@pytest.fixture(scope="module")
def quantized():
    """A quantized network in float64, in which round-off flips no code, and its compiled step."""
    return quantized_copy(small_network(), RECIPE, frames()), CompiledGradients(wait=True)


class FakeCompilation:
    """Is done when it is told so, or fails; the "library" that it makes holds nothing."""

    made: ClassVar[list] = []
    seconds = 7.0

    def __init__(self, graph: LossGraph, key: str) -> None:
        self.key, self.reason, self.closed = key, "", False
        self.made.append(self)
        self.ready = False

    def finish(self) -> None:
        with work_folder() as work:
            (work / "made.so").write_bytes(self.key.encode())
            keep(self.key, work / "made.so")
        self.ready = True

    def is_done(self) -> bool:
        if self.reason:
            raise CompilationFailed(self.reason)
        return self.ready

    def wait(self) -> None:
        self.finish()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def faked(monkeypatch, tmp_path):
    """Compilations are faked; a loaded graph is the function itself, whose gradients are multiplied by `FACTOR`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(FakeCompilation, "made", [])
    monkeypatch.setattr(compiled, "Compilation", FakeCompilation)
    graphs: list[LossGraph] = []

    def remembered(model, train_batch, config) -> LossGraph:
        graphs.append(LossGraph(model, train_batch, config))
        return graphs[-1]

    def load(path):
        function = graphs[-1].function()

        def call(given):
            loss, *found = function(given)
            return [loss.detach(), *(FACTOR * g for g in found)]

        return call

    monkeypatch.setattr(compiled, "LossGraph", remembered)
    monkeypatch.setattr(compiled, "load_library", load)
    return FakeCompilation.made


def factor(differentiate, model, task) -> float:
    """By how much gradients are larger than those of autograd."""
    expected = torch.cat([g.flatten() for g in gradients(step_by_step, model, task)[1]])
    found = torch.cat([g.flatten() for g in gradients(differentiate, model, task)[1]])
    return (found.norm() / expected.norm()).item()


@compiles
def test_steps_are_compiled_as_soon_as_the_graph_is_there(faked):
    model, differentiate, data = small_network(), CompiledGradients(), frames()
    for chosen in ([0, 1], [2, 3, 4]):
        assert factor(differentiate, model, train_batch(data, chosen)) == pytest.approx(1)
    (compilation,) = faked
    assert differentiate.remarks() == (compiled.STARTED,)
    compilation.finish()
    assert factor(differentiate, model, train_batch(data, [0, 1])) == pytest.approx(FACTOR)
    assert differentiate.remarks() == ("the compiled training step is used from here on (7 s to compile)",)
    assert factor(differentiate, model, train_batch(data, [2, 3, 4])) == pytest.approx(FACTOR)
    assert differentiate.remarks() == ()
    assert len(faked) == 1


@compiles
def test_a_later_run_takes_the_graph_from_the_cache(faked):
    task = train_batch(frames(), [0, 1])
    factor(CompiledGradients(wait=True), small_network(), task)
    later = CompiledGradients()
    assert factor(later, small_network(seed=1), task) == pytest.approx(FACTOR)
    assert later.remarks() == (compiled.CACHED,)
    assert len(faked) == 1


@compiles
@pytest.mark.parametrize("trouble", ["damaged", "cannot be loaded", "another loss"])
def test_a_graph_of_the_cache_that_cannot_be_used_is_compiled_again(faked, monkeypatch, trouble):
    task, model = train_batch(frames(), [0, 1]), small_network()
    factor(CompiledGradients(wait=True), model, task)
    (path,) = folder().glob("*.so")
    if trouble == "damaged":
        path.write_bytes(b"cut")
    else:
        monkeypatch.setattr(compiled, "load_library", _broken if trouble == "cannot be loaded" else _of_another_loss)
    later = CompiledGradients()
    assert factor(later, model, task) == pytest.approx(1)
    assert later.remarks() == (compiled.STARTED,)
    assert not path.exists()
    faked[-1].finish()
    used = factor(later, model, task)
    if trouble == "damaged":
        assert used == pytest.approx(FACTOR)
    else:  # it is no better than the one before, and not tried a third time
        assert used == pytest.approx(1)
        (said,) = later.remarks()
        assert said.startswith("warning: the training step could not be compiled: the compiled step cannot be loaded")
        factor(later, model, task)
        assert len(faked) == 2


def _no_room(graph, key) -> None:
    raise OSError("no room")


def _broken(path) -> None:
    raise RuntimeError("undefined symbol")


def _of_another_loss(path):
    return lambda given: [torch.tensor(1e9, dtype=torch.float64), *given]


@compiles
@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_failure_is_told_once_and_training_continues(faked, monkeypatch, when):
    model, differentiate, task = small_network(), CompiledGradients(), train_batch(frames(), [0, 1])
    if when == "at once":
        monkeypatch.setattr(compiled, "Compilation", _no_room)
    factor(differentiate, model, task)
    for compilation in faked:
        compilation.reason = "RuntimeError: no room"
    assert factor(differentiate, model, task) == pytest.approx(1)
    said = differentiate.remarks()[-1]
    assert said.startswith("warning: the training step could not be compiled: ")
    assert "no room. " in said
    assert said.endswith("Training continues uncompiled.")
    assert factor(differentiate, model, task) == pytest.approx(1)
    assert (differentiate.remarks(), len(faked)) == ((), when == "later")


@compiles
def test_who_waits_is_told_of_a_failure_by_an_error(faked, monkeypatch):
    monkeypatch.setattr(FakeCompilation, "wait", lambda self: setattr(self, "reason", "no room"))
    with pytest.raises(NotAvailable, match="could not be compiled: no room"):
        factor(CompiledGradients(wait=True), small_network(), train_batch(frames(), [0, 1]))


@compiles
def test_the_graph_is_compiled_during_a_warm_up_and_used_after_it(faked):
    model, differentiate = quantized_copy(small_network(), RECIPE, frames()), CompiledGradients()
    quantizers, task = list(model.quantizers()), train_batch(frames(), [0, 1])
    quantizers[3].active = False
    factor(differentiate, model, task)
    faked[0].finish()
    assert factor(differentiate, model, task) == pytest.approx(1)
    quantizers[3].active = True
    assert factor(differentiate, model, task) == pytest.approx(FACTOR)


@compiles
@pytest.mark.parametrize("how", ["its end", "a stop", "an error"])
def test_a_training_that_ends_ends_the_compilation(faked, tmp_path, how):
    prepared = prepare_training(train_config(epochs=1), dataset(), tmp_path, compile=True)
    interrupt, shown = Interrupt(), []

    def show(progress: TrainProgress) -> None:
        shown.append(progress)
        if how == "an error":
            raise OSError("no terminal")

    interrupt.asked = how == "a stop"
    with pytest.raises((KeyboardInterrupt, OSError)) if how != "its end" else nullcontext():
        fit(prepared.start, prepared.task, interrupt=interrupt, show=show)
    assert shown == [] or shown[0].remarks == (compiled.STARTED,)
    assert [compilation.closed for compilation in faked] == [True]


@pytest.mark.long
@compiles
def test_gradients_are_those_of_autograd_for_all_sizes_and_weights(quantized, monkeypatch):
    model, differentiate = quantized
    data = frames()
    for chosen in ([0, 1, 2], [3, 4], [0, 2, 3, 5]):
        task = train_batch(data, chosen)
        loss, expected = gradients(step_by_step, model, task)
        compiled_loss, found = gradients(differentiate, model, task)
        assert compiled_loss == pytest.approx(loss, rel=1e-9)
        assert distance(expected, found) < 1e-8
        # One graph does for all of them, and none is made again.
        monkeypatch.setattr(compiled, "Compilation", lambda *given: pytest.fail("a second graph"))
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    changed = gradients(step_by_step, other, task)[1]
    assert distance(expected, changed) > 1e-3, "the control: other weights have other gradients"
    assert distance(changed, gradients(differentiate, other, task)[1]) < 1e-8
    spared = train_batch(data, chosen, seed=1)
    again = gradients(step_by_step, model, spared)[1]
    assert distance(expected, again) > 1e-6, "the control: it matters who is spared"
    assert distance(again, gradients(differentiate, model, spared)[1]) < 1e-8


@pytest.mark.long
@compiles
def test_a_run_with_a_graph_of_the_cache_is_a_function_of_its_seed_and_resumes_bit_for_bit(tmp_path):
    """The first run compiles, and switches when that is done; the others begin with the compiled step."""

    def train(name: str, stop_at: int | None = None, resume: bool = False) -> list[str]:
        interrupt, said = Interrupt(), []

        def show(progress: TrainProgress) -> None:
            said.extend(progress.remarks)
            interrupt.asked = progress.step == stop_at

        (tmp_path / name).mkdir(exist_ok=True)
        prepared = prepare_training(settings, dataset(), tmp_path / name, compile=True)
        task = prepared.task
        if name == "first":
            task = replace(task, differentiate=compiled_for(prepared.start.recipe, wait=True))
        fit(prepared.start, task, resume=resume, interrupt=interrupt, show=show)
        return said

    settings = train_config(epochs=3, model={"layers": 1})
    assert train("first")[0] == compiled.STARTED
    assert train("second") == [compiled.CACHED]
    with pytest.raises(KeyboardInterrupt):
        train("stopped", stop_at=4)
    assert train("stopped", resume=True) == [compiled.CACHED]
    expected = (tmp_path / "second" / "model.ckpt").read_bytes()
    assert (tmp_path / "stopped" / "model.ckpt").read_bytes() == expected
    assert (tmp_path / "first" / "model.ckpt").read_bytes() == expected, "it waited for the same graph"
    assert list(folder().glob(".work-*")) == []


def test_a_single_structure_is_differentiated_step_by_step(monkeypatch):
    model, differentiate = quantized_copy(small_network(), RECIPE, frames()), CompiledGradients()
    monkeypatch.setattr(compiled, "Compilation", lambda *given: pytest.fail("a graph"))
    task = train_batch(frames(), [1])
    assert distance(gradients(step_by_step, model, task)[1], gradients(differentiate, model, task)[1]) == 0


def test_what_no_graph_can_hold_is_refused():
    with pytest.raises(UsageError, match=r"svq-kmeans-ste.*codebook that moves.*without `compile`"):
        compiled_for(svq_kmeans_ste())


@compiles
def test_a_codebook_that_stands_still_is_not():
    compiled_for(svq_kmeans())
    compiled_for(preset("gaq-w4a8"))


def test_without_a_compiler_nothing_is_trained(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(NotAvailable, match="no no-such-compiler"):
        compiled_for(preset("fp32"))


def test_data_of_the_fixture_differ_in_size():
    """Else the test of sizes would show nothing."""
    data: Dataset = dataset(6)
    assert len({len(s) for s in data.structures}) > 1
