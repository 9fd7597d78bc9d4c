"""Instruction sets: the same bits on each, a sentence for one that is not there, and a processor without AVX."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from built import REPOSITORY, native_library, native_program
from gaq.engine.packing import packed_in_memory
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import config, molecules, network

# Prints every bit of energies, forces and virials of some structures, for each file.
EVALUATES = """
import sys
from gaq.engine.native import NativeEngine
from tiny import box, molecules
for file in sys.argv[1:]:
    engine = NativeEngine.from_file(file)
    for found in engine.evaluate([*molecules(), box()]):
        print(engine.isa, found.energy.hex(), found.forces.tobytes().hex(), found.virial.tobytes().hex())
"""
# Recipe, degrees, channels: kernels are made for the usual widths.
KINDS = (("frame-w4a8", 1, 8), ("fp32", 3, 64), ("w4a16", 2, 64), ("gaq-w4a8", 1, 128), ("frame-w8a8", 1, 64))
OLD_PROCESSOR = "Nehalem"  # of 2008: SSE4.2, no AVX
MODELS = REPOSITORY / "native" / "tests" / "golden" / "models"
XYZ = "3\n\nO 0 0 0.12\nH 0 0.76 -0.48\nH 0 -0.76 -0.48\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    native_library()
    folder = tmp_path_factory.mktemp("kinds")
    for recipe, degrees, channels in KINDS:
        model = network(config(degrees=degrees, channels=channels))
        if recipe != "fp32":
            model = quantize(model, preset(recipe, 0), molecules())
        (folder / f"{recipe}-l{degrees}.gaq").write_bytes(packed_in_memory(model, preset(recipe)))
    return sorted(folder.iterdir())


def evaluated(files: list[Path], isa: str) -> list[str]:
    """The lines of EVALUATES on this instruction set; skips where the machine does not have it."""
    environment = os.environ | {"GAQ_ISA": isa, "PYTHONPATH": str(REPOSITORY / "tests")}
    command = [sys.executable, "-c", EVALUATES, *map(str, files)]
    done = subprocess.run(command, env=environment, timeout=120, check=False, capture_output=True, text=True)
    if done.returncode:
        assert f"GAQ_ISA={isa}: this machine, or this build of the engine, has no such instruction set" in done.stderr
        pytest.skip(f"needs a processor with {isa}")
    return [line.removeprefix(f"{isa} ") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("isa", ["avx2", "avx512", "amx", "neon"])
def test_every_instruction_set_gives_the_same_bits(files, isa):
    expected = evaluated(files, "scalar")
    assert len(expected) == len(set(expected)) == 6 * len(KINDS)
    assert evaluated(files, isa) == expected


def test_an_instruction_set_that_nobody_has(files):
    done = subprocess.run(
        [sys.executable, "-m", "gaq", "evaluate", str(files[0]), "--data", "embedded"],
        env=os.environ | {"GAQ_ISA": "nonsense"},
        timeout=120,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "GAQ_ISA=nonsense" in done.stderr
    assert "Traceback" not in done.stderr


def ended(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    words, environment = list(map(str, command)), os.environ | variables
    return subprocess.run(words, env=environment, timeout=300, check=False, capture_output=True, text=True)


def run(*command: str | Path) -> str:
    """What it prints; it must end well."""
    done = ended(*command)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return done.stdout


def emulator() -> str:
    found = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if os.uname().machine != "x86_64" or not found:
        pytest.skip("needs qemu-x86_64 (Debian: apt-get install qemu-user) on an x86-64 machine")
    return found


def test_a_processor_without_avx_gives_the_same_bits():
    program, qemu = native_program("print_golden"), emulator()
    models = sorted(MODELS.glob("*.gaq"))
    here = run(program, *models)
    assert len(here.splitlines()) > 20 * len(models)
    assert run(qemu, "-cpu", OLD_PROCESSOR, program, *models) == here
    refused = ended(qemu, "-cpu", OLD_PROCESSOR, program, models[0], GAQ_ISA="avx2")
    assert refused.returncode == 1
    assert "does not have; here are scalar" in refused.stderr


def test_the_shared_library_runs_on_a_processor_without_avx(files, tmp_path):
    library, qemu = native_program("libgaq.so"), emulator()
    compiler = shutil.which("cc") or pytest.skip("needs a C compiler")
    (tmp_path / "water.xyz").write_text(XYZ, encoding="ascii")
    source, include = REPOSITORY / "examples" / "c" / "main.c", REPOSITORY / "native" / "include"
    link = [f"-L{library.parent}", f"-Wl,-rpath,{library.parent}", "-lgaq"]
    run(compiler, "-std=c11", f"-I{include}", source, "-o", tmp_path / "energy", *link)
    here = run(tmp_path / "energy", files[0], tmp_path / "water.xyz")
    assert here.count("eV") == 4
    old = run(qemu, "-cpu", OLD_PROCESSOR, tmp_path / "energy", files[0], tmp_path / "water.xyz")
    assert old == here


def uses_avx(line: str) -> bool:
    """Whether a line of objdump is an instruction that processors before AVX do not have."""
    return bool(re.match(r"^\s+[0-9a-f]+:\t(v(?!err|erw)|.*%[yz]mm)", line))


def test_no_other_function_uses_what_old_processors_lack():
    """Functions of the standard library that several objects hold are one in the end: not that of a file for AVX."""
    library, objdump = native_program("libgaq.so"), shutil.which("objdump")
    if os.uname().machine != "x86_64" or not objdump:
        pytest.skip("needs objdump (Debian: apt-get install binutils) on an x86-64 machine")
    function, wide = "", {}
    for line in run(objdump, "-d", "-C", "--no-show-raw-insn", library).splitlines():
        if named := re.match(r"^[0-9a-f]+ <(.*)>:$", line):
            function = named[1]
        elif uses_avx(line):
            wide[function] = line
    own = {name for name in wide if any(f"gaq::{isa}::" in name for isa in ("avx2", "avx512", "amx"))}
    assert len(own) > 20
    assert not set(wide) - own
