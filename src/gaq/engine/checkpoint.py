"""The model of a checkpoint: the engine of PyTorch, with all that the file says."""

from __future__ import annotations

from pathlib import Path

from gaq.engine.pytorch import TorchEngine
from gaq.train.checkpoint import Checkpoint, save_checkpoint


class CheckpointModel(TorchEngine):
    """Evaluates a checkpoint as it would be deployed. It is what can be quantized, and exported."""

    def __init__(self, checkpoint: Checkpoint, model: str, *, device: str = "cpu", strict: bool = False) -> None:
        """`model` is what rows of the ledger call it, usually a file name."""
        super().__init__(checkpoint.model, model, checkpoint.recipe.name, device, strict=strict)
        self.checkpoint = checkpoint

    def save(self, path: str | Path) -> None:
        """Write a checkpoint under a temporary name and rename it. Raises `BadFile`."""
        save_checkpoint(Path(path), self.checkpoint)
