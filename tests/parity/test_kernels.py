"""Rung 3: every instruction set and every number of threads gives the same bits, in each kernel and in whole models."""

from __future__ import annotations

import ctypes
from functools import cache

import pytest
import torch

from built import native_library
from gaq.engine._library import OK, load_library
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.model.layered import Layered
from gaq.quant.install import preset
from parity.everywhere import available, bits, large_box
from recipes import packable
from tiny import box, checkpoint, config, molecules, settings

ODD = {"channels": 10, "heads": 5, "hidden": 7, "basis": 5, "cutoff": 4.0, "degrees": 2}
SHAPES = {**{f"l{degrees}": {"degrees": degrees} for degrees in (1, 2, 3)}, "dot": {"attention": "dot"}, "odd": ODD}
SHAPES |= {"painn": {"architecture": "painn", "layers": 3}, "painn-odd": {"architecture": "painn", "channels": 10}}
CASES = [
    *((recipe, shape) for recipe in packable() for shape in ("l1", "l2", "l3", "painn")),
    *((recipe, shape) for recipe in ("fp32", "w4a16", "frame-w4a8") for shape in ("dot", "odd", "painn-odd")),
]


@cache
def model_of(recipe: str, shape: str) -> Layered:
    return checkpoint(settings(**SHAPES[shape]), None if recipe == "fp32" else preset(recipe, 0)).model


@cache
def content_of(recipe: str, shape: str) -> bytes:
    return packed_in_memory(model_of(recipe, shape), preset(recipe))


def engine(content: bytes, **options: int) -> NativeEngine:
    return NativeEngine(content, "tiny.gaq", library=native_library(), **options)


def test_every_kernel_is_its_plain_twin(monkeypatch):
    for isa in available(monkeypatch):
        monkeypatch.setenv("GAQ_ISA", isa)
        report = ctypes.create_string_buffer(500)
        status = load_library(native_library()).gaq_self_test(report, len(report))
        assert status == OK, report.value.decode()
        assert report.value.decode().startswith(f"all kernels of {isa}")  # neon may be neon_dot


@pytest.mark.parametrize(("recipe", "shape"), CASES)
def test_whole_models_have_the_same_bits_on_every_instruction_set(recipe, shape, monkeypatch):
    structures, found = [*molecules(), box()], {}
    for isa in available(monkeypatch):
        monkeypatch.setenv("GAQ_ISA", isa)
        for backward in (8, 16, 32):
            subject = engine(content_of(recipe, shape), backward_bits=backward)
            assert subject.isa.startswith(isa)
            found.setdefault(backward, {})[isa] = bits(subject.evaluate(structures))
    for backward, by_set in found.items():
        first = by_set["scalar"]
        differing = [isa for isa, here in by_set.items() if here != first]
        assert not differing, f"{differing} differ from scalar with {backward} bits in the backward pass"


@pytest.mark.parametrize(
    ("recipe", "shape"), [("fp32", "l1"), ("w4", "l3"), ("frame-w4a8", "l1"), ("w4a16", "odd"), ("gaq-w4a8", "l2")]
)
def test_threads_do_not_show(recipe, shape):
    system = large_box()
    one, *others = (bits(engine(content_of(recipe, shape), threads=n).evaluate([system])) for n in (1, 2, 3))
    assert len(system) == 600
    assert all(other == one for other in others)


@pytest.mark.parametrize("recipe", ["fp32", "frame-w4a8"])
def test_one_weight_shows(recipe):
    """The control: a weight of the last layer moved by one unit in the last place, or one code."""
    before = bits(engine(content_of(recipe, "l1")).evaluate(molecules()))
    model = checkpoint(config(), None if recipe == "fp32" else preset(recipe, 0)).model
    weight = model.readout.energy.weight
    with torch.no_grad():
        if recipe == "fp32":
            weight[0, 2] = torch.nextafter(weight[0, 2], torch.tensor(1e9))
        else:
            weight[0, 2] += weight.abs().max() / 100 * (-1 if weight[0, 2] > 0 else 1)
    after = bits(engine(packed_in_memory(model, preset(recipe))).evaluate(molecules()))
    assert all(a != b for a, b in zip(after, before, strict=True))
