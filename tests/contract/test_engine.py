"""What every engine promises, whatever stands behind it. A new engine is tested by being listed in
`every_engine`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from built import native_library
from gaq.atoms.structure import Structure
from gaq.engine.ase import AseEngine
from gaq.engine.open import open_engine
from gaq.engine.packing import packed_in_memory
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure, UnsupportedElement
from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from tiny import checkpoint, config


def ase_emt(folder: Path) -> Engine:
    from ase.calculators.emt import EMT

    return AseEngine(EMT(), species=(1, 6, 8))


def checkpoint_of(recipe: str) -> Callable[[Path], Engine]:
    """A network in a file, opened as a user opens it."""

    def make(folder: Path) -> Engine:
        tiny_checkpoint = checkpoint(config(), None if recipe == "fp32" else preset(recipe, 0))
        save_checkpoint(folder / "tiny.ckpt", tiny_checkpoint)
        return open_engine(folder / "tiny.ckpt")

    return make


def packed(recipe: str) -> Callable[[Path], Engine]:
    """The same network in a packed file; skips where the native engine is not built."""

    def make(folder: Path) -> Engine:
        native_library()
        tiny_checkpoint = checkpoint(config(), None if recipe == "fp32" else preset(recipe, 0))
        (folder / "tiny.gaq").write_bytes(packed_in_memory(tiny_checkpoint.model, tiny_checkpoint.recipe))
        return open_engine(folder / "tiny.gaq")

    return make


def every_engine() -> dict[str, Callable[[Path], Engine]]:
    """Name and maker of each engine; a maker is given an empty folder. All know hydrogen, carbon and
    oxygen.
    """
    recipes = ("fp32", "w4", "naive-int8", "frame-w4a8")
    torch = {f"torch-{name}": checkpoint_of(name) for name in recipes}
    native = {f"native-{name}": packed(name) for name in recipes}
    return {"ase": ase_emt} | torch | native


@pytest.fixture(params=every_engine())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return every_engine()[request.param](tmp_path)


def water(shift: float = 0.0) -> Structure:
    positions = np.array([[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]]) + shift
    return Structure.molecule([8, 1, 1], positions)


def methanol(seed: int = 0) -> Structure:
    from ase.build import molecule

    atoms = molecule("CH3OH")
    noise = 0.05 * np.random.default_rng(seed).standard_normal((6, 3))
    return Structure.molecule(atoms.numbers, atoms.positions + noise)


def test_it_says_what_it_is(engine):
    assert engine.name
    assert engine.model
    assert engine.recipe
    assert engine.cutoff is None or engine.cutoff > 0
    assert engine.species >= {1, 6, 8}


def test_shapes_and_types(engine):
    (found,) = engine.evaluate([methanol()])
    assert isinstance(found.energy, float)
    assert found.forces.shape == (6, 3)
    assert np.isfinite(found.energy)
    assert np.isfinite(found.forces).all()


def test_nothing_asked_nothing_answered(engine):
    assert engine.evaluate([]) == []


def test_a_single_atom_feels_nothing(engine):
    (found,) = engine.evaluate([Structure.molecule([8], [[1.0, 2.0, 3.0]])])
    assert np.isfinite(found.energy)
    assert (found.forces == 0).all()


def test_answers_come_in_the_order_of_the_questions(engine):
    structures = [methanol(0), water(), methanol(1), Structure.molecule([6], [[0, 0, 0]]), methanol(2)]
    together = engine.evaluate(structures)
    alone = [engine.evaluate([s])[0] for s in structures]
    assert [p.forces.shape for p in together] == [(6, 3), (3, 3), (6, 3), (1, 3), (6, 3)]
    for one, other in zip(together, alone, strict=True):
        assert one.energy == pytest.approx(other.energy, abs=1e-4)
        assert np.abs(one.forces - other.forces).max() < 1e-3
    assert abs(together[0].energy - together[2].energy) > 1e-3


def test_the_same_question_has_the_same_answer(engine):
    structures = [methanol(0), methanol(1)]
    first, second = engine.evaluate(structures), engine.evaluate(structures)
    assert [p.energy for p in first] == [p.energy for p in second]
    assert all((a.forces == b.forces).all() for a, b in zip(first, second, strict=True))


def test_questions_are_left_as_they_were(engine):
    structure = methanol()
    before = structure.positions.copy()
    (found,) = engine.evaluate([structure])
    found.forces[:] = 0
    assert (structure.positions == before).all()
    assert np.abs(engine.evaluate([structure])[0].forces).max() > 0


def test_a_box_is_another_question_than_a_molecule(engine):
    molecule = methanol()
    box = Structure(molecule.species, molecule.positions, np.eye(3) * 4.2, np.ones(3, dtype=bool))
    (inside,), (outside,) = engine.evaluate([box]), engine.evaluate([molecule])
    assert inside.energy != outside.energy
    moved = box.moved(box.positions + np.array([4.2, 0, 0]))
    assert engine.evaluate([moved])[0].energy == pytest.approx(inside.energy, abs=1e-4)


def test_an_unknown_element_is_told_with_its_atoms(engine):
    unknown = next(z for z in (92, 94, 96) if z not in engine.species)
    with pytest.raises(UnsupportedElement, match="Structure 1 has .* at atom 2"):
        engine.evaluate([water(), Structure.molecule([8, 1, unknown], water().positions)])


@pytest.mark.parametrize(
    ("structure", "text"),
    [
        (Structure.molecule([], np.zeros((0, 3))), "no atoms"),
        (Structure.molecule([8, 1], [[0, 0, 0], [0, np.nan, 0]]), "not finite"),
        (Structure.molecule([8, 1], [[0, 0, 0], [0, np.inf, 0]]), "not finite"),
        (Structure.molecule([8, 1], [[0, 0, 0], [0, 0, 1e-6]]), "closer than"),
        (Structure(np.array([8]), np.zeros((1, 3)), np.zeros((3, 3)), np.ones(3, dtype=bool)), "no volume"),
    ],
    ids=["empty", "nan", "infinite", "coinciding", "flat-cell"],
)
def test_an_impossible_structure_is_told(engine, structure, text):
    with pytest.raises(BadStructure, match=text):
        engine.evaluate([water(), structure])
