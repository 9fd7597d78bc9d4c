"""Pack a checkpoint with its measured accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gaq.pack.format import PackedModel

UNITS_OF_SIZE = ("bytes", "bits")  # of rows about the checkpoint's file instead of the model's predictions


def packed_checkpoint(
    path: Path, data: str | None = None, backward: int | None = None, accuracy: Path | None = None
) -> PackedModel:
    """Return the packed model of a checkpoint; PyTorch evaluates its golden frames on one thread."""
    from gaq.data.read import read_structures
    from gaq.deploy import packed_model
    from gaq.engine.open import check_backward
    from gaq.files import readable_file, sha256_of
    from gaq.train.checkpoint import load_checkpoint
    from gaq.train.memory import use_threads

    check_backward(backward)
    rows = accuracy_rows(accuracy, path.name)
    checkpoint = load_checkpoint(readable_file(path))
    use_threads(1)
    frames = read_structures(data) if data else ()
    return packed_model(checkpoint, path.name, sha256_of(path), frames, accuracy=rows, backward_bits=backward)


def accuracy_rows(ledger: Path | None, model: str) -> list[dict[str, Any]]:
    """Return the rows of a ledger about `model` as plain data; none without a ledger. Raises `UsageError`."""
    import json

    from gaq.errors import UsageError
    from gaq.measure.ledger import read_rows, to_line

    rows = [] if ledger is None else read_rows(ledger)
    about = sorted({entry.model for entry in rows})
    if len(about) > 1 and model not in about:
        raise UsageError(f"--accuracy {ledger}: no row is about {model}; there are rows about {', '.join(about)}.")
    kept = [row for row in rows if (len(about) == 1 or row.model == model) and row.unit not in UNITS_OF_SIZE]
    return [json.loads(to_line(row)) for row in kept]
