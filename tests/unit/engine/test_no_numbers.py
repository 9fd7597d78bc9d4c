"""A number that is none is no answer: every engine and every host raises `NotFinite`, and blames what is to blame."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator as AseCalculator

import gaq
from built import native_library
from gaq.atoms.answers import MOST_FORCE
from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Structure
from gaq.engine.ase import AseEngine
from gaq.engine.compiled import eager
from gaq.engine.motion import Dynamics, MotionState, Unstable
from gaq.engine.native import NativeEngine
from gaq.engine.open import open_engine
from gaq.engine.protocol import Engine
from gaq.engine.pytorch import TorchEngine
from gaq.errors import NotFinite
from gaq.simulate.integrate import make_step, start
from gaq.simulate.ipi_pes import Driver
from gaq.units import BOHR
from packed import file_of, with_array
from tiny import box, config, molecule, molecules, network

ETHANOL, METHANE = molecule("CH3CH2OH"), molecule("CH4")
FILE, STRUCTURE = "the file is damaged, or training diverged", "far from the training data"
MODELS = Path(__file__).parents[3] / "models"


def all_huge(embedding: np.ndarray) -> np.ndarray:
    return np.full_like(embedding, 1e38)


def huge_nitrogen(embedding: np.ndarray) -> np.ndarray:
    """No golden frame has nitrogen: the file's own structures come out."""
    embedding[2] = 1e38
    return embedding


def native(change: Callable[[np.ndarray], np.ndarray], name: str = "embedding", **options: int) -> NativeEngine:
    native_library()
    return NativeEngine(with_array(file_of(), name, change), "tiny.gaq", **options)


def pytorch(change: Callable[[np.ndarray], np.ndarray]) -> TorchEngine:
    model = network(config())
    with torch.no_grad():
        model.embedding.copy_(torch.from_numpy(change(model.embedding.numpy().copy())))
    return TorchEngine(model, "tiny.ckpt", "fp32")


ENGINES = {"native": native, "torch": pytorch}


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_the_weights_are_to_blame(make):
    with pytest.raises(NotFinite, match=rf"tiny.*structure 0: atom \d.*{FILE}"):
        make(all_huge).evaluate([ETHANOL])


@pytest.mark.parametrize("name", ["layers.1.filters", "readout.energy.weight", "scale", "layers.0.update.gates.bias"])
def test_whatever_array_is_absurd_the_file_is_to_blame(name):
    with pytest.raises(NotFinite, match=FILE):
        native(lambda x: np.full_like(x, 1e30), name).evaluate([METHANE])


def test_the_structure_is_to_blame_where_the_file_answers_for_its_own():
    engine = native(huge_nitrogen)
    assert np.isfinite(engine.evaluate([ETHANOL])[0].energy)
    with pytest.raises(NotFinite, match=STRUCTURE):
        engine.evaluate([molecule("CH3NO2")])


@pytest.mark.parametrize("threads", [1, 3])
def test_the_structure_of_a_batch_is_named_and_the_engine_goes_on(threads):
    engine, good = native(huge_nitrogen, threads=threads), [ETHANOL, METHANE]
    before = engine.evaluate(good)
    with pytest.raises(NotFinite, match=r"structure 3: atom \d"):
        engine.evaluate([*good, METHANE, molecule("CH3NO2"), ETHANOL])
    assert [p.energy for p in engine.evaluate(good)] == [p.energy for p in before]


def test_a_large_structure_on_several_threads():
    copies = [METHANE.positions + np.array([6.0 * k, 0, 0]) for k in range(80)]
    species = np.tile(METHANE.species, 80)
    species[200] = 7
    structure = Structure.molecule(species, np.concatenate(copies))
    with pytest.raises(NotFinite, match=r"atom (19|20)\d has"):
        native(huge_nitrogen, threads=2).evaluate([structure])


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_finite_and_absurd_is_no_answer_either(make):
    """Energies of 1e13 eV, as shipped models gave far from their data."""
    with pytest.raises(NotFinite, match="expected at most|expected a finite"):
        make(lambda x: 1e8 * x).evaluate([ETHANOL])


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_answers_in_reach_are_passed_on(make):
    """The negative control: nothing is refused that can be used."""
    structures = [*molecules(), box()]
    found = make(lambda x: x).evaluate(structures)
    assert all(np.isfinite(p.forces).all() and np.isfinite(p.virial).all() for p in found)


