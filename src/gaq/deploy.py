"""A checkpoint as the packed model that `gaq export` and `gaq.export` write, with what was measured of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaq.files import sha256_of
from gaq.version import __version__

if TYPE_CHECKING:
    from gaq.atoms.structure import Structure
    from gaq.pack.format import PackedModel
    from gaq.train.checkpoint import Checkpoint


def packed_model(
    checkpoint: Checkpoint,
    name: str,
    sha256: str,
    frames: Sequence[Structure] = (),
    *,
    accuracy: Sequence[dict[str, Any]] = (),
    backward_bits: int | None = None,
) -> PackedModel:
    """Return the packed model of a checkpoint, golden frames evaluated by PyTorch on one thread.

    `name` and `sha256` are those of its file. Golden frames are some of `frames`, or else small molecules. `accuracy`
    are rows of the ledger as plain data, by default the validation errors in the manifest. Raises `RecipeError`,
    `UsageError`.
    """
    import torch

    from gaq.engine.pytorch import TorchEngine
    from gaq.measure.subjects import golden_subjects
    from gaq.model.precision import float_model_in
    from gaq.pack.export import Golden, pack
    from gaq.pack.refusals import refuse
    from gaq.train.memory import one_thread

    refuse(float_model_in(checkpoint.model, torch.float32))
    engine = TorchEngine(checkpoint.model, name, checkpoint.recipe.name, watch=False)
    with one_thread():
        golden = golden_subjects(engine, frames)
        predictions = engine.evaluate(golden.structures)
    origin = {"gaq": __version__, "checkpoint_sha256": sha256, "golden_frames": golden.name}
    return pack(
        checkpoint.model,
        checkpoint.recipe,
        Golden(golden.structures, predictions),
        manifest=checkpoint.manifest | {"export": origin},
        accuracy=accuracy or validation_rows(checkpoint.manifest, checkpoint.recipe.name),
        backward_bits=backward_bits,
    )


def digest_of(checkpoint: Checkpoint) -> str:
    """Return the SHA-256 of the file that the checkpoint is saved as."""
    from gaq.train.checkpoint import save_checkpoint

    with tempfile.TemporaryDirectory(prefix="gaq-") as folder:
        file = Path(folder) / "model.ckpt"
        save_checkpoint(file, checkpoint)
        return sha256_of(file)


def validation_rows(manifest: dict[str, Any], recipe: str) -> list[dict[str, Any]]:
    """Return the errors on held-out frames that a checkpoint states, as rows of the ledger."""
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
