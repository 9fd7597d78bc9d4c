"""`gaq bench`: speed, start-up time and memory of models, with PyTorch on the same network as control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.outputs import OverwriteOption, claim_rows

if TYPE_CHECKING:
    from gaq.cli.bench_models import BenchModel
    from gaq.cli.candidates import Conditions, Entrant, Field
    from gaq.cli.stage_progress import StageProgress
    from gaq.measure.ledger import Row

STARTS = 3  # new processes per candidate
# (rows, inputs, outputs) of products in networks of 64 and 256 channels, for 24 atoms and for many.
SHAPES = ((24, 64, 64), (24, 64, 256), (72, 64, 128), (960, 64, 256), (24, 256, 256), (960, 256, 256))
KERNELS = ("float32", "int16", "int8")
KERNEL_SECONDS = 0.1
COMPILES = "torch.compile takes a minute or more for each network; --no-torch leaves PyTorch out"


def bench(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL...", help="Checkpoints or packed files, compared in one run.")
    ] = None,
    structure: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Structure: any format of ASE, or the first frame of an npz (default: a molecule)."
        ),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each model under test.")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Structures of one call.")] = 1,
    seconds: Annotated[float, typer.Option(min=0.0, metavar="S", help="Time for each model under test.")] = 2.0,
    backward: Annotated[
        list[int] | None,
        typer.Option(
            metavar="BITS", help="Bits of the backward pass: 8, 16 or 32, repeatable (default: that of the file)."
        ),
    ] = None,
    timestep: Annotated[float, typer.Option("--dt", min=0.0, metavar="FS", help="Time step of ns/day.")] = 0.5,
    torch: Annotated[bool, typer.Option("--torch/--no-torch", help="PyTorch, eager and compiled.")] = True,
    control: Annotated[
        Path | None,
        typer.Option(metavar="CKPT", help="Checkpoint for PyTorch, if none lies next to the packed file."),
    ] = None,
    starts: Annotated[bool, typer.Option("--starts/--no-starts", help="Start-up time and memory.")] = True,
    kernels: Annotated[bool, typer.Option("--kernels", help="Speed of the kernels of the native engine.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Measure latency, throughput, start-up and memory. All models and PyTorch take turns in one run.

    PyTorch is measured eager and compiled: torch.compile takes a minute or more for each network.
    Times measured while other programs use the processor are marked with an asterisk.
    """
    from gaq.cli.candidates import enter
    from gaq.cli.stage_progress import StageProgress
    from gaq.engine.open import check_backward
    from gaq.errors import UsageError
    from gaq.extras import has_torch, how_to_install
    from gaq.measure.ledger import write_rows
    from gaq.process import busy_with_others, keep_freed_memory
    from gaq.report.speed_table import busy_notes, kernel_table, speed_table
    from gaq.report.tables import print_table

    claim_rows(json_file, overwrite, [*(models or ()), structure, control])
    if not models and not kernels:
        raise UsageError("name a MODEL to measure, or --kernels")
    for bits in backward or ():
        check_backward(bits)
    console, rows, busy = Console(highlight=False), [], busy_with_others()
    notes: list[str] = [busy] if busy else []
    if torch and not has_torch():
        torch = False
        notes.append(f"PyTorch is not installed, so packed models are measured without it. {how_to_install('train')}")
    keep_freed_memory()
    if kernels:
        rows += kernel_rows()
        print_table(kernel_table(rows), console)
    if models:
        with StageProgress() as watch:
            conditions, opened = prepared(models, structure, threads, batch, torch, control)
            if torch and any(model.checkpoint for model in opened):
                Console(stderr=True, highlight=False).print(COMPILES, style="dim", soft_wrap=True)
            field = enter(opened, conditions, backward or (), torch, lambda stage: watch(stage, 0, 1))
            found = measured(field, conditions, seconds, timestep, starts, watch)
        rows += found
        print_table(speed_table(found, _title(conditions)), console)
        notes += [*busy_notes(found), *field.notes, *_keep(opened, found)]
        for note in notes:
            console.print(note, style="dim", soft_wrap=True, markup=False)
    if json_file is not None:
        write_rows(json_file, rows)


def prepared(
    names: Sequence[str], structure: str | None, threads: int, batch: int, torch: bool, control: Path | None
) -> tuple[Conditions, list[BenchModel]]:
    """Return the models and the conditions to measure them under. Raises the errors of opening files."""
    from gaq.cli.bench_models import open_models
    from gaq.cli.candidates import Conditions
    from gaq.data.read import read_structures

    opened = open_models(names, torch, control, structure)
    if structure is not None:
        return Conditions(read_structures(structure, 1)[0], Path(structure).name, threads, batch), opened
    return _own_conditions(opened[0], threads, batch), opened


