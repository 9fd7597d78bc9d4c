"""The model of a checkpoint: the PyTorch engine with all contents of the file."""

from __future__ import annotations

from pathlib import Path

from gaq.engine.pytorch import TorchEngine
from gaq.train.checkpoint import Checkpoint, save_checkpoint


class CheckpointModel(TorchEngine):
    """Evaluates a checkpoint as deployed. It can be quantized and exported."""

    def __init__(self, checkpoint: Checkpoint, model: str, *, device: str = "cpu", strict: bool = False) -> None:
        """`model` is its name in rows of the ledger, usually a file name."""
        super().__init__(checkpoint.model, model, checkpoint.recipe.name, device, strict=strict)
        self.checkpoint = checkpoint

    def save(self, path: str | Path) -> None:
        """Write a checkpoint under a temporary name and rename it. Raises `BadFile`."""
        save_checkpoint(Path(path), self.checkpoint)
