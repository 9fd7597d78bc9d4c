"""Generate reference data: molecular dynamics of a molecule with xTB on a farm, with labelled frames.

The work is divided into replicas, independent of the number of processes or machines: the result
depends on the settings alone, bit for bit. (GFN2-xTB: Bannwarth et al., J. Chem. Theory Comput. 15, 1652
(2019).)
"""

from __future__ import annotations

import importlib.metadata
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gaq.atoms.structure import Labels, Structure
from gaq.data.extxyz import write_extxyz
from gaq.data.harvest import Harvest
from gaq.data.labelled_npz import write_labelled_npz
from gaq.data.partial import Settings, load_progress
from gaq.data.replica import expect_tblite
from gaq.errors import BadFile, UsageError, nearest
from gaq.farm.local import LocalFarm
from gaq.farm.protocol import Farm
from gaq.files import writable_folder
from gaq.locks import locked

METHODS = ("gfn2-xtb", "gfn1-xtb")
WRITERS = {".xyz": write_extxyz, ".extxyz": write_extxyz, ".npz": write_labelled_npz}


def label(
    settings: Settings,
    output: Path,
    farm: Farm | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[int], None] = lambda frames: None,
) -> int:
    """Generate the frames, write them to `output` (.xyz or .npz; Å, eV, eV/Å), and return their number.

    `progress` receives the number of finished frames now and then. Ctrl-C saves the frames so far in
    `OUTPUT.partial.*.npz` and returns the smaller number; `resume` continues exactly from there. The result
    does not depend on `farm`; without one, a single process does the work. Raises UsageError, BadFile, NotAvailable (no
    tblite), Diverged.
    """
    check_settings(settings)
    _check_output(output)
    with locked(output):
        partials = _prepare(settings, output, resume, overwrite)
        harvest = Harvest(settings, partials, progress)
        if farm is None:
            with LocalFarm(1) as alone:
                done = harvest.bring_in(alone)
        else:
            done = harvest.bring_in(farm)
        if done < settings.frames:
            return done
        structures, labels = _gather(settings, partials)
        WRITERS[output.suffix](output, structures, labels, origin(settings))
        for partial in partials:
            partial.unlink()
    return done


def check_settings(settings: Settings) -> None:
    """Refuse invalid settings. Raises UsageError, or NotAvailable if tblite is not installed."""
    if settings.method not in METHODS:
        hint = nearest(settings.method, METHODS)
        raise UsageError(f"no method {settings.method!r}; known are {', '.join(METHODS)}.{hint}")
    rules = {
        "frames": (settings.frames, settings.frames >= 1, "1 or more"),
        "interval": (settings.interval, settings.interval >= 1, "1 or more steps"),
        "timestep": (settings.timestep, 0 < settings.timestep <= 5, "more than 0 and at most 5 fs"),
        "temperature": (settings.temperature, 0 < settings.temperature <= 10000, "0 to 10,000 K"),
        "equilibration": (settings.equilibration, settings.equilibration >= 0, "0 fs or more"),
        "replicas": (
            settings.replicas,
            1 <= settings.replicas <= settings.frames,
            "1 to the number of frames",
        ),
        "seed": (settings.seed, settings.seed >= 0, "0 or more"),
        "multiplicity": (settings.multiplicity, settings.multiplicity >= 1, "1 or more"),
    }
    for name, (value, fine, expected) in rules.items():
        if not fine:
            raise UsageError(f"`{name}` {value}: expected {expected}.")
    electrons = sum(settings.species) - settings.charge
    if electrons < 1 or (electrons - settings.multiplicity) % 2 == 0:
        raise UsageError(
            f"{settings.molecule} with charge {settings.charge} has {electrons} electrons, which cannot have "
            f"multiplicity {settings.multiplicity}. Set `charge` or `multiplicity` (2 for a radical)."
        )
    expect_tblite()


def origin(settings: Settings) -> str:
    """Return the command that reproduces these frames, and the versions used."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("tblite", "ase", "numpy"))
    return f"{command(settings)}; {versions}"


def command(settings: Settings) -> str:
    """Return the command line with every option that affects the frames."""
    return (
        f"gaq data label {shlex.quote(settings.molecule)} --method {settings.method} --temperature "
        f"{settings.temperature:g} --frames {settings.frames} --interval {settings.interval} --dt "
        f"{settings.timestep:g} --equilibrate {settings.equilibration:g} --replicas {settings.replicas} "
        f"--seed {settings.seed} --charge {settings.charge} --multiplicity {settings.multiplicity}"
    )


def partial_files(output: Path, replicas: int) -> list[Path]:
    """Return the partial files of unfinished replicas of `output`."""
    return [output.with_name(f"{output.name}.partial.{replica}.npz") for replica in range(replicas)]


def _check_output(output: Path) -> None:
    """Refuse an output that could not be written at the end. Raises UsageError, BadFile."""
    if output.suffix not in WRITERS:
        raise UsageError(f"cannot tell the format of {output}; give a name that ends in {', '.join(WRITERS)}.")
    if output.is_dir():
        raise BadFile(f"{output} is a folder; expected a file name.")
    writable_folder(output.parent)


def _prepare(settings: Settings, output: Path, resume: bool, overwrite: bool) -> list[Path]:
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists. Choose another name, or set `overwrite`.")
    left = sorted(output.parent.glob(f"{output.name}.partial.*.npz"))
    partials = partial_files(output, settings.replicas)
    if left and not resume:
        raise UsageError(
            f"{left[0]} holds frames of an unfinished run. Set `resume` to go on, or delete {output.name}.partial.*"
        )
    for partial in left:
        load_progress(partial, settings)  # raises for other settings before anything is computed
    return partials


def _gather(settings: Settings, partials: list[Path]) -> tuple[tuple[Structure, ...], tuple[Labels, ...]]:
    species = np.array(settings.species)
    frames = [frame for partial in partials for frame in load_progress(partial, settings).frames]
    structures = tuple(Structure.molecule(species, positions) for positions, _, _ in frames)
    return structures, tuple(Labels(energy, forces) for _, energy, forces in frames)