def test_dynamics_stops_with_its_last_good_state():
    good = native(lambda x: x)
    state = start(good, ETHANOL, 300.0)
    for step in (native(all_huge).move, lambda *a: make_step(pytorch(all_huge), *a[:2])):
        with pytest.raises(Unstable, match="step 1") as stopped:
            step(state, Dynamics(0.5), 3)
        assert stopped.value.last.step == 0
        assert np.array_equal(stopped.value.last.structure.positions, ETHANOL.positions)
    with pytest.raises(NotFinite):
        start(native(all_huge), ETHANOL, 300.0)
    assert isinstance(good.move(state, Dynamics(0.5), 3), MotionState)


def test_the_calculator_of_ase_keeps_no_result():
    atoms = to_ase(ETHANOL)
    atoms.calc = gaq.Calculator(native(all_huge))
    for ask in (atoms.get_potential_energy, atoms.get_forces, atoms.get_potential_energies):
        with pytest.raises(NotFinite):
            ask()
    assert atoms.calc.results == {}


def test_a_result_of_the_atoms_before_is_not_kept():
    atoms = to_ase(ETHANOL)
    atoms.calc = gaq.Calculator(native(huge_nitrogen))
    atoms.get_potential_energy()
    atoms.numbers[0] = 7
    with pytest.raises(NotFinite):
        atoms.get_potential_energy()
    with pytest.raises(NotFinite):
        atoms.get_forces()


class Nothing(AseCalculator):
    """Somebody else's calculator without an answer."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms: Atoms | None = None, *_: object) -> None:
        assert atoms is not None
        self.results = {"energy": float("nan"), "forces": np.zeros((len(atoms), 3))}


def test_a_strangers_calculator():
    with pytest.raises(NotFinite, match="Nothing, structure 0: the energy is nan"):
        AseEngine(Nothing()).evaluate([ETHANOL])


def test_the_driver_of_ipi():
    driver = Driver(ETHANOL, native(all_huge))
    with pytest.raises(NotFinite):
        driver(np.zeros((3, 3)), ETHANOL.positions / BOHR)


@pytest.mark.parametrize("module", ["openmm"])
def test_openmm(module):
    openmm = pytest.importorskip(module)
    from gaq.simulate.openmm import create_system

    def energy_of(engine: Engine) -> object:
        system = create_system(engine, ETHANOL.species)
        platform = openmm.Platform.getPlatformByName("Reference")
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        context.setPositions(ETHANOL.positions / 10)
        return context.getState(getEnergy=True).getPotentialEnergy()

    with pytest.raises(Exception, match=FILE):
        energy_of(native(all_huge))
    energy_of(native(lambda x: x))


@pytest.mark.skipif(importlib.util.find_spec("torch_sim") is None, reason="needs torch-sim")
def test_torch_sim():
    from gaq.simulate.torch_sim import model_of

    state = SimpleNamespace(
        positions=torch.tensor(ETHANOL.positions),
        atomic_numbers=torch.tensor(ETHANOL.species),
        cell=torch.zeros(1, 3, 3),
        pbc=False,
        system_idx=None,
    )
    with pytest.raises(NotFinite):
        model_of(native(all_huge))(state)
    assert torch.isfinite(model_of(native(lambda x: x))(state)["energy"]).all()


def test_the_plain_network_of_comparisons():
    evaluate = eager(pytorch(all_huge).network, [ETHANOL])
    with pytest.raises(NotFinite):
        evaluate(ETHANOL.positions)
    eager(pytorch(lambda x: x).network, [ETHANOL])(ETHANOL.positions)


@pytest.mark.filterwarnings("ignore::gaq.errors.OutsideWarning")  # which is what they should say
@pytest.mark.parametrize("suffix", ["fp32.gaq", "mixed-w4a16.gaq", "fp32.ckpt"])
def test_shipped_models_far_from_their_data(suffix):
    """Whatever they say of small molecules, it is a number that could be one, or an error."""
    blamed = []
    engine = open_engine(MODELS / f"rmd17-azobenzene-{suffix}")
    for name in ("CH4", "HCN", "C2H6"):
        try:
            (found,) = engine.evaluate([molecule(name)])
        except NotFinite as error:
            blamed.append(str(error))
        else:
            assert np.abs(found.forces).max() < MOST_FORCE
    assert all(STRUCTURE in text for text in blamed)
