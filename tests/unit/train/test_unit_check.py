"""A trained network detects labels with energies and forces in different units, and accepts all others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.errors import BadLabels
from gaq.train.checkpoint import load_checkpoint
from gaq.train.frames import prepare
from gaq.train.unit_check import check_learned_units, is_due
from gaq.units import BOHR, HARTREE, KCAL_PER_MOL

MODEL = Path(__file__).resolve().parents[3] / "models" / "rmd17-ethanol-fp32.ckpt"


@pytest.fixture(scope="module")
def model():
    return load_checkpoint(MODEL).model


def frames(energy_unit: float, force_unit: float):
    data = read_dataset("embedded", 40)
    labels = tuple(replace(x, energy=x.energy * energy_unit, forces=x.forces * force_unit) for x in data.labels)
    return prepare(Dataset(data.name, data.structures, labels, ""), 5.0)


@pytest.mark.parametrize(
    ("energy_unit", "force_unit", "named"),
    [
        (1 / KCAL_PER_MOL, 1, "energies in kcal/mol with forces in eV/Å"),
        (1 / HARTREE, 1, "energies in Hartree with forces in eV/Å"),
        (1, BOHR / HARTREE, "energies in eV with forces in Hartree/Bohr"),
        (1, 1 / KCAL_PER_MOL, "energies in eV with forces in kcal/mol/Å"),
        (1 / HARTREE, BOHR / HARTREE, "as in Hartree with Hartree/Bohr"),
    ],
)
def test_units_that_disagree_are_named(model, energy_unit, force_unit, named):
    with pytest.raises(BadLabels, match=rf"ethanol-gfn2-xtb: the units of energies and forces disagree.*{named}"):
        check_learned_units(model, frames(energy_unit, force_unit))


@pytest.mark.parametrize("unit", [1.0, 1 / KCAL_PER_MOL])
def test_units_that_agree_are_left_alone(model, unit):
    check_learned_units(model, frames(unit, unit))


def test_epochs_at_which_units_are_compared():
    assert [epoch for epoch in range(20) if is_due(epoch)] == [0, 1, 3, 7, 15]
