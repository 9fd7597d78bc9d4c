"""Run `gaq check` on other force fields and on ours.

python -m studies.checked_peers.run --data PATH/rmd17 --peers build/peers
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.common.places import HERE, STUDIES, model_file
from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.engine.ase import AseEngine
from gaq.engine.open import open_engine
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure, GaqError
from gaq.measure.check import check
from gaq.measure.dynamics import FEW_STEPS as STEPS
from gaq.measure.ledger import Row, append_rows, read_rows, row
from gaq.measure.limits import failures
from gaq.measure.subjects import rattled_copies
from gaq.report.diagnosis import meanings

LEDGER = STUDIES / "checked_peers" / "checked.jsonl"
SHIPPED = ("fp32", "w4", "w4a16", "frame-w4a8", "gaq-w4a8", "naive-int8")
PAINN = {
    "PaiNN, float": "",
    "PaiNN, quantize_dynamic": "untouched",
    "PaiNN, quantize_dynamic, representation": "representation",
    "PaiNN, quantize_dynamic, all": "all",
    "PaiNN, quantize_dynamic, all, allow_unused": "all, unused allowed",
}


@dataclass(frozen=True)
class Subject:
    """A force field and its test structures."""

    name: str
    open: Callable[[], Engine]
    data: str
    structures: Callable[[], Sequence[Structure]]
    steps: int = STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the rMD17 files")
    parser.add_argument("--peers", type=Path, default=Path("build/peers"), help="folder of their environments")
    parser.add_argument("--out", type=Path, default=LEDGER)
    parser.add_argument("--only", nargs="*", default=(), help="parts of names")
    arguments = parser.parse_args()
    done = {r.model for r in read_rows(arguments.out)} if arguments.out.exists() else set()
    for subject in subjects(arguments.data, arguments.peers):
        if subject.name in done or (arguments.only and not any(part in subject.name for part in arguments.only)):
            continue
        try:
            rows = inspected(subject)
        except GaqError as error:
            print(f"{subject.name}: left out. {error}", file=sys.stderr)
            continue
        append_rows(arguments.out, rows)
        judged = sum(r.passed is not None for r in rows)
        print(f"{subject.name}: {judged - len(failures(rows))} of {judged}", *meanings(rows), sep="\n  ", flush=True)


def inspected(subject: Subject) -> list[Row]:
    """Return judged rows, or a failed row `answers`."""
    engine = subject.open()
    engine.model = subject.name
    structures = subject.structures()
    try:
        rows = check(engine, structures, data=subject.data, steps=subject.steps)
    except BadStructure as error:
        print(f"{subject.name}: {error}", flush=True)
        return [replace(row(engine, subject.data, "answers", 0, "1", len(structures)), limit=1.0, passed=False)]
    return [r for r in rows if r.passed is not None]


def subjects(data: Path, peers: Path) -> list[Subject]:
    """Return all subjects."""

    def ethanols() -> Sequence[Structure]:
        from ase.build import molecule

        return rattled_copies(from_ase(molecule("CH3CH2OH")), 4, seed=0)

    def elsewhere(environment: str, spec: str, keywords: dict[str, object]) -> Callable[[], Engine]:
        python = str(peers / environment / "bin" / "python")
        return lambda: AseEngine.from_spec(spec, json.dumps(keywords), python=python, threads=1)

    ethanol = ("ethanol, rattled", ethanols)
    xtb = elsewhere("xtb", "tblite.ase:TBLite", {"method": "GFN2-xTB", "verbosity": 0})
    return [
        Subject("GFN2-xTB (tblite)", xtb, *ethanol),
        Subject("EMT (ASE)", _emt, "icosahedron of 10 Cu and 3 Au", _alloy),
        *(
            Subject(f"MACE, {dtype}", elsewhere("mace", _file("mace"), {"dtype": dtype}), *ethanol, steps=0)
            for dtype in ("float64", "float32")
        ),
        *(
            Subject(name, elsewhere("painn", _file("painn"), {"quantized": how}), *ethanol, steps=0)
            for name, how in PAINN.items()
        ),
        *(_shipped(recipe, data) for recipe in SHIPPED),
    ]


def _shipped(recipe: str, data: Path) -> Subject:
    name = f"rmd17-azobenzene-{recipe}.gaq"
    frames = data / "rmd17_azobenzene_test_01.npz"
    return Subject(name, lambda: open_engine(model_file(name)), frames.name, lambda: read_structures(str(frames), 10))


def _file(peer: str) -> str:
    return f"{HERE / 'benchmarks' / 'speed' / 'peers' / f'calculator_{peer}.py'}:make"


def _emt() -> Engine:
    return AseEngine.from_spec("ase.calculators.emt:EMT")


def _alloy() -> Sequence[Structure]:
    from ase.cluster import Icosahedron

    cluster = Icosahedron("Cu", 2)
    cluster.numbers[np.arange(3)] = 79
    cluster.pbc = False
    return rattled_copies(from_ase(cluster), 4, seed=0)


if __name__ == "__main__":
    main()
