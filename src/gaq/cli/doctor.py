"""`gaq doctor`: what this machine has, what is missing and how to install it, and basic self-tests."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gaq.cli.outputs import OverwriteOption, claim_rows
from gaq.data.read import read_dataset
from gaq.errors import GaqError, NotAvailable
from gaq.extras import Extra, has_torch, how_to_install
from gaq.files import write_atomically
from gaq.measure.rotations import octahedral_group
from gaq.simulate.hosts import HOSTS
from gaq.version import __version__

# Instruction sets that decide the speed of integer products, as Linux names them.
INSTRUCTION_SETS = (
    *("sse4_1", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "amx_int8"),
    *("asimd", "asimddp", "i8mm", "sve"),
)
CORE = ("numpy", "scipy", "ase", "typer", "rich")
OPTIONAL: tuple[tuple[str, Extra, str], ...] = (
    ("torch", "train", "training, quantization, export, checkpoints (gaq train, quantize, export)"),
    ("pydantic", "train", "configurations of training"),
    ("tblite", "label", "reference labels by GFN2-xTB (gaq data label)"),
    ("matplotlib", "plots", "plots (--plot)"),
    ("plotly", "report", "plots of the page (gaq report)"),
    ("pooch", "fetch", "downloads (gaq data fetch)"),
    ("distributed", "cluster", "work on a Dask cluster (--cluster)"),
)


@dataclass(frozen=True)
class Finding:
    """One line of the report. `fine` is None where nothing is judged."""

    item: str
    value: str
    fine: bool | None = None


def doctor(
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A packed model, to compute its golden frames with the native engine."),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the findings, one JSON object a line."),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Report what this machine has, what is missing and how to install it; exit with status 1 if a self-test fails."""
    claim_rows(json_file, overwrite, [model], key="item")
    findings = [*_versions(), *_processor(), *_extras(), *_engines(), embedded_data()]
    if model is not None:
        findings.append(golden_frames(model))
    _print(findings, Console(highlight=False))
    if json_file is not None:
        text = "".join(json.dumps(asdict(finding), ensure_ascii=False) + "\n" for finding in findings)
        write_atomically(json_file, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    if any(finding.fine is False for finding in findings):
        raise typer.Exit(1)


def instruction_sets(cpuinfo: str) -> list[str]:
    """Return the members of `INSTRUCTION_SETS` that a text in the format of /proc/cpuinfo lists."""
    lines = [line for line in cpuinfo.splitlines() if line.lower().startswith(("flags", "features"))]
    present = set(lines[0].partition(":")[2].split()) if lines else set()
    return [name for name in INSTRUCTION_SETS if name in present]


def exact_products(rows: int = 1040) -> Finding:
    """Return whether products of 8-bit codes, summed in float32, are exact, as quantized layers require.

    The largest sum of `rows` products is rows * 127^2; up to 2^24 every partial sum is an integer that
    float32 represents. A machine set to multiply in reduced precision fails here.
    """
    import torch

    codes = torch.randint(-127, 128, (64, rows), generator=torch.Generator().manual_seed(0))
    codes[0] = 127  # the largest possible sum
    product = codes.float() @ codes.float().T
    wrong = int((product.long() != codes @ codes.T).sum())
    return Finding("products of codes are exact", f"{wrong} of {product.numel()} sums wrong", wrong == 0)


def embedded_data() -> Finding:
    """Return whether the embedded data can be read and are physically consistent.

    The net force of every frame is below 0.05 eV/Å. The 24 rotations of the cube, which only permute and
    negate coordinates, keep squared distances up to the order of summation.
    """
    item = "embedded data"
    try:
        dataset = read_dataset("embedded")
    except (GaqError, OSError) as error:
        return Finding(item, str(error), False)
    pull = max(float(np.linalg.norm(labels.forces.sum(axis=0))) for labels in dataset.labels)
    first = dataset.structures[0]
    before = _squared_distances(first.positions)
    turned = (_squared_distances(first.rotated(rotation).positions) for rotation in octahedral_group())
    change = max(float(np.abs(after / before - 1).max()) for after in turned)
    value = f"{len(dataset)} frames; largest net force {pull:.1e} eV/Å; turned distances change by {change:.0e}"
    return Finding(item, value, pull < 0.05 and change < 1e-14)


def torch_engine() -> list[Finding]:
    """Return PyTorch, which runs checkpoints: threads, GPU, and whether its products of codes are exact."""
    if not has_torch():
        return [
            Finding("engine torch", "not installed: checkpoints cannot be read; packed models (.gaq) run without it")
        ]
    import torch

    return [
        # with its build, as in 2.13.0+cu130, which the metadata of the package may leave out
        Finding("engine torch", f"{torch.__version__}, {torch.get_num_threads()} threads"),
        Finding("GPU", torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none that torch can use"),
        exact_products(),
    ]


def native_engine() -> list[Finding]:
    """Return the native engine: path, instruction set, and whether its kernels agree with their plain versions."""
    import ctypes

    from gaq.engine import _library as native

    try:
        path, library = native.find_library(), native.load_library()
    except NotAvailable as error:
        return [Finding("engine native", str(error))]
    version, isa = library.gaq_version().decode(), library.gaq_isa()
    if isa is None:
        asked = os.environ.get("GAQ_ISA", "")
        return [Finding("engine native", f"GAQ_ISA={asked}: this machine lacks that instruction set", False)]
    report = ctypes.create_string_buffer(native.ERROR_BYTES)
    status = library.gaq_self_test(report, native.ERROR_BYTES)
    return [
        Finding("engine native", f"{version}, {isa.decode()}, {path}"),
        Finding("native kernels", report.value.decode("utf-8", "replace"), status == native.OK),
    ]


def lammps_plugin() -> list[Finding]:
    """Return LAMMPS and the plugin that runs packed models in it."""
    from gaq.engine.lammps import installed_lammps, is_current, plugin_path

    try:
        lammps, plugin = installed_lammps(), plugin_path()
        built = plugin.is_file()
        current = built and is_current(plugin)
    except NotAvailable as error:
        return [Finding("engine lammps", str(error))]
    state = str(plugin) if current else f"{'old' if built else 'not built'}: gaq lammps --build"
    return [Finding("engine lammps", f"{lammps.version}, mpich {lammps.mpi}"), Finding("lammps plugin", state)]


def golden_frames(model: Path) -> Finding:
    """Return whether the golden frames of a packed model are reproduced. Raises `BadFile`, `NotAvailable`."""
    from gaq.engine.golden import golden_difference
    from gaq.engine.native import NativeEngine

    found = golden_difference(NativeEngine.from_file(model, backward_bits=32))
    value = (
        f"{model}: {found.agreeing} of {len(found.energies)} agree; energies differ by at most "
        f"{max(found.energies):.1e} eV per atom, forces by {max(found.forces):.1e} eV/Å"
    )
    return Finding("golden frames", value, found.fine)


def _squared_distances(positions: np.ndarray) -> np.ndarray:
    """Return the squared distances of all pairs of atoms as a flat array."""
    first, second = np.triu_indices(len(positions), k=1)
    return ((positions[first] - positions[second]) ** 2).sum(axis=1)


def _versions() -> Iterator[Finding]:
    yield Finding("gaq", __version__)
    yield Finding("python", platform.python_version(), sys.version_info >= (3, 11))
    for name in CORE:
        yield Finding(name, importlib.metadata.version(name))


def _processor() -> Iterator[Finding]:
    cpuinfo = Path("/proc/cpuinfo")
    known = instruction_sets(cpuinfo.read_text()) if cpuinfo.is_file() else []
    yield Finding("system", f"{platform.system()} {platform.machine()}")
    yield Finding("instruction sets", " ".join(known) or "not reported by this system")
    yield Finding("cores", f"{_cores()} usable of {os.cpu_count()}")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _extras() -> Iterator[Finding]:
    for name, extra, purpose in OPTIONAL:
        if importlib.util.find_spec(name) is None:
            yield Finding(name, f"missing: {purpose}. {how_to_install(extra)}")
        else:
            yield Finding(name, importlib.metadata.version(name))
    for host in HOSTS:
        if importlib.util.find_spec(host.module) is None:
            yield Finding(host.distribution, f"missing: {host.purpose}. {how_to_install(host.extra)}")
        else:
            yield Finding(host.distribution, importlib.metadata.version(host.distribution))


def _engines() -> Iterator[Finding]:
    yield from torch_engine()
    yield from native_engine()
    yield from lammps_plugin()


def _print(findings: list[Finding], console: Console) -> None:
    marks = {None: Text(""), True: Text("ok", style="green"), False: Text("FAILS", style="bold red")}
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        table.add_row(Text(finding.item, style="bold"), Text(finding.value, overflow="fold"), marks[finding.fine])
    console.print(table)
