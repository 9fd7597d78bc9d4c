"""What the native engine meets in the world: damaged files, impossible structures, threads, forks, old processors."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gaq
from built import native_library
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.engine.pytorch import TorchEngine
from gaq.errors import BadFile, BadStructure, GaqError
from gaq.formats.checksum import MARK, sealed
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import box, config, molecules, network

KILOMETRES = 1e13  # Å in one
NEEDLE = np.array([[11.0, 0, 0], [10.5, 1.9, 0], [10.7, 0.3, 2.4]])  # lattice vectors that are nearly parallel

FORKS = """
import os, sys
import gaq
from ase.build import molecule
atoms = molecule("CH3CH2OH")
atoms.calc = gaq.Calculator(sys.argv[1], threads=2)
before = atoms.get_potential_energy()
child = os.fork()
atoms.positions[0] += 0.01
moved = atoms.get_potential_energy()
atoms.positions[0] -= 0.01
same = atoms.get_potential_energy() == before != moved
if child == 0:
    os._exit(0 if same else 1)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]) or not same)
"""


RUNS_OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from gaq.atoms.structure import Structure
from gaq.engine.native import NativeEngine
engine = NativeEngine.from_file(sys.argv[1], threads=2)
axes = [2.0 * np.arange(28)] * 3
grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)
large, small = Structure.molecule(np.full(len(grid), 6), grid), Structure.molecule([8, 1], [[0, 0, 0], [0, 0, 1]])
before = engine.evaluate([small])[0].energy
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
refusals = 0
for megabytes in (8, 32, 64):
    resource.setrlimit(resource.RLIMIT_AS, (held + megabytes * 2**20, resource.RLIM_INFINITY))
    try:
        engine.evaluate([large])
    except MemoryError as error:
        refusals += "not enough memory" in str(error)
    assert engine.evaluate([small])[0].energy == before
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
fresh = NativeEngine.from_file(sys.argv[1], threads=2)
assert engine.evaluate([large])[0].energy == fresh.evaluate([large])[0].energy
sys.exit(refusals < 2)
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


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("framed") / "framed.gaq"
    path.write_bytes(content("frame-w4a8"))
    return path


def engine(content: bytes) -> NativeEngine:
    return NativeEngine(content, "tiny.gaq")


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    """One bit of it changed."""
    damaged = bytearray(content)
    damaged[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def refusal(content: bytes) -> str:
    """The sentence with which a file is refused; an empty one when it can be opened, and then evaluated."""
    try:
        found = engine(content)
    except BadFile as error:
        return str(error)
    with contextlib.suppress(GaqError):
        found.evaluate([molecules()[1]])
    return ""


def refused(content: bytes) -> bool:
    """Whether it is, with a sentence that names the file."""
    sentence = refusal(content)
    assert not sentence or ("tiny.gaq" in sentence and len(sentence) > 30), sentence
    return bool(sentence)


@pytest.mark.parametrize("recipe", ["fp32", "gaq-w4a8"])
def test_every_flipped_bit_is_noticed(recipe, rng):
    whole = content(recipe)
    assert not refused(whole)
    assert all(refused(flipped(whole, rng)) for _ in range(300))


@pytest.mark.parametrize("recipe", ["fp32", "gaq-w4a8", "frame-w4a8"])
def test_a_flipped_bit_under_a_right_checksum_breaks_nothing(recipe, rng):
    """What a reader of one wrong bit cannot know to be wrong is evaluated; everything else is refused."""
    whole = content(recipe)
    start = 8 + int.from_bytes(whole[:8], "little")
    payload = [refused(sealed(whole[:start] + flipped(whole[start:], rng))) for _ in range(200)]
    damaged = [whole[:8] + flipped(whole[8:start], rng) + whole[start:] for _ in range(200)]
    header = [refused(sealed(text)) for text in damaged if text[:start].count(MARK) == 1]
    assert not all(payload)
    assert sum(header) > 100


def test_a_file_cut_off_anywhere_is_refused(packed, rng):
    ends = {0, 1, 7, 8, 9, len(packed) - 1, *rng.integers(len(packed), size=100).tolist()}
    assert all(refused(packed[:end]) for end in ends)
    assert refused(packed + b"\\0")


def strange() -> dict[str, Structure]:
    """Structures that are seldom asked for, and some that have no energy."""
    water, start = molecules()[1], box()
    far = water.moved(water.positions + np.array([[0.0], [0.0], [50 * KILOMETRES]]))  # the hydrogen alone
    too_far = water.moved(water.positions + np.array([[0.0], [0.0], [10_000 * KILOMETRES]]))
    thin = replace(start, cell=np.diag([30.0, 0.9, 30.0]), positions=start.positions * [1, 1e-3, 1])
    two = Structure.molecule([8, 1], [[0, 0, 0], [4, 0.9, 1.1]])
    needle = replace(two, cell=NEEDLE, periodic=np.ones(3, dtype=bool))
    return {
        "one atom": Structure.molecule([8], [[1e6, -3.0, 0.0]]),
        "two atoms": Structure.molecule([8, 1], [[0, 0, 0], [0, 0.6, 0.7]]),
        "two far atoms": Structure.molecule([8, 1], [[0, 0, 0], [0, 0, 7.0]]),
        "no atoms": Structure.molecule(np.zeros(0, dtype=int), np.zeros((0, 3))),
        "coinciding": Structure.molecule([8, 1, 1], [[0, 0, 0], [0, 0, 1], [0, 0, 1]]),
        "nearly coinciding": Structure.molecule([8, 1], [[0, 0, 0], [0, 0, 0.19]]),
        "not a number": water.moved(np.where(np.eye(3) > 0, np.nan, water.positions)),
        "infinite": water.moved(np.where(np.eye(3) > 0, -np.inf, water.positions)),
        "an atom 50 km away": far,
        "an atom 10,000 km away": too_far,
        "unknown element": Structure.molecule([8, 79], [[0, 0, 0], [0, 0, 2]]),
        "thin cell": thin,
        "needle": needle,
        "slab": replace(start, periodic=np.array([True, False, True])),
        "wire": replace(start, periodic=np.array([False, False, True])),
        "flat cell": replace(start, cell=np.array([[4.0, 0, 0], [0, 4, 0], [4, 4, 0]])),
        "no cell": replace(start, cell=np.zeros((3, 3))),
        "own image too near": replace(start, cell=start.cell * [[1], [1], [0.03]]),
    }


@pytest.mark.parametrize("name", strange())
def test_strange_structures_have_the_answer_of_pytorch(packed, name):
    structure, torch = strange()[name], TorchEngine(network(config()), "tiny.gaq", "fp32")
    subject = engine(packed)
    before = subject.evaluate(molecules())
    try:
        (expected,) = torch.evaluate([structure])
    except (BadStructure, GaqError) as error:
        with pytest.raises(type(error), match=re.escape(str(error)[:40])):
            subject.evaluate([structure])
    else:
        (found,) = subject.evaluate([structure])
        assert found.energy == pytest.approx(expected.energy, abs=1e-3)
        assert np.abs(found.forces - expected.forces).max() < 2e-3 * max(1.0, np.abs(expected.forces).max())
    assert same(subject.evaluate(molecules()), before)


def test_some_of_them_have_an_energy_and_some_are_refused(packed):
    refusals = set()
    for name, structure in strange().items():
        try:
            engine(packed).evaluate([structure])
        except GaqError:
            refusals.add(name)
    assert refusals >= {
        "no atoms",
        "coinciding",
        "not a number",
        "an atom 10,000 km away",
        "unknown element",
        "no cell",
    }
    assert not refusals & {"one atom", "two atoms", "an atom 50 km away", "thin cell", "needle", "slab"}


def same(first: list[Prediction], second: list[Prediction]) -> bool:
    """To the last bit."""
    return all(
        a.energy == b.energy and (a.forces == b.forces).all() and (a.virial == b.virial).all()
        for a, b in zip(first, second, strict=True)
    )


def test_two_calculators_in_two_threads(framed):
    from ase.build import molecule as built

    def work(name: str) -> list[float]:
        atoms = built(name)
        atoms.calc = gaq.Calculator(framed)
        energies = []
        for _ in range(20):
            energies.append(atoms.get_potential_energy())
            atoms.positions += 0.01 * atoms.get_forces()
            if len(energies) == 10:
                del atoms[-1]
        return energies

    names = ("CH3CH2OH", "C6H6")
    alone = [work(name) for name in names]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, names)) == alone
    assert len(set(alone[0])) > 10


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="needs Linux' /proc, to know what is held")
def test_too_little_memory_is_an_error_and_not_the_end(framed):
    command = [sys.executable, "-c", RUNS_OUT_OF_MEMORY, str(framed)]
    done = subprocess.run(command, timeout=120, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_child_goes_on_with_the_calculator(framed):
    done = subprocess.run([sys.executable, "-c", FORKS, str(framed)], timeout=120, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
