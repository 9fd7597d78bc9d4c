"""`gaq data`: describe data, generate reference data, download official files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaq.cli.cluster import ClusterOption, farm_of
from gaq.cli.labels import LabelsOption
from gaq.cli.outputs import COSTLY, OverwriteOption, claim_output, claim_rows
from gaq.cli.progress import ByteProgress, FrameProgress

if TYPE_CHECKING:
    from gaq.data.dataset import Dataset
    from gaq.data.summary import EnergyFigures, GeometryFigures
    from gaq.measure.ledger import Row

INTERRUPTED = 130

app = typer.Typer(help="Describe data, generate reference data, download official files.", no_args_is_help=True)


def _examples(*lines: str) -> str:
    return "\n\n".join(("Examples:", *lines))


@app.command(epilog=_examples("gaq data info embedded", "gaq data info frames.npz --json info.jsonl"))
def info(
    file: Annotated[str, typer.Argument(help="A data file, or `embedded` for the one that comes with gaq.")],
    limit: Annotated[int | None, typer.Option(help="Only the first N frames.")] = None,
    labels: LabelsOption = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures, one JSON object a line.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Describe a data file: frames, elements, energies, forces, distances, duplicates."""
    from gaq.data.read import read_dataset, read_structures
    from gaq.data.summary import describe_labels, describe_structures
    from gaq.errors import BadLabels
    from gaq.measure.ledger import write_rows

    claim_rows(json_file, overwrite, [file])
    try:
        data = read_dataset(file, limit, energies_only=True, labels=labels)
    except BadLabels:  # print what is known of the structures before the error
        if not file.endswith(".npz"):
            _print_table(file, describe_structures(read_structures(file, limit)), None, None)
        raise
    geometry = describe_structures(data.structures)
    energies = describe_labels(data.structures, data.labels)
    _print_table(file, geometry, energies, data)
    if json_file is not None:
        write_rows(json_file, _rows(data.name, geometry, energies))


@app.command(
    epilog=_examples(
        "gaq data label ethanol --frames 200 -o ethanol.xyz",
        "gaq data label 'CC(=O)Nc1ccc(O)cc1' --frames 500 -o paracetamol.npz",
        "gaq data label start.xyz --temperature 800 --workers 8 -o frames.npz",
        "gaq data label start.xyz --temperature 800 -o frames.npz --resume",
        "gaq data label ethanol --replicas 64 --cluster tcp://host:8786 -o a.npz",
    )
)
def label(
    molecule: Annotated[str, typer.Argument(help="A name such as ethanol or glycine, a SMILES, or an XYZ file.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Output file, .xyz or .npz.")],
    method: Annotated[str, typer.Option(help="gfn2-xtb or gfn1-xtb.")] = "gfn2-xtb",
    temperature: Annotated[float, typer.Option(help="Temperature, K.")] = 500.0,
    frames: Annotated[int, typer.Option(help="Number of frames.")] = 200,
    interval: Annotated[int, typer.Option(help="Steps between frames.")] = 50,
    dt: Annotated[float, typer.Option(help="Time step, fs.")] = 0.5,
    equilibrate: Annotated[float, typer.Option(help="Time before the first frame of each replica, fs.")] = 250.0,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
    replicas: Annotated[
        int, typer.Option(help="Independent runs that share the frames; never more than the frames.")
    ] = 4,
    charge: Annotated[
        int | None,
        typer.Option(help="Charge of the molecule; by default that of the SMILES, or 0.", show_default=False),
    ] = None,
    multiplicity: Annotated[
        int | None,
        typer.Option(help="2 S + 1; by default that of the SMILES or of ASE's collection, or 1.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes to use (default: one per core). Results do not depend on this.")
    ] = None,
    cluster: ClusterOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an earlier run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE if it exists.")] = False,
) -> None:
    """Generate reference data: molecular dynamics with GFN2-xTB, saving frames with energies and forces.

    Ctrl-C keeps the frames made so far next to FILE, and --resume continues to the same result.
    """
    from gaq.atoms.elements import formula
    from gaq.data.label import label as make_labels
    from gaq.data.molecules import find_molecule
    from gaq.data.partial import Settings
    from gaq.farm.open import check_cores

    check_cores("workers", workers, cluster)
    found = find_molecule(molecule)
    structure = found.structure
    charge = found.charge if charge is None else charge
    multiplicity = found.multiplicity if multiplicity is None else multiplicity
    named = formula(structure.species.tolist())
    typer.echo(f"{named}: {found.source}; charge {charge}, multiplicity {multiplicity}", err=True)
    claim_output(output, COSTLY, overwrite, [molecule])
    settings = Settings(
        molecule=Path(molecule).name if Path(molecule).is_file() else molecule,
        species=tuple(structure.species.tolist()),
        positions=tuple(tuple(row) for row in structure.positions.tolist()),
        method=method.lower(),
        temperature=temperature,
        frames=frames,
        interval=interval,
        timestep=dt,
        equilibration=equilibrate,
        seed=seed,
        replicas=max(1, min(replicas, frames)) if replicas > 0 else replicas,
        charge=charge,
        multiplicity=multiplicity,
    )
    with FrameProgress(settings.frames) as progress, farm_of(cluster, workers) as farm:
        done = make_labels(settings, output, farm, resume, overwrite, progress.update)
    if done < settings.frames:
        kept = f"{done} of {settings.frames} frames are kept next to {output}"
        typer.echo(f"{kept}. Continue with the same command and --resume.", err=True)
        raise typer.Exit(INTERRUPTED)
    typer.echo(f"{done} frames in {output}")


