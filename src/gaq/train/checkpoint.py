"""A model in one file: weights, the numbers that define it, its recipe, and where it came from. No code
inside.

The container is safetensors; everything that is not a tensor is JSON in its header. A training state is the
same file with the optimizer's tensors added, so that `--resume` goes on bit for bit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from gaq import __version__
from gaq.errors import BadFile, RecipeError
from gaq.files import write_atomically
from gaq.model.transformer import Transformer, TransformerConfig
from gaq.quant.install import install_
from gaq.quant.recipe import Recipe

FORMAT = "gaq-checkpoint"
FORMAT_VERSION = 1
MODEL_PREFIX = "model."


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds beside the model: the recipe in its slots, a manifest, and a training state if it is
    one.
    """

    model: Transformer
    recipe: Recipe
    manifest: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Tensor] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes under a temporary name and renames."""
    model = checkpoint.model
    header = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "gaq_version": __version__,
        "architecture": "transformer",
        "config": model.config.model_dump_json(),
        "species": json.dumps(list(model.species)),
        "dtype": str(model.embedding.dtype).removeprefix("torch."),
        "recipe": json.dumps(checkpoint.recipe.to_dict()),
        "manifest": json.dumps(checkpoint.manifest),
    }
    tensors = {MODEL_PREFIX + name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    tensors |= {name: t.detach().cpu().contiguous() for name, t in checkpoint.state.items()}
    copies = {name: t.clone() for name, t in tensors.items()}  # safetensors refuses tensors that share memory
    content = _ordered(save(copies, metadata=header))
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Reads and verifies a checkpoint; raises `BadFile` for anything else."""
    header, tensors = _read(Path(path))
    try:
        config = TransformerConfig.model_validate_json(header["config"])
        species = tuple(int(z) for z in json.loads(header["species"]))
        recipe = Recipe.from_dict(json.loads(header["recipe"]))
        manifest = dict(json.loads(header["manifest"]))
        dtype = {"float32": torch.float32, "float64": torch.float64}[header["dtype"]]
        model = as_dtype(Transformer(config, species), dtype)
        install_(model.quantizers(), recipe)
    except (KeyError, ValueError, TypeError, IndexError, ValidationError, RecipeError) as error:
        raise BadFile(
            f"{path} is a damaged checkpoint: its header cannot be read ({type(error).__name__}: {error}). "
            "Copy or train it anew."
        ) from None
    own = {k.removeprefix(MODEL_PREFIX): t for k, t in tensors.items() if k.startswith(MODEL_PREFIX)}
    own = _without_repulsion(model) | own
    try:
        model.load_state_dict(own)
    except RuntimeError as error:
        raise BadFile(f"{path} is a damaged checkpoint: its tensors do not fit its header ({error}).") from None
    state = {k: t for k, t in tensors.items() if not k.startswith(MODEL_PREFIX)}
    return Checkpoint(model, recipe, manifest, state)


def _ordered(content: bytes) -> bytes:
    """The same safetensors file with its metadata sorted, so that equal checkpoints are equal files.

    Layout: the length of the header in 8 bytes, the header padded to a multiple of 8, the tensors.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def _without_repulsion(model: Transformer) -> dict[str, Tensor]:
    """The tables of a model that has none, for checkpoints that were written before there was one."""
    return {f"repulsion.{name}": t for name, t in model.repulsion.state_dict().items()}


def as_dtype(model: Transformer, dtype: torch.dtype) -> Transformer:
    """Parameters in another precision; references and quantizer constants keep theirs."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.data = parameter.data.to(dtype)
    return model


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise BadFile(f"{path} does not exist, or is no file. Expected a checkpoint written by `gaq train`.")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, ValueError) as error:
        raise BadFile(
            f"{path} is not a checkpoint, or is truncated ({error}). Expected a file written by `gaq train` "
            "or `gaq quantize`."
        ) from None
    if header.get("format") != FORMAT:
        raise BadFile(f"{path} is a safetensors file, but not a gaq checkpoint.")
    if header.get("format_version") != str(FORMAT_VERSION):
        raise BadFile(
            f"{path} has checkpoint version {header.get('format_version')}; this gaq ({__version__}) reads "
            f"version {FORMAT_VERSION}. Use the gaq that wrote it ({header.get('gaq_version', 'unknown')})."
        )
    return header, tensors