def measured(
    field: Field, conditions: Conditions, seconds: float, timestep: float, starts: bool, watch: StageProgress
) -> list[Row]:
    """Return all rows of a run: times, ratios, file sizes, start-up time and memory."""
    from gaq.cli.candidates import controls_of
    from gaq.measure.speed import interleaved, speed_rows, speedup_row
    from gaq.process import Contention

    entrants = field.entrants
    contention = Contention()
    timings = interleaved([e.candidate for e in entrants], seconds, progress=watch.stage("measuring, in turns"))
    busy = contention.share()
    rows: list[Row] = []
    for number, entrant in enumerate(entrants):
        timing, before = timings[entrant.candidate.name], len(rows)
        rows += [replace(r, busy=busy) for r in speed_rows(entrant.subject, timing, timestep)]
        for name, other in controls_of(entrant, entrants).items():
            rows.append(replace(speedup_row(entrant.subject, timing, timings[other.candidate.name], name), busy=busy))
        rows += _file_rows(entrant)
        if starts:
            watch("starting new processes", number, len(entrants))
            rows += _start_rows(entrant, conditions, field.notes)
        identity = _identity(entrant)
        rows[before:] = [replace(r, identity=identity) for r in rows[before:]]
    return rows


def _identity(entrant: Entrant) -> str | None:
    """Return the identity of the model in the native engine; PyTorch runs the float network without its recipe."""
    from gaq.cli.candidates import NATIVE
    from gaq.cli.deployed import identity_of
    from gaq.pack.format import from_bytes

    content = entrant.model.content
    if entrant.subject.engine != NATIVE or content is None:
        return None
    return identity_of(entrant.model.file, entrant.backward or from_bytes(content, "the packed model").backward_bits)


def _keep(models: Sequence[BenchModel], rows: Sequence[Row]) -> list[str]:
    """Store the rows of each model next to its file, those of PyTorch with the model they are the control of."""
    from gaq.cli.kept import keep_each

    files = {model.checkpoint.name: model.file for model in models if model.checkpoint is not None}
    return keep_each(files | {model.name: model.file for model in models}, rows)


def kernel_rows(seconds: float = KERNEL_SECONDS) -> list[Row]:
    """Return kernel_gops of every kernel and shape on one thread, counting multiplications and additions.

    Raises `NotAvailable` without a native engine.
    """
    from gaq.engine._library import load_library
    from gaq.measure.ledger import Row

    library = load_library()
    isa = (library.gaq_isa() or b"").decode() or None
    rows = []
    for kernel in KERNELS:
        for shape in SHAPES:
            speed = 2 * float(library.gaq_kernel_speed(kernel.encode(), *shape, seconds))
            about = (kernel, kernel, "native", "{} × {} → {}".format(*shape))
            rows.append(replace(Row("kernel_gops", speed, "GOP/s", *about, 1), threads=1, isa=isa))
    return rows


def _own_conditions(model: BenchModel, threads: int, batch: int) -> Conditions:
    """Return the default conditions: the golden frame of the first model, or a molecule of its elements."""
    from gaq.cli.candidates import Conditions
    from gaq.engine.open import open_engine
    from gaq.measure.subjects import own_subjects

    own = own_subjects(open_engine(model.packed or model.checkpoint or ""), 1)
    return Conditions(own.structures[0], own.name, threads, batch)


def _file_rows(entrant: Entrant) -> Iterator[Row]:
    """Yield the size of the packed file, for the native engine only: a checkpoint holds more than its model."""
    from gaq.cli.candidates import NATIVE

    if entrant.subject.engine == NATIVE and entrant.model.content is not None:
        yield entrant.subject.row("file_bytes", len(entrant.model.content), "bytes", 1)


def _start_rows(entrant: Entrant, conditions: Conditions, notes: list[str]) -> list[Row]:
    """Return startup_ms and peak_memory_mb of new processes that compute one structure, compiled PyTorch excepted."""
    from gaq.cli.candidates import COMPILED, NATIVE
    from gaq.cli.fresh_start import fresh_start
    from gaq.errors import NotAvailable
    from gaq.measure.speed import TimeSpread

    subject, model = replace(entrant.subject, batch=1), entrant.model
    if subject.engine == COMPILED:
        return []
    source = (model.packed or model.content) if subject.engine == NATIVE else model.checkpoint
    if source is None:
        return []
    options = (subject.engine, source, conditions.structure, conditions.threads, entrant.backward)
    try:
        found = [fresh_start(*options) for _ in range(STARTS)]
    except NotAvailable as error:
        notes.append(str(error))
        return []
    rows = []
    for metric, unit, samples in (
        ("startup_ms", "ms", [1e3 * start.seconds for start in found]),
        ("peak_memory_mb", "MB", [1e-6 * start.peak_bytes for start in found]),
    ):
        spread = TimeSpread.of(samples)
        rows.append(replace(subject.row(metric, spread.median, unit, STARTS), p10=spread.p10, p90=spread.p90))
    return rows


def _title(conditions: Conditions) -> str:
    from gaq.atoms.elements import formula

    c = conditions
    threads = "1 thread" if c.threads == 1 else f"{c.threads} threads"
    each = "" if c.batch == 1 else f", {c.batch} structures a call"
    return f"{c.data}: {formula(c.structure.species.tolist())}, {len(c.structure)} atoms, {threads}{each}"
