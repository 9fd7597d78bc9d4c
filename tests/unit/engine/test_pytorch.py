"""The PyTorch engine answers in order, in whatever batches, refuses bad structures, and knows its size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Structure
from gaq.engine import pytorch
from gaq.engine.packing import pack_and_open
from gaq.engine.pytorch import TorchEngine
from gaq.errors import BadStructure, UnsupportedElement
from gaq.model.geometry import Gauge
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.train.session import quantize
from tiny import box, config, molecule, molecules, network


def engine(recipe: str = "fp32", **sizes: int) -> TorchEngine:
    model = network(config(**sizes))
    if recipe != "fp32":
        model = quantize(model, preset(recipe, 0), molecules())
    return TorchEngine(model, "tiny.ckpt", recipe)


def test_it_says_what_it_is():
    found = engine("frame-w8a8")
    assert (found.name, found.model, found.recipe) == ("torch", "tiny.ckpt", "frame-w8a8")
    assert found.cutoff == 5.0
    assert found.species == {1, 6, 7, 8}


@pytest.mark.parametrize("name", all_presets())
def test_recipes_in_local_frames_take_the_local_gauge(name):
    in_frames = ("frame-", "mixed-", "hadamard-", "w4a16")
    expected = Gauge.LOCAL if name.startswith(in_frames) else Gauge.LAB
    assert engine(name).gauge is expected


def test_answers_are_in_order_whatever_the_batches(monkeypatch):
    structures = [*molecules(), box(), Structure.molecule([8], [[0, 0, 0]]), *molecules()]
    subject = engine()
    together = subject.evaluate(structures)
    assert [p.forces.shape for p in together] == [(len(s), 3) for s in structures]
    for limit in (1, 100, 10**9):
        monkeypatch.setattr(pytorch, "EDGES_PER_BATCH", limit)
        for one, other in zip(together, subject.evaluate(structures), strict=True):
            assert one.energy == pytest.approx(other.energy, abs=1e-4)
            assert np.abs(one.forces - other.forces).max() < 2e-5


def test_batches_are_cut_by_atoms_alone(monkeypatch):
    """A rotated copy of a list is computed in the same batches, so that its sums are the same sums."""
    monkeypatch.setattr(pytorch, "EDGES_PER_BATCH", 100)
    structures = [*molecules(), *molecules()]
    moved = [s.moved(s.positions * 1.7) for s in structures]
    assert pytorch.batches(structures) == pytorch.batches(moved)
    chunks = pytorch.batches(structures)
    assert len(chunks) > 2
    assert [start for start, _ in chunks[1:]] == [stop for _, stop in chunks[:-1]]
    assert (chunks[0][0], chunks[-1][1]) == (0, len(structures))
    assert pytorch.batches([]) == []


def test_a_structure_of_any_size_is_one_batch(monkeypatch):
    monkeypatch.setattr(pytorch, "EDGES_PER_BATCH", 1)
    assert pytorch.batches(molecules()) == [(k, k + 1) for k in range(5)]


def test_predictions_are_numbers_of_their_own():
    (found,) = engine().evaluate([molecules()[0]])
    assert isinstance(found.energy, float)
    assert found.forces.dtype == np.float64
    found.forces[:] = 0
    assert np.abs(engine().evaluate([molecules()[0]])[0].forces).max() > 0


@pytest.mark.parametrize("recipe", ["fp32", "frame-w4a8"])
def test_the_error_names_the_structure(recipe):
    subject, good = engine(recipe), molecules()[0]
    with pytest.raises(UnsupportedElement, match="tiny.ckpt knows H, C, N, O. Structure 1 has S at atom 0"):
        subject.evaluate([good, molecule("SO2")])
    with pytest.raises(BadStructure, match="Structure 1 has no atoms"):
        subject.evaluate([good, Structure.molecule([], np.zeros((0, 3)))])
    with pytest.raises(BadStructure, match="Structure 2 has positions that are not finite"):
        subject.evaluate([good, good, good.moved(good.positions * np.nan)])
    with pytest.raises(BadStructure, match="Structure 0 has atoms 0 and 1 at 0.0000 Å"):
        subject.evaluate([Structure.molecule([8, 8], np.zeros((2, 3)))])


def weights_of(**sizes: int) -> tuple[int, int]:
    """How many weights the linear layers of a network have, and how many output channels."""
    linear = [q for q in network(config(**sizes)).quantizers() if q.slot.name.endswith(".weight")]
    shapes = [q.slot.shape for q in linear]
    return sum(rows * columns for rows, columns in shapes), sum(rows for rows, _ in shapes)


def test_the_footprint_counts_codes_and_steps():
    """Eight or four bits a weight and one float32 step per output channel; the readout keeps eight in w4."""
    count, rows = weights_of(channels=16)
    readout = 16 * 16 + 16
    assert engine("fp32", channels=16).footprint() == {"weight_bytes": 4 * count, "bits_per_weight": 32}
    eight = engine("w8", channels=16).footprint()
    assert eight["weight_bytes"] == count + 4 * rows
    assert eight["bits_per_weight"] == pytest.approx(8 + 32 * rows / count)
    four = engine("w4", channels=16).footprint()
    assert four["weight_bytes"] == (count - readout) / 2 + readout + 4 * rows
    assert 4 < four["bits_per_weight"] < eight["bits_per_weight"]
    naive = engine("naive-int8", channels=16).footprint()
    layers = len([q for q in network(config()).quantizers() if q.slot.name.endswith(".weight")])
    assert naive["weight_bytes"] == count + 4 * layers, "one step per tensor"


def strained(structure: Structure, strain: np.ndarray) -> Structure:
    stretch = np.eye(3) + strain
    return Structure(structure.species, structure.positions @ stretch, structure.cell @ stretch, structure.periodic)


@pytest.mark.parametrize("structure", [molecule("CH3OH"), box()], ids=["molecule", "box"])
def test_the_virial_is_the_slope_of_the_energy_in_a_strain(structure):
    subject = TorchEngine(network(config(), dtype=torch.float64), "tiny.ckpt", "fp32")
    (found,) = subject.evaluate([structure])
    for a, b in ((0, 0), (1, 2), (2, 1)):
        step = np.zeros((3, 3))
        step[a, b] = 1e-4
        up, down = subject.evaluate([strained(structure, step), strained(structure, -step)])
        assert found.virial[a, b] == pytest.approx((up.energy - down.energy) / 2e-4, abs=1e-5)
    assert np.abs(found.virial).max() > 0.1, "a virial of zero would pass"


def test_energies_of_atoms_sum_to_the_energy():
    for found in engine().evaluate([*molecules(), box()]):
        assert found.atomic_energies.sum() == pytest.approx(found.energy, abs=1e-9)


def test_virials_and_energies_of_atoms_are_those_of_the_native_engine():
    model = network(config())
    native = pack_and_open(model, preset("fp32"), "tiny")
    structures = [*molecules(), box()]
    for one, other in zip(
        TorchEngine(model, "m", "fp32").evaluate(structures), native.evaluate(structures), strict=True
    ):
        assert np.abs(one.virial - other.virial).max() < 2e-3
        assert np.abs(one.atomic_energies - other.atomic_energies).max() < 2e-4
