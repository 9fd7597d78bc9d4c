"""The native engine: what it says of itself, and that it answers the same in batches, threads, children and copies."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from built import native_library
from gaq.atoms.structure import Prediction, Structure
from gaq.engine import native
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.engine.pytorch import TorchEngine
from gaq.errors import BadFile, BadStructure, NotAvailable, UnsupportedElement
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import box, config, molecule, molecules, network

FORKS = """
import os, sys
from gaq.engine.native import NativeEngine
from gaq.atoms.structure import Structure
engine = NativeEngine.from_file(sys.argv[1], threads=2)
water = Structure.molecule([8, 1, 1], [[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]])
before = engine.evaluate([water] * 3)[2].energy
if os.fork() == 0:
    os._exit(0 if engine.evaluate([water] * 3)[2].energy == before else 1)
child = os.waitstatus_to_exitcode(os.wait()[1])
sys.exit(child or engine.evaluate([water] * 3)[2].energy != before)
"""


def content(recipe: str = "fp32", **sizes: object) -> bytes:
    native_library()
    model = network(config(**sizes))
    if recipe != "fp32":
        model = quantize(model, preset(recipe, 0), molecules())
    return packed_in_memory(model, preset(recipe))


@pytest.fixture(scope="module")
def packed() -> bytes:
    return content()


def engine(packed: bytes, **options: object) -> NativeEngine:
    return NativeEngine(packed, "tiny.gaq", **options)


def same(first: list[Prediction], second: list[Prediction]) -> bool:
    """To the last bit."""
    return all(
        a.energy == b.energy and (a.forces == b.forces).all() and (a.virial == b.virial).all()
        for a, b in zip(first, second, strict=True)
    )


def test_it_says_what_it_is():
    found = engine(content("frame-w8a8"))
    assert (found.name, found.model, found.recipe) == ("native", "tiny.gaq", "frame-w8a8")
    assert (found.cutoff, found.species, found.threads) == (5.0, {1, 6, 7, 8}, 1)
    assert found.isa in ("scalar", "avx2", "avx512", "amx", "neon", "neon_dot")
    assert found.backward_bits == 16


@pytest.mark.parametrize("recipe", ["fp32", "w4"])
def test_answers_are_those_of_pytorch(recipe):
    model = network(config())
    if recipe != "fp32":
        model = quantize(model, preset(recipe, 0), molecules())
    structures = [*molecules(), box(), Structure.molecule([8], [[0, 0, 0]])]
    expected = TorchEngine(model, "tiny", recipe).evaluate(structures)
    found = engine(packed_in_memory(model, preset(recipe))).evaluate(structures) if native_library() else []
    for one, other in zip(found, expected, strict=True):
        assert one.energy == pytest.approx(other.energy, abs=2e-4)
        assert np.abs(one.forces - other.forces).max() < 1e-3


def test_the_virial_is_the_slope_of_the_energy_under_strain(packed):
    subject, start, h = engine(packed), box(), 2e-3
    (found,) = subject.evaluate([start])
    for i, j in ((0, 0), (1, 2), (2, 1)):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[i, j] += sign * h
            moved = replace(start, positions=start.positions @ strain.T, cell=start.cell @ strain.T)
            energies.append(subject.evaluate([moved])[0].energy)
        slope = (energies[0] - energies[1]) / (2 * h)
        assert found.virial[i, j] == pytest.approx(slope, abs=0.02 * np.abs(found.virial).max())
    assert np.abs(found.virial).max() > 0.1


def test_a_batch_is_its_structures(packed, monkeypatch):
    structures = [*molecules(), box(), *molecules(noise=0.1), Structure.molecule([8], [[0, 0, 0]])]
    subject = engine(packed)
    together = subject.evaluate(structures)
    assert same(together, [subject.evaluate([s])[0] for s in structures])
    assert same(together, engine(packed, threads=2).evaluate(structures))
    for limit in (1, 12):
        monkeypatch.setattr(native, "ATOMS_PER_CALL", limit)
        assert same(together, subject.evaluate(structures))


def test_calls_cover_the_list(monkeypatch):
    monkeypatch.setattr(native, "ATOMS_PER_CALL", 10)
    structures = [*molecules(), *molecules()]
    calls = list(native._calls(structures))
    assert len(calls) > 2
    assert [start for start, _ in calls[1:]] == [stop for _, stop in calls[:-1]]
    assert (calls[0][0], calls[-1][1]) == (0, len(structures))
    assert list(native._calls([])) == []


def test_the_number_of_atoms_may_change_between_calls(packed):
    subject = engine(packed)
    fresh = [engine(packed).evaluate([s])[0] for s in (*molecules(), box())]
    assert same([subject.evaluate([s])[0] for s in (*molecules(), box())], fresh)


def test_two_threads_and_two_engines(packed):
    structures = [molecules(noise=0.01 * k) for k in range(1, 9)]
    expected = [engine(packed).evaluate(batch) for batch in structures]
    shared, start = engine(packed), threading.Barrier(2)

    def work(subject: NativeEngine, order: int) -> list[list[Prediction]]:
        start.wait(timeout=60)
        return [subject.evaluate(batch) for _ in range(5) for batch in structures[::order]]

    for subjects in ((shared, shared), (engine(packed), engine(packed))):
        with ThreadPoolExecutor(2) as pool:
            one, other = (pool.submit(work, s, order) for s, order in zip(subjects, (1, -1), strict=True))
            assert all(same(a, b) for a, b in zip(one.result(), expected * 5, strict=True))
            assert all(same(a, b) for a, b in zip(other.result(), expected[::-1] * 5, strict=True))


def test_a_child_opens_its_own(packed, tmp_path):
    (tmp_path / "tiny.gaq").write_bytes(packed)
    command = [sys.executable, "-c", FORKS, str(tmp_path / "tiny.gaq")]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_copies_are_engines_of_their_own(packed):
    subject = engine(packed, threads=2, backward_bits=16)
    expected = subject.evaluate(molecules())
    for twin in (pickle.loads(pickle.dumps(subject)), copy.deepcopy(subject)):
        assert (twin.model, twin.threads, twin.backward_bits) == ("tiny.gaq", 2, 16)
        assert same(twin.evaluate(molecules()), expected)


def test_footprint_and_golden_frames():
    found = engine(content("w4", channels=16))
    sizes = found.footprint()
    model = quantize(network(config(channels=16)), preset("w4", 0), molecules())
    expected = TorchEngine(model, "tiny", "w4").footprint()
    assert sizes == expected | {"file_bytes": len(content("w4", channels=16))}
    assert len(found.golden_structures()) == len(found.golden_predictions()) == 3
    for one, other in zip(found.evaluate(found.golden_structures()), found.golden_predictions(), strict=True):
        assert one.energy == pytest.approx(other.energy, abs=2e-4)
        assert np.abs(one.forces - other.forces).max() < 1e-3


def test_impossible_structures_have_the_usual_sentence(packed):
    subject, good = engine(packed), molecules()[0]
    with pytest.raises(UnsupportedElement, match="tiny.gaq knows H, C, N, O. Structure 1 has S at atom 0"):
        subject.evaluate([good, molecule("SO2")])
    with pytest.raises(BadStructure, match="Structure 2 has positions that are not finite"):
        subject.evaluate([good, good, good.moved(good.positions * np.nan)])
    with pytest.raises(BadStructure, match="Structure 0 has atoms 0 and 1 at 0.0000 Å"):
        subject.evaluate([Structure.molecule([8, 8], np.zeros((2, 3)))])
    with pytest.raises(BadStructure, match=r"of shape \(2, 3\)"):
        subject.evaluate([Structure.molecule([8, 8], np.zeros((3, 3)))])
    with pytest.raises(BadStructure, match="atomic number 4294967304"):
        subject.evaluate([Structure.molecule([8 + 2**32], np.zeros((1, 3)))])
    assert same(subject.evaluate([good]), engine(packed).evaluate([good])), "a refusal leaves the engine whole"


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (1, BadFile, "tiny.gaq, structure 0: as the library says"),
        (2, BadStructure, "tiny.gaq, structure 0: as the library says"),
        (3, UnsupportedElement, "tiny.gaq, structure 0: as the library says"),
        (4, RuntimeError, r"native engine failed \(4\) on structure 0: as the library says"),
        (5, MemoryError, "as the library says"),
        (6, RuntimeError, r"native engine failed \(6\)"),
    ],
)
def test_what_only_the_library_knows_is_passed_on(packed, status, error, text):
    subject = engine(packed)
    subject._open = SimpleNamespace(
        process=os.getpid(),
        lock=threading.Lock(),
        run=lambda frames: (status, 0),
        last_error=lambda: "as the library says",
    )
    with pytest.raises(error, match=text):
        subject.evaluate([molecules()[0]])


@pytest.mark.parametrize("part", [0, 4, 8, 100, 0.5, -1])
def test_a_truncated_file_is_told(packed, part):
    end = int(part * len(packed)) if isinstance(part, float) else part
    with pytest.raises(BadFile, match=r"tiny\.gaq"):
        engine(packed[:end])


def test_a_file_by_its_path(packed, tmp_path):
    (tmp_path / "methanol.gaq").write_bytes(packed)
    found = NativeEngine.from_file(tmp_path / "methanol.gaq")
    assert found.model == "methanol.gaq"
    assert same(found.evaluate(molecules()), engine(packed).evaluate(molecules()))
    with pytest.raises(BadFile, match="there is no file"):
        NativeEngine.from_file(tmp_path / "none.gaq")


def test_an_instruction_set_that_is_not_there(packed, monkeypatch):
    monkeypatch.setenv("GAQ_ISA", "altivec")
    with pytest.raises(NotAvailable, match="GAQ_ISA=altivec.*no such instruction set"):
        engine(packed)
    monkeypatch.setenv("GAQ_ISA", "scalar")
    assert engine(packed).isa == "scalar"


def test_another_build_of_the_library(packed, tmp_path):
    other = tmp_path / native_library().name
    other.write_bytes(native_library().read_bytes())
    assert same(engine(packed, library=other).evaluate(molecules()), engine(packed).evaluate(molecules()))
    with pytest.raises(NotAvailable, match="cannot be used"):
        engine(packed, library=Path(__file__))
