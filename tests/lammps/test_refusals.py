"""What LAMMPS is told that cannot be: one sentence in its log, and every rank stops by itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gaq.atoms.structure import Structure
from lammps_runs import beginning, lammps, write_data
from packed import file_of, with_array, with_text
from tiny import molecule

MOLECULE = molecule("CH3CH2OH")
VERLET = "fix 1 all nve\nrun 10\n"

# name: (options of the beginning, further lines, the sentence)
INPUTS = {
    "an element that the model does not know": (
        {"coeff": "pair_coeff * * model.gaq Cl C O #"},
        "",
        "model.gaq knows H, C, N, O; atom type 1 is Cl. Train with data that have it, or choose another model.",
    ),
    "no element": ({"coeff": "pair_coeff * * model.gaq H C Xx #"}, "", "atom type 3 'Xx', which is no element"),
    "some of the atoms": ({"coeff": "pair_coeff * * model.gaq H C NULL #"}, "", "never for some of the atoms"),
    "too few elements": ({"coeff": "pair_coeff * * model.gaq H C #"}, "", "names 2 elements and there are 3"),
    "too many elements": ({"coeff": "pair_coeff * * model.gaq H H"}, "", "names 5 elements and there are 3 atom types"),
    "types in place of all": ({"coeff": "pair_coeff 1 1 model.gaq"}, "", "must start with * * for pair style gaq"),
    "no file": ({"coeff": "pair_coeff * * other.gaq"}, "", "other.gaq cannot be read. Check the name"),
    "a folder": ({"coeff": "pair_coeff * * ."}, "", "cannot be read|no packed model|not a"),
    "a damaged file": ({"coeff": "pair_coeff * * damaged.gaq"}, "", "damaged.gaq.*checksum"),
    "a cut off file": ({"coeff": "pair_coeff * * short.gaq"}, "", "short.gaq"),
    "an empty file": ({"coeff": "pair_coeff * * empty.gaq"}, "", "empty.gaq"),
    "a file of another version": ({"coeff": "pair_coeff * * later.gaq"}, "", "later.gaq.*version"),
    "an unknown option": ({"style": "pair_style gaq cutoff 5"}, "", "does not know 'cutoff'; it knows: threads N"),
    "an option without a number": ({"style": "pair_style gaq threads"}, "", "a number is missing after threads"),
    "no threads": ({"style": "pair_style gaq threads -1"}, "", "threads is -1; expected 1 to 1024"),
    "other bits": ({"style": "pair_style gaq backward 7"}, "", "backward_bits is 7; expected 8, 16 or 32"),
    "units lj": ({"units": "lj"}, "run 0", "runs in units metal or real; these are lj"),
    "newton off": ({"before": "newton off"}, "run 0", "needs newton on"),
    "a halo below the cutoff": (
        {},
        "comm_modify cutoff 2.0\nrun 0",
        "comm_modify cutoff is 2.000000 Å, less than the cutoff of the model, 5.000000 Å",
    ),
    "excluded pairs": ({}, "neigh_modify exclude type 1 1\nrun 0", "no energy of a pair"),
    "a virial of each atom": ({}, "compute s all stress/atom NULL\ncompute t all reduce sum c_s[1]\n"
                                  "thermo_style custom step c_t\nrun 0", "no virial of single atoms"),
    "coinciding atoms": (
        {},
        "neighbor 3.0 bin\nset atom 2 x {x} y {y} z {z}\nrun 0",
        "atoms 1 and 2 are 0.1000 Å from each other, closer than 0.2 Å",
    ),
    "elements in another order than the masses": (
        {"coeff": "pair_coeff * * model.gaq O C H #"},
        "run 0",
        "calls atom type 1 O, but its mass is 1.008, that of H. Give the elements in the order of the atom types",
    ),
    "carbon and nitrogen exchanged": (
        {},
        "mass 2 14.007\nrun 0",
        "calls atom type 2 C, but its mass is 14.007, that of N",
    ),
    "a hybrid style that divides the pairs": (
        {"style": "pair_style hybrid gaq zbl 1.0 2.0", "coeff": "pair_coeff * * gaq model.gaq"},
        "pair_coeff 1 1 zbl 1 1\nrun 0",
        "cannot run in pair_style hybrid, which gives each pair of atom types to one style",
    ),
    "a model that gives no numbers": (
        {"coeff": "pair_coeff * * huge.gaq"},
        "run 0",
        "expected a finite number.*the file is damaged, or training diverged",
    ),
    "atoms that meet on the way": (
        {},
        "velocity all set 0 0 0\ngroup first id 1\nvelocity first set {vx} {vy} {vz}\n" + VERLET,
        "closer than 0.2 Å",
    ),
    "positions that are no numbers": (
        {},
        "neigh_modify delay 100 every 100 check no\nvariable much atom exp(800*(id==3))*(id==3)\n"
        "fix push all addforce v_much 0 0\n" + VERLET,
        "atom 3 has a position that is not finite",
    ),
}  # fmt: skip


def files(folder: Path) -> None:
    """A model, and what it is not."""
    whole = file_of()
    (folder / "model.gaq").write_bytes(whole)
    (folder / "huge.gaq").write_bytes(with_array(whole, "embedding", lambda x: np.full_like(x, 1e38)))
    (folder / "damaged.gaq").write_bytes(whole[:-100] + bytes([whole[-100] ^ 4]) + whole[-99:])
    (folder / "short.gaq").write_bytes(whole[:2000])
    (folder / "empty.gaq").write_bytes(b"")
    (folder / "later.gaq").write_bytes(with_text(whole, "format_version", lambda version: str(version + 1)))


def stopped(result: subprocess.CompletedProcess[str], log: Path, sentence: str) -> None:
    """One sentence in the log, and every rank left by itself: nobody was killed."""
    text = log.read_text()
    assert result.returncode != 0
    assert re.search(re.escape(sentence) if "|" not in sentence and ".*" not in sentence else sentence, text), text[
        -1500:
    ]
    assert text.count("ERROR") == 1, text[-1500:]
    for word in ("Abort", "BAD TERMINATION", "Segmentation", "KILLED"):
        assert word not in result.stdout + result.stderr


def places() -> dict[str, str]:
    """Where atom 2 would be 0.1 Å from atom 1, and velocities (Å/ps) that bring atom 1 to atom 2 in half a run."""
    first, second = MOLECULE.positions[:2]
    arm = (second - first) / np.linalg.norm(second - first)
    near = first + 0.1 * arm
    speed = np.linalg.norm(second - first) / 0.005
    return dict(zip("xyz", map(repr, near.tolist()), strict=True)) | dict(
        zip(("vx", "vy", "vz"), map(repr, (speed * arm).tolist()), strict=True)
    )


@pytest.mark.parametrize("name", INPUTS)
def test_a_sentence_and_a_clean_stop_on_two_ranks(plugin, tmp_path, name):
    options, more, sentence = INPUTS[name]
    files(tmp_path)
    elements = write_data(tmp_path / "atoms.data", MOLECULE)
    script = beginning(plugin, MOLECULE, elements, **options) + more.format(**places()) + "\n"
    stopped(lammps(tmp_path, script, 2), tmp_path / "log.lammps", sentence)


@pytest.mark.parametrize("name", ["coinciding atoms", "positions that are no numbers", "no file", "newton off"])
def test_on_one_rank_too(plugin, tmp_path, name):
    options, more, sentence = INPUTS[name]
    files(tmp_path)
    elements = write_data(tmp_path / "atoms.data", MOLECULE)
    script = beginning(plugin, MOLECULE, elements, **options) + more.format(**places()) + "\n"
    stopped(lammps(tmp_path, script), tmp_path / "log.lammps", sentence)


def far_apart(oxygen: bool) -> Structure:
    """A methane at the origin and, 40 Å along x, water or another methane: each on a rank of its own."""
    first, second = molecule("CH4"), molecule("H2O" if oxygen else "CH4")
    positions = np.concatenate([first.positions, second.positions + np.array([40.0, 0, 0])])
    return Structure.molecule(np.concatenate([first.species, second.species]), positions)


@pytest.mark.parametrize("oxygen", [True, False])
def test_a_rank_whose_answer_cannot_be_used_stops_all(plugin, tmp_path, oxygen):
    """The number is not finite on one of two ranks, after the last exchange; without oxygen, on none."""
    huge = with_array(
        file_of(), "embedding", lambda x: np.where(np.arange(4)[:, None] == 3, 1e38, x).astype(np.float32)
    )
    (tmp_path / "model.gaq").write_bytes(huge)
    structure = far_apart(oxygen)
    elements = write_data(tmp_path / "atoms.data", structure)
    script = beginning(plugin, structure, elements, before="processors 2 1 1") + "run 0\n"
    result = lammps(tmp_path, script, 2)
    if oxygen:
        stopped(result, tmp_path / "log.lammps", "pair style gaq: atom [678] has .* expected a finite number")
    else:
        assert result.returncode == 0


@pytest.mark.parametrize(("mass", "warned"), [(1.008, 0), (2.014, 0), (3.016, 0), (4.032, 1), (1.0, 0)])
def test_isotopes_are_no_mistake_and_a_mass_of_no_isotope_is_named(plugin, tmp_path, mass, warned):
    files(tmp_path)
    elements = write_data(tmp_path / "atoms.data", MOLECULE)
    script = beginning(plugin, MOLECULE, elements) + f"mass 1 {mass}\nrun 0\n"
    assert lammps(tmp_path, script, 2).returncode == 0
    log = (tmp_path / "log.lammps").read_text()
    assert log.count(f"WARNING: pair_coeff of pair style gaq calls atom type 1 H, but its mass is {mass:g}") == warned


CREATED = """
units metal
{first}
region box block 0 8 0 8 -0.5 0.5
create_box 3 box
create_atoms 1 single 1.0 1.0 0.0
create_atoms 1 single 1.1 1.0 0.0
mass 1 1.008
mass 2 12.011
mass 3 15.999
plugin load {plugin}
pair_style gaq
pair_coeff * * model.gaq H C O
run 0
"""


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        ("atom_modify id no", "The structure has atoms 0 and 1 at 0.1000 Å"),  # as the engine counts them
        ("dimension 2", "needs dimension 3"),
    ],
)
def test_atoms_without_numbers_and_a_plane(plugin, tmp_path, first, sentence):
    files(tmp_path)
    result = lammps(tmp_path, CREATED.format(first=first, plugin=plugin))
    stopped(result, tmp_path / "log.lammps", sentence)


def test_a_plugin_for_another_lammps_says_so(plugin, tmp_path):
    from gaq.engine.lammps import build_plugin

    other, _ = build_plugin(tmp_path / "other", macros=("GAQ_LAMMPS_VERSION=20240829",))
    files(tmp_path)
    elements = write_data(tmp_path / "atoms.data", MOLECULE)
    result = lammps(tmp_path, beginning(other, MOLECULE, elements), 2)
    stopped(result, tmp_path / "log.lammps", "was built for LAMMPS 20240829, this is 20250722")


def test_another_engine_than_the_plugin_was_built_for_says_so(plugin, tmp_path):
    (tmp_path / "other.c").write_text("int gaq_abi(void) { return 99; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "other.so", "other.c"], cwd=tmp_path, check=True)
    files(tmp_path)
    elements = write_data(tmp_path / "atoms.data", MOLECULE)
    result = lammps(tmp_path, beginning(plugin, MOLECULE, elements), LD_PRELOAD=str(tmp_path / "other.so"))
    stopped(result, tmp_path / "log.lammps", "this engine has 99. Build it again")
