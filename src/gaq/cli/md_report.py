"""Output of `gaq md`: a progress line, a final table, and rows of the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gaq.cli.md_setup import Asked
from gaq.cli.stage_progress import StageProgress
from gaq.engine.protocol import Engine, isa_of
from gaq.measure.ledger import Row, find
from gaq.measure.runs import rates, run_rows
from gaq.measure.speed import FS_PER_NS, SECONDS_PER_DAY
from gaq.report.numbers import significant, with_spread
from gaq.simulate.blame import TIME_STEP
from gaq.simulate.log import Record
from gaq.simulate.replicas import replica_path
from gaq.simulate.session import Ending, Files

NAMES = {
    "drift": "drift of the energy",
    "drift_ratio": "drift ratio over 50 ps",
    "temperature": "temperature",
    "momentum_change": "change of momentum",
    "angular_momentum_change": "change of angular momentum",
    "angular_momentum_relative": "relative to thermal rotation",
    "latency_ms": "time of a step",
    "ns_per_day": "speed",
}


class RunProgress:
    """One line for all replicas: steps, ns/day, temperature and energy of the latest record."""

    def __init__(self, watch: StageProgress, replicas: int, steps: int, dt: float) -> None:
        self._watch, self._dt = watch, dt
        self._total = replicas * steps
        self._done = [0] * replicas
        self._lock = threading.Lock()

    def listener(self, replica: int) -> Callable[[Record, float], None]:
        """Return the callback of a session, which receives its latest record and the seconds per step."""

        def listen(record: Record, seconds: float) -> None:
            with self._lock:
                self._done[replica] = record.step
                speed = self._dt / seconds * SECONDS_PER_DAY / FS_PER_NS
                energy = record.potential + record.kinetic - record.heat
                note = f"{speed:.3g} ns/day  {record.temperature:.0f} K  E {energy:.4f} eV"
                self._watch("dynamics", sum(self._done), self._total, note)

        return listen


def rows_of(engines: Sequence[Engine], endings: Sequence[Ending], asked: Asked, threads: int) -> list[Row]:
    """Return the rows of all replicas, each with its seed."""
    rows: list[Row] = []
    bath, data = asked.plan.dynamics.thermostat, asked.data
    for replica, (engine, ending) in enumerate(zip(engines, endings, strict=True)):
        about = (engine.recipe, engine.name, data)
        kind = None if bath is None else bath.kind
        found = run_rows(ending.log, ending.state, *about, asked.plan.temperature, kind)
        if ending.made:
            found += rates(ending.log, *about, ending.made, ending.seconds)
        isa = isa_of(engine)
        rows += [replace(entry, seed=asked.seed + replica, threads=threads, isa=isa) for entry in found]
    return rows


def say(endings: Sequence[Ending], rows: Sequence[Row], asked: Asked, console: Console) -> None:
    """Print the table, errors, and the paths of the files."""
    found = [[entry for entry in rows if entry.seed == asked.seed + replica] for replica in range(len(endings))]
    console.print(_column(endings[0], found[0]) if len(endings) == 1 else _lines(endings, found))
    for replica, ending in enumerate(endings):
        files = Files(replica_path(asked.out, replica, len(endings)))
        if ending.because:
            said = Text(f"replica {replica} became unstable. ", "bold red").append(ending.because, "not bold")
            console.print(said, soft_wrap=True)
            for line in hints(ending):
                console.print(line, soft_wrap=True, markup=False)
            console.print(f"its last frame is in {files.trajectory}", soft_wrap=True)
        if ending.interrupted:
            console.print(f"stopped at step {ending.state.step}; --resume continues", style="yellow")
        console.print(f"{files.trajectory}  {files.log}  {files.checkpoint}", style="dim", soft_wrap=True)


def hints(ending: Ending) -> list[str]:
    """Return advice on an unstable run: the cause and the options that matter."""
    lines = [] if ending.blame is None else [ending.blame.sentence]
    if ending.blame is not None and ending.blame.cause == TIME_STEP:
        lines.append("The option is --dt.")
    if ending.bond:
        lines.append("If bonds are meant to break, as in reactions, run with --bonds-may-break.")
    return lines


def _column(ending: Ending, rows: Sequence[Row]) -> Table:
    """Return one run, one line per number."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for metric, name in NAMES.items():
        entry = find(rows, metric)
        if entry is not None:
            table.add_row(name, f"{with_spread(entry.value, entry.std_error)} {_unit(entry)}")
    table.add_row("time", f"{_picoseconds(ending)} ps")
    table.add_row("held", _held(ending))
    return table


def _lines(endings: Sequence[Ending], found: Sequence[Sequence[Row]]) -> Table:
    """Return several runs, one line per run."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("replica", "ps", "ns/day", "T, K", "drift, meV/atom/ps", "held"):
        table.add_column(heading, justify="right", no_wrap=True)
    for replica, (ending, rows) in enumerate(zip(endings, found, strict=True)):
        cells = (_shown(rows, name) for name in ("ns_per_day", "temperature", "drift"))
        table.add_row(str(replica), _picoseconds(ending), *cells, _held(ending))
    return table


def _picoseconds(ending: Ending) -> str:
    return significant(ending.state.step * ending.log.dt / 1000, 4)


def _held(ending: Ending) -> Text:
    return Text("no", "bold red") if ending.because else Text("yes", "green")


def _unit(entry: Row) -> str:
    return "" if entry.unit == "1" else entry.unit


def _shown(rows: Sequence[Row], metric: str) -> str:
    entry = find(rows, metric)
    return "–" if entry is None else with_spread(entry.value, entry.std_error)
