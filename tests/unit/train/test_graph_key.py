"""The key of a graph changes with everything that the graph depends on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from built import compiles
from gaq.errors import NotAvailable
from gaq.quant.install import preset
from gaq.train import graph_key as module
from gaq.train.calibrate import quantized_copy
from gaq.train.config import LossConfig
from gaq.train.frames import prepare
from gaq.train.gradients import TrainBatch
from gaq.train.graph_key import compiler, graph_key
from gaq.train.loss_graph import LossGraph
from tiny import config, dataset, network

pytestmark = compiles


def graph(
    chosen=(0, 1, 2), seed=0, dtype=torch.float32, model=None, spared=(), loss=LossConfig(), **sizes
) -> LossGraph:
    batch, target = prepare(dataset(6), 5.0).batch(list(chosen))
    model = model or network(config(**sizes), dtype, seed)
    passing = {name: torch.zeros(len(batch.species), dtype=torch.bool) for name in spared}
    return LossGraph(model, TrainBatch(batch, target, (len(chosen), len(batch.species)), spared=passing), loss)


def quantized(recipe: str = "frame-w4a8"):
    return quantized_copy(network(config()), preset(recipe), prepare(dataset(6), 5.0))


def test_weights_and_batches_do_not_matter():
    assert graph_key(graph()) == graph_key(graph((3, 4), seed=1))


def test_neither_does_the_stage_nor_what_calibration_left():
    one, other = quantized(), quantized()
    for quantizer in other.quantizers():
        quantizer.active = False
    assert graph_key(graph(model=one)) == graph_key(graph(model=other))


@pytest.mark.parametrize(
    "changed",
    [
        {"layers": 3},
        {"channels": 16},
        {"cutoff": 4.0},
        {"dtype": torch.float64},
        {"loss": LossConfig(forces=2.0)},
        {"loss": LossConfig(kind="square")},
        {"spared": ("layers.0.update.hidden.input",)},
    ],
)
def test_what_the_loss_depends_on_does(changed):
    assert graph_key(graph(**changed)) != graph_key(graph())


def test_so_do_quantizers():
    keys = {graph_key(graph(model=m)) for m in (network(config()), quantized(), quantized("gaq-w4a8"))}
    assert len(keys) == 3


def test_so_do_kinds_of_batches():
    there = graph()
    turned = replace(there.train_batch, rotations=torch.eye(3).repeat(3, 1, 1))
    assert graph_key(LossGraph(there.model, turned, there.config)) != graph_key(there)


def test_so_do_sources_compiler_processor_threads_and_settings(monkeypatch):
    expected = graph_key(graph())
    for name in ("_sources", "_version", "_processor"):
        with monkeypatch.context() as changed:
            changed.setattr(module, name, lambda *given: "another")
            assert graph_key(graph()) != expected
    with monkeypatch.context() as changed:
        changed.setattr(torch, "get_num_threads", lambda: 77)
        assert graph_key(graph()) != expected
    with monkeypatch.context() as changed:
        changed.setenv("TORCHINDUCTOR_CPP_MIN_CHUNK_SIZE", "64")
        assert graph_key(graph()) != expected
    assert graph_key(graph()) == expected


def test_sources_are_those_of_gaq_and_of_foreign_parts(tmp_path, monkeypatch):
    from types import ModuleType

    foreign = ModuleType("foreign_part")
    foreign.__file__ = str(tmp_path / "foreign_part.py")
    monkeypatch.setitem(module.sys.modules, "foreign_part", foreign)
    found = []
    for text in ("x = 1", "x = 2"):
        (tmp_path / "foreign_part.py").write_text(text)
        module._sources.cache_clear()
        found.append(module._sources(frozenset({"foreign_part"})))
    assert len({*found, module._sources(frozenset())}) == 3


def test_without_a_compiler_it_says_so(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(NotAvailable, match=r"`compile` needs a C\+\+ compiler, and there is no no-such-compiler"):
        compiler()