@app.command(
    epilog=_examples(
        "gaq data fetch rmd17 --molecule azobenzene --out data",
        "gaq data fetch rmd17 --molecule ethanol --from rmd17.tar.bz2",
    )
)
def fetch(
    dataset: Annotated[str, typer.Argument(help="rmd17")],
    molecule: Annotated[str, typer.Option(help="For example azobenzene.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the files.")] = Path("data"),
    split: Annotated[int, typer.Option(help="Official split to write to separate files, 1 to 5.")] = 1,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="A local copy of the archive or of the molecule's npz."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the archive (1.1 GB) is kept; without it, the user's cache."),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Download the official files and verify their hashes: the npz of a molecule, its training and test split."""
    from gaq.claims import FileKind
    from gaq.data.fetch import fetch_rmd17, was_fetched
    from gaq.errors import UsageError

    if dataset != "rmd17":
        raise UsageError(f"no data set {dataset!r} to fetch; known is rmd17.")
    fetched = FileKind("an unchanged file of `gaq data fetch`", was_fetched)

    def may_write(path: Path) -> None:
        claim_output(path, fetched, overwrite, [source])

    with ByteProgress() as progress:
        written = fetch_rmd17(molecule, out, split, source, cache, progress=progress, claim=may_write)
    for path in written:
        typer.echo(str(path))


def _print_table(file: str, geometry: GeometryFigures, energies: EnergyFigures | None, data: Dataset | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from gaq.data.labels import label_counts
    from gaq.data.states import describe
    from gaq.units import GPA

    table = Table(title=data.name if data is not None else Path(file).name, show_header=False, title_justify="left")
    fewest, most = geometry.atoms
    shown = ", ".join(f"{name} ({count})" for name, count in geometry.formulas[:5])
    more = f" and {len(geometry.formulas) - 5} more" if len(geometry.formulas) > 5 else ""
    lines = [
        ("frames", f"{geometry.frames:,}"),
        ("atoms per frame", str(fewest) if fewest == most else f"{fewest} to {most}"),
        ("elements", " ".join(geometry.elements)),
        ("formulas (frames)", shown + more),
        ("periodic", _of(geometry.periodic, geometry.frames)),
        ("shortest distance", _shortest(geometry)),
        ("neighbours within 5 Å", f"{geometry.neighbors:.1f} per atom"),
        ("duplicate frames", str(geometry.duplicates)),
    ]
    if energies is not None and data is not None:
        lines += [
            ("energy, mean", f"{energies.mean:,.3f} eV"),
            ("energy, std", f"{energies.std:.4f} eV"),
            ("  after element energies", f"{energies.spread:.4f} eV"),
            ("frames with energies", _of(energies.with_energy, geometry.frames)),
            ("frames with forces", _of(energies.with_forces, geometry.frames)),
        ]
        if energies.with_forces:
            lines += [
                ("force, rms per component", f"{energies.force_rms:.4f} eV/Å"),
                ("force, largest", f"{energies.force_max:.3f} eV/Å"),
            ]
        if energies.with_stress:
            gigapascal = energies.stress_rms / GPA
            lines += [
                ("frames with stress", _of(energies.with_stress, geometry.frames)),
                ("stress, rms per component", f"{1e3 * energies.stress_rms:.3g} meV/Å³ ({gigapascal:.3g} GPa)"),
            ]
        if energies.isolated:
            lines += [("isolated atoms", " ".join(energies.isolated))]
        lines += [("energy outliers", _frames(energies.outliers))] if energies.outliers else []
        lines += [("charge, spin, field", line) for line in describe(data.states)]
        lines += [("note", line) for line in (*data.remarks, *label_counts(data.labels))]
        lines += [("units here", "eV, eV/Å, eV/Å³, Å"), ("SHA-256", data.sha256)]
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(*line)
    Console(highlight=False).print(table)


def _shortest(geometry: GeometryFigures) -> str:
    if geometry.shortest_distance == float("inf"):
        return "none: single atoms"
    return f"{geometry.shortest_distance:.3f} Å (frame {geometry.shortest_frame})"


def _frames(indices: tuple[int, ...]) -> str:
    shown = ", ".join(str(index) for index in indices[:8])
    return f"frames {shown}" + (f" and {len(indices) - 8} more" if len(indices) > 8 else "")


def _of(count: int, total: int) -> str:
    return "all" if count == total else "none" if count == 0 else f"{count:,} of {total:,}"


def _rows(name: str, geometry: GeometryFigures, energies: EnergyFigures) -> list[Row]:
    from gaq.measure.ledger import Row

    figures = (
        ("data_frames", geometry.frames, ""),
        ("data_atoms_max", geometry.atoms[1], ""),
        ("data_shortest_distance", geometry.shortest_distance, "Å"),
        ("data_neighbors", geometry.neighbors, ""),
        ("data_periodic_frames", geometry.periodic, ""),
        ("data_duplicates", geometry.duplicates, ""),
        ("data_energy_mean", energies.mean, "eV"),
        ("data_energy_std", energies.std, "eV"),
        ("data_energy_spread", energies.spread, "eV"),
        ("data_force_rms", energies.force_rms, "eV/Å"),
        ("data_force_max", energies.force_max, "eV/Å"),
        ("data_frames_with_energies", energies.with_energy, ""),
        ("data_frames_with_forces", energies.with_forces, ""),
        ("data_frames_with_stress", energies.with_stress, ""),
        ("data_stress_rms", energies.stress_rms, "eV/Å³"),
        ("data_energy_outliers", len(energies.outliers), ""),
    )
    return [Row(metric, float(value), unit, "", "", "", name, geometry.frames) for metric, value, unit in figures]
