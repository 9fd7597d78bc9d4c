"""A checkpoint as a packed model, with what was measured of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gaq.pack.format import PackedModel

UNITS_OF_SIZE = ("bytes", "bits")  # rows about the checkpoint's file, not about what the model predicts


def packed_checkpoint(
    path: Path, data: str | None = None, backward: int | None = None, accuracy: Path | None = None
) -> PackedModel:
    """Return the packed model of a checkpoint, golden frames evaluated by PyTorch on one thread."""
    from gaq import __version__
    from gaq.data.read import read_structures
    from gaq.engine.open import check_backward
    from gaq.engine.pytorch import TorchEngine
    from gaq.files import readable_file, sha256_of
    from gaq.measure.subjects import golden_subjects
    from gaq.pack.export import Golden, pack
    from gaq.pack.refusals import refuse
    from gaq.train.checkpoint import load_checkpoint
    from gaq.train.memory import use_threads

    check_backward(backward)
    rows = accuracy_rows(accuracy, path.name)
    checkpoint = load_checkpoint(readable_file(path))
    refuse(checkpoint.model)
    use_threads(1)
    engine = TorchEngine(checkpoint.model, path.name, checkpoint.recipe.name, watch=False)
    golden = golden_subjects(engine, read_structures(data) if data else ())
    origin = {
        "gaq": __version__,
        "checkpoint_sha256": sha256_of(path),
        "golden_frames": golden.name,
    }
    return pack(
        checkpoint.model,
        checkpoint.recipe,
        Golden(golden.structures, engine.evaluate(golden.structures)),
        manifest=checkpoint.manifest | {"export": origin},
        accuracy=rows or validation_rows(checkpoint.manifest, checkpoint.recipe.name),
        backward_bits=backward,
    )


def accuracy_rows(ledger: Path | None, model: str) -> list[dict[str, Any]]:
    """Return the rows of a ledger that are about `model`, as plain data; none without a ledger. Raises `UsageError`."""
    import json

    from gaq.errors import UsageError
    from gaq.measure.ledger import read_rows, to_line

    rows = [] if ledger is None else read_rows(ledger)
    about = sorted({entry.model for entry in rows})
    if len(about) > 1 and model not in about:
        raise UsageError(f"--accuracy {ledger}: no row is about {model}; there are rows about {', '.join(about)}.")
    kept = [row for row in rows if (len(about) == 1 or row.model == model) and row.unit not in UNITS_OF_SIZE]
    return [json.loads(to_line(row)) for row in kept]


def validation_rows(manifest: dict[str, Any], recipe: str) -> list[dict[str, Any]]:
    """Return the errors of a checkpoint on its held-out frames, as rows of the ledger."""
    import json

    from gaq.measure.ledger import Row, to_line

    said = manifest.get("validation")
    if not isinstance(said, dict) or said.get("frames") != "held out":
        return []
    data = f"{manifest.get('data', {}).get('name', 'data')}, held out"
    found = (("energy_mae", "energy_mae_mev", "meV"), ("force_mae", "force_mae_mev_per_angstrom", "meV/Å"))
    rows = [
        Row(name, float(said[key]), unit, recipe, recipe, "torch", data, int(said["n"])) for name, key, unit in found
    ]
    return [json.loads(to_line(entry)) for entry in rows]
