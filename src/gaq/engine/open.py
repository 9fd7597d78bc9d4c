"""From a file name to an engine: the one place that knows which files there are."""

from __future__ import annotations

from pathlib import Path

from gaq.engine.protocol import Engine
from gaq.errors import NotAvailable, UsageError
from gaq.files import readable_file

ENGINES = ("torch", "native")


def open_engine(
    path: str | Path, *, engine: str | None = None, device: str = "cpu", threads: int | None = None
) -> Engine:
    """The engine behind a checkpoint. Raises `BadFile`, `UsageError`, `NotAvailable`.

    `engine` forces one; `threads` sets how many PyTorch may use (an own decision of the process, like its
    device).
    """
    if engine is not None and engine not in ENGINES:
        raise UsageError(f"--engine {engine!r}: expected one of {', '.join(ENGINES)}.")
    if engine == "native":
        raise NotAvailable("the native engine is not part of this version. Leave out --engine, or say --engine torch.")
    file = readable_file(path)
    import torch

    from gaq.engine.pytorch import TorchEngine
    from gaq.train.checkpoint import load_checkpoint

    if threads is not None:
        torch.set_num_threads(threads)
    checkpoint = load_checkpoint(file)
    return TorchEngine(
        checkpoint.model,
        file.name,
        checkpoint.recipe.name,
        check_device(device),
        file_bytes=file.stat().st_size,
    )


def check_device(device: str) -> str:
    """The device if PyTorch has it; raises `NotAvailable` with the way out if not."""
    import torch

    if device == "cpu" or (device.startswith("cuda") and torch.cuda.is_available()):
        return device
    if device.startswith("cuda"):
        raise NotAvailable(f"--device {device}: this PyTorch sees no CUDA device. Use --device cpu.")
    raise UsageError(f"--device {device!r}: expected cpu, cuda, or cuda:N.")
