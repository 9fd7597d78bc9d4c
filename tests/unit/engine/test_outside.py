"""Both engines add the same repulsion, and name the same atoms that lie outside of the training data."""

from __future__ import annotations

import contextlib
import pickle
import warnings

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Structure
from gaq.engine.farmed import FarmedEngine
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.engine.protocol import unwatched
from gaq.engine.pytorch import TorchEngine
from gaq.errors import NotFinite, OutsideData, OutsideWarning, UsageError
from gaq.farm.local import LocalFarm
from gaq.measure.check import check
from gaq.measure.rotations import haar_rotations
from gaq.measure.subjects import golden_subjects, own_subjects
from gaq.model.transformer.initialise import initialise_
from gaq.model.transformer.network import Transformer
from gaq.quant.install import preset
from gaq.train.domain import domain_of
from gaq.train.frames import prepare
from tiny import box, config, dataset, molecules, network

ALONE = Structure.molecule([8], [[0, 0, 0]])


def model(wall: float = 1.3, degrees: int = 2):
    found = network(config(degrees=degrees))
    found.repulsion.build_(torch.full((4, 4), wall, dtype=torch.float64))
    return found


def with_domain():
    found = network(config())
    found.domain = domain_of(found, prepare(dataset(8), 5.0))
    return found


def torch_engine(network, **options) -> TorchEngine:
    return TorchEngine(network, "tiny", "fp32", **options)


def native_engine(network, **options) -> NativeEngine:
    return NativeEngine(packed_in_memory(network, preset("fp32"), backward_bits=32), "tiny", **options)


def test_both_engines_have_the_same_wall():
    ours, native = torch_engine(model()), native_engine(model())
    structures = [*molecules(), box(), Structure.molecule([8, 1], [[0, 0, 0], [0, 0, 0.4]])]
    for p, q in zip(ours.evaluate(structures), native.evaluate(structures), strict=True):
        size = max(1.0, np.abs(p.forces).max())
        assert q.energy == pytest.approx(p.energy, rel=1e-6, abs=2e-3)
        assert np.abs(p.forces - q.forces).max() < 5e-4 * size


def test_the_wall_is_the_slope_of_its_energy_and_the_virial_that_of_a_strain():
    native = native_engine(model())
    (found,) = native.evaluate([box()])
    strain = 1e-4 * np.array([[1, 0.5, 0], [0.5, -1, 0.2], [0, 0.2, 0.7]])
    ends = []
    for sign in (1, -1):
        turn = np.eye(3) + sign * strain
        there = Structure(box().species, box().positions @ turn, box().cell @ turn, box().periodic)
        ends.append(native.evaluate([there])[0].energy)
    assert (ends[0] - ends[1]) / 2 == pytest.approx((found.virial * strain).sum(), rel=2e-2, abs=2e-4)


@pytest.mark.parametrize("make", [torch_engine, native_engine])
def test_a_wall_steeper_than_matter_is_no_answer(make):
    heavy = Transformer(config(), (1, 53))
    initialise_(heavy, torch.Generator().manual_seed(0))
    heavy.repulsion.build_(torch.full((2, 2), 1.3, dtype=torch.float64))
    engine = make(heavy)
    with pytest.raises(NotFinite, match=r"atom \d has a"):
        engine.evaluate([Structure.molecule([53, 53], [[0, 0, 0], [0, 0, 0.21]])])
    assert engine.evaluate([Structure.molecule([53, 53], [[0, 0, 0], [0, 0, 0.6]])])[0].forces[1, 2] > 0


def test_results_do_not_depend_on_threads_and_batches():
    one, three = native_engine(model()), native_engine(model(), threads=3)
    for p, q in zip([one.evaluate([s])[0] for s in molecules()], three.evaluate(molecules()), strict=True):
        assert p.energy == q.energy
        assert (p.forces == q.forces).all()


def test_a_model_without_a_wall_has_the_same_bits_as_one_with_a_wall_far_inside():
    far, none = native_engine(model(0.3)), native_engine(network(config(degrees=2)))
    for p, q in zip(far.evaluate(molecules()), none.evaluate(molecules()), strict=True):
        assert p.energy == q.energy
        assert (p.forces == q.forces).all()


