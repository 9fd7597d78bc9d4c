"""A model in one file: weights, the numbers that define it, its recipe, and where it came from. No code
inside.

The container is safetensors; everything that is not a tensor is JSON in its header. A training state is the
same file with the optimizer's tensors added, so that `--resume` continues bit for bit. A SHA-256 checksum covers the
whole file, as in a packed file: docs/format.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from gaq.atoms.domain import check_domain
from gaq.atoms.elements import species_in_file
from gaq.atoms.short_range import check_repulsion
from gaq.errors import BadFile, RecipeError
from gaq.files import write_atomically
from gaq.formats import container
from gaq.formats.checksum import BLANK, checksum_of, sealed
from gaq.formats.texts import finite, shown, strict_json, to_json
from gaq.model.architectures import architecture_named
from gaq.model.generations import TRANSFORMER, first_generation, without_limits
from gaq.model.layered import Layered
from gaq.model.precision import as_dtype
from gaq.model.protocol import dtype_of
from gaq.quant.recipe import Recipe
from gaq.train.old_names import new_name
from gaq.train.rebuild import WAY_OUT, as_tensor, check_finite, rebuilt
from gaq.version import __version__

__all__ = ["Checkpoint", "as_dtype", "load_checkpoint", "save_checkpoint"]

FORMAT = "gaq-checkpoint"
# 1 had no checksum, in 2 the path of a tensor was not that of its slot, 3 had the first transformer, 4 no limits.
FORMAT_VERSION = 5
OLD_NAMES = 2  # the version whose tensors are read by other names
UNLIMITED = 4  # the version whose transformer has no limits of features
READ_VERSIONS = tuple(map(str, range(OLD_NAMES, FORMAT_VERSION + 1)))  # of a transformer only the last two
DTYPES = {"float32": torch.float32, "float64": torch.float64}
MODEL_PREFIX = "model."
# Keys with JSON texts, and the JSON type.
JSON_KEYS: dict[str, type] = {"config": dict, "species": list, "recipe": dict, "manifest": dict}
# Empty for a model that has none, and left out by those who wrote checkpoints before there were any.
OPTIONAL_KEYS: dict[str, type] = {"repulsion": dict, "domain": dict}
KEYS = ("format", "format_version", "gaq_version", "architecture", "dtype", "checksum", *JSON_KEYS)


@dataclass(frozen=True)
class Checkpoint:
    """A model with its recipe and manifest, and the training state if it is one."""

    model: Layered
    recipe: Recipe
    manifest: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Tensor] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint under a temporary name and rename it: equal checkpoints are equal files."""
    model = checkpoint.model
    texts = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "gaq_version": __version__,
        "architecture": model.config.architecture,
        "config": model.config.model_dump_json(exclude={"architecture"}),
        "species": to_json(list(model.species)),
        "dtype": str(dtype_of(model)).removeprefix("torch."),
        "recipe": to_json(checkpoint.recipe.to_dict()),
        "manifest": to_json(finite(checkpoint.manifest)),
        "repulsion": to_json(model.repulsion.said()),
        "domain": to_json({} if model.domain is None else model.domain.to_json()),
        "checksum": BLANK,
    }
    tensors = {MODEL_PREFIX + name: tensor for name, tensor in model.state_dict().items()} | checkpoint.state
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
    entries, payload = container.payload_of(arrays)
    content = sealed(container.to_bytes(texts, entries, payload))
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read and verify a checkpoint; raises `BadFile` for anything else, and for one that is damaged."""
    name = str(path)
    file = container.read_container(path)
    check_kind(file, name)
    said = {key: _parsed(file.metadata[key], key, name) for key in JSON_KEYS}
    species = species_in_file(said["species"], name)
    dtype = DTYPES.get(file.metadata["dtype"])
    if dtype is None:
        raise BadFile(f"{name}: dtype is {shown(file.metadata['dtype'])}; expected {' or '.join(DTYPES)}. {WAY_OUT}")
    arrays = {k.removeprefix(MODEL_PREFIX): a for k, a in file.tensors.items() if k.startswith(MODEL_PREFIX)}
    if file.metadata["format_version"] == str(OLD_NAMES):
        arrays = _renamed(arrays, file, name)
    if file.metadata["format_version"] == str(UNLIMITED) and file.metadata["architecture"] == TRANSFORMER:
        arrays = without_limits(arrays)
    try:
        config = architecture_named(file.metadata["architecture"]).config.model_validate(said["config"], strict=True)
        recipe = Recipe.from_dict(said["recipe"])
        model = rebuilt(config, species, recipe, dtype, arrays, name)
    except (ValidationError, RecipeError) as error:
        raise BadFile(
            f"{name} is a damaged checkpoint: its header cannot be used ({_reason(error)}). {WAY_OUT}"
        ) from None
    optional = {key: _parsed(file.metadata.get(key, "{}"), key, name) for key in OPTIONAL_KEYS}
    model.repulsion.load_(check_repulsion(optional["repulsion"], species, config.cutoff, name, WAY_OUT))
    model.domain = check_domain(optional["domain"], species, config.cutoff, name, WAY_OUT)
    rest = {key: array for key, array in file.tensors.items() if not key.startswith(MODEL_PREFIX)}
    for key, array in rest.items():
        check_finite(array, key, name)
    return Checkpoint(model, recipe, said["manifest"], {key: as_tensor(array) for key, array in rest.items()})


def _renamed(arrays: Mapping[str, np.ndarray], file: container.Container, name: str) -> dict[str, np.ndarray]:
    """Return the arrays of a model of version 2 by their names of today."""
    if len(arrays) < len(file.tensors):
        raise BadFile(
            f"{name} is the state of a training that an older gaq began ({shown(file.metadata['gaq_version'])}): its "
            "steps were made in another order. Use that gaq to continue, or train again."
        )
    return {new_name(key): array for key, array in arrays.items()}


def check_kind(file: container.Container, name: str) -> None:
    """Raise BadFile unless the file is a whole checkpoint of this version, by its texts and its checksum."""
    texts = file.metadata
    if texts.get("format") == "gaq-packed":
        raise BadFile(f"{name} is a packed model, not a checkpoint. Name the checkpoint it was exported from.")
    if texts.get("format") != FORMAT:
        raise BadFile(f"{name} is a safetensors file, but not a gaq checkpoint.")
    version, writer = shown(texts.get("format_version")), shown(texts.get("gaq_version", "unknown"))
    if texts.get("format_version") == "1":
        raise BadFile(
            f"{name} has checkpoint version 1, which has no checksum: damage to it cannot be seen. Train it again, or "
            f"save it again with benchmarks/models/reseal.py if you trust the file."
        )
    if texts.get("format_version") not in READ_VERSIONS:
        raise BadFile(
            f"{name} has checkpoint version {version}; this gaq ({__version__}) reads versions {OLD_NAMES} to "
            f"{FORMAT_VERSION}. Use the gaq that wrote it ({writer})."
        )
    if texts.get("architecture") == TRANSFORMER and int(texts["format_version"]) < UNLIMITED:
        raise BadFile(first_generation(name, texts["format_version"], UNLIMITED, writer))
    _check_keys(texts, name)
    if checksum_of(file.content) != texts["checksum"]:
        raise BadFile(f"{name} is damaged: it does not have the checksum in its header. {WAY_OUT}")
    try:
        architecture_named(texts["architecture"])
    except ValueError as unknown:
        raise BadFile(f"{name} holds a {shown(texts['architecture'])}; {unknown} A newer gaq may know it.") from None


def _check_keys(texts: Mapping[str, str], name: str) -> None:
    lacking = [key for key in KEYS if key not in texts]
    if lacking:
        raise BadFile(f"{name} is a damaged checkpoint: its header lacks {', '.join(lacking)}. {WAY_OUT}")
    unknown = [key for key in texts if key not in (*KEYS, *OPTIONAL_KEYS)]
    if unknown:
        raise BadFile(f"{name}: the header has the unknown key {shown(unknown[0])}. A newer gaq may know it.")


def _parsed(text: str, key: str, name: str) -> Any:
    value = strict_json(text, f"{name} is a damaged checkpoint: {key} in its header", WAY_OUT)
    kind = (JSON_KEYS | OPTIONAL_KEYS)[key]
    if not isinstance(value, kind):
        came, expected = type(value).__name__, kind.__name__
        raise BadFile(f"{name} is a damaged checkpoint: {key} in its header is {came}; expected {expected}. {WAY_OUT}")
    return value


def _reason(error: ValidationError | RecipeError) -> str:
    """Return the first of the faults, in one line."""
    if isinstance(error, RecipeError):
        return str(error)[:300]
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"])) or "config"
    return f"config: {place[:60]} is {shown(first['input'])}: {first['msg']}"
