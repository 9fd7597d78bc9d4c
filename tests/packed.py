"""Packed models for tests, and files that are wrong in one chosen place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from gaq.engine.pytorch import TorchEngine
from gaq.formats import container
from gaq.formats.checksum import sealed
from gaq.model.layered import LayeredConfig
from gaq.pack.export import Golden, pack
from gaq.pack.format import PackedModel, to_bytes
from gaq.quant.recipe import Recipe
from gaq.train.checkpoint import Checkpoint
from tiny import checkpoint, config, molecule


def golden_of(model: Checkpoint) -> Golden:
    """Three ethanol molecules and what PyTorch says of them."""
    structures = [molecule("CH3CH2OH", seed) for seed in range(3)]
    return Golden(structures, TorchEngine(model.model, "m", model.recipe.name).evaluate(structures))


def packed(recipe: Recipe | None = None, settings: LayeredConfig | None = None, **options: Any) -> PackedModel:
    """A tiny network, float or quantized, as `gaq export` packs it."""
    model = checkpoint(settings or config(), recipe)
    return pack(model.model, model.recipe, golden_of(model), manifest=model.manifest, **options)


def with_text(content: bytes, key: str, change: Callable[[Any], Any]) -> bytes:
    """The same file with one text of its header changed; None takes the key away. JSON goes in and out parsed.

    The checksum is right, unless it is what was changed.
    """
    file = container.parse(content, "file")
    metadata = dict(file.metadata)
    try:
        changed = change(json.loads(metadata[key]))
    except json.JSONDecodeError:
        changed = change(metadata[key])
    if changed is None:
        del metadata[key]
    else:
        metadata[key] = changed if isinstance(changed, str) else json.dumps(changed)
    entries, payload = container.payload_of(file.tensors)
    content = container.to_bytes(metadata, entries, payload)
    return content if key == "checksum" else sealed(content)


def with_array(content: bytes, name: str, change: Callable[[np.ndarray], np.ndarray | None]) -> bytes:
    """The same file with one array changed or, for None, taken away; its checksum is right."""
    file = container.parse(content, "file")
    arrays = dict(file.tensors)
    changed = change(arrays[name].copy())
    if changed is None:
        del arrays[name]
    else:
        arrays[name] = changed
    entries, payload = container.payload_of(arrays)
    return sealed(container.to_bytes(file.metadata, entries, payload))


def file_of(recipe: Recipe | None = None, settings: LayeredConfig | None = None) -> bytes:
    """The bytes of a packed tiny network."""
    return to_bytes(packed(recipe, settings))