@pytest.mark.parametrize("make", [torch_engine, native_engine])
def test_what_is_outside_is_warned_of_once(make):
    engine = make(with_domain())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.evaluate(dataset(8).structures)
    with pytest.warns(OutsideWarning, match=r"atom 0 \(Z = 8\) has 0 neighbours within 5 Å"):
        engine.evaluate([ALONE])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.evaluate([ALONE])


@pytest.mark.parametrize("make", [torch_engine, native_engine])
def test_what_is_outside_is_refused_if_strict(make):
    engine = make(with_domain(), strict=True)
    engine.evaluate(dataset(8).structures)
    for _ in range(2):
        with pytest.raises(
            OutsideData, match=r"structure 2: tiny was not trained .* atom 0 \(Z = 8\) has 0 neighbours"
        ):
            engine.evaluate([*dataset(2).structures, ALONE])


def test_both_engines_use_the_same_words():
    said = []
    for make in (torch_engine, native_engine):
        strange = Structure.molecule([6, 8, 1], [[0, 0, 0], [0.6, 0, 0], [0, 0.5, 0]])
        with pytest.raises(OutsideData) as found:
            make(with_domain(), strict=True).evaluate([strange])
        said.append(str(found.value))
    assert said[0] == said[1]


def test_turned_copies_have_the_same_energy_inside_the_wall(rng):
    recipe = preset("frame-w4a8", 0)
    from gaq.train.session import quantize

    quantized = quantize(model(degrees=1), recipe, molecules())
    native = NativeEngine(packed_in_memory(quantized, recipe), "tiny")
    before = [p.energy for p in native.evaluate(molecules())]
    for matrix in haar_rotations(4, rng):
        assert [p.energy for p in native.evaluate([s.rotated(matrix) for s in molecules()])] == before


@pytest.mark.parametrize("options", [{}, {"strict": True}])
@pytest.mark.parametrize("make", [torch_engine, native_engine])
def test_an_unwatched_engine_says_nothing_and_leaves_the_warning_to_the_other(make, options):
    engine = make(with_domain(), **options)
    silent = unwatched(engine)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for quiet in (silent, pickle.loads(pickle.dumps(silent)), unwatched(silent)):
            quiet.evaluate([ALONE])
    watched, inside = pytest.raises(OutsideData) if options else pytest.warns(OutsideWarning), dataset(2).structures
    with watched:
        engine.evaluate([ALONE])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pairs = list(zip(engine.evaluate(inside), silent.evaluate(inside), strict=True))
    for p, q in pairs:
        assert p.energy == q.energy
        assert (p.forces == q.forces).all()


def test_an_unwatched_engine_on_a_farm_is_one_of_unwatched_copies():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unwatched(FarmedEngine(native_engine(with_domain()), LocalFarm(1), 10**6)).evaluate([ALONE])


@pytest.mark.parametrize("options", [{}, {"strict": True}])
@pytest.mark.parametrize("make", [torch_engine, native_engine])
def test_a_check_on_the_training_data_neither_warns_nor_refuses(make, options):
    ours, frames = network(config()), dataset(8).structures[:2]
    ours.domain = domain_of(ours, prepare(dataset(8).subset([0, 1]), 5.0))  # its frames are at the edge of its data
    engine = make(ours, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(engine, frames, rotations=2, steps=0)
    with pytest.raises(OutsideData) if options else pytest.warns(OutsideWarning):
        engine.evaluate([ALONE])


@pytest.mark.parametrize("make", [torch_engine, native_engine])
def test_a_check_on_other_structures_warns(make):
    with pytest.warns(OutsideWarning):
        check(make(with_domain()), [Structure.molecule([8, 1], [[0, 0, 0], [0, 0, 0.97]])], rotations=2, steps=0)


@pytest.mark.parametrize("find", [own_subjects, lambda engine: golden_subjects(engine)])
@pytest.mark.parametrize("make", [torch_engine, native_engine])
def test_structures_of_our_own_choice_are_looked_for_silently(make, find):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.suppress(UsageError):  # an untrained network may have no sensible forces
            find(make(with_domain()))
