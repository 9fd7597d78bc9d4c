"""A network from the numbers, the recipe and the arrays of a checkpoint.

Memory is allocated only for arrays that the file holds: the float network is first built on PyTorch's `meta` device,
which has shapes and no numbers, and each quantizer is compared with the file before the next one is made. So a
header that claims a thousand channels is refused before it costs memory.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from gaq.errors import BadFile
from gaq.formats.texts import shown
from gaq.model.architectures import architecture_named
from gaq.model.layered import Layered, LayeredConfig
from gaq.model.precision import as_dtype
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe

Arrays = Mapping[str, np.ndarray]
WAY_OUT = "Copy it again, or train it again."


def rebuilt(
    config: LayeredConfig, species: tuple[int, ...], recipe: Recipe, dtype: torch.dtype, arrays: Arrays, name: str
) -> Layered:
    """Return the network with its quantizers and all its numbers; `arrays` go by the names of its state_dict.

    `name` is what the sentences call the file. Raises BadFile for an array that is missing, unknown, of another type
    or shape, or not finite, and RecipeError for a recipe that does not fit the network.
    """
    build = architecture_named(config.architecture).build
    with torch.device("meta"):
        outline = as_dtype(build(config, species), dtype)
    wanted = outline.state_dict()
    _check_same(wanted, arrays, name)
    model = as_dtype(build(config, species), dtype)
    known = set(wanted) | _install_(model, recipe, arrays, name)
    for key in arrays:
        if key not in known:
            raise BadFile(f"{name}: tensor {shown(key)} is unknown: its tensors do not fit its header. {WAY_OUT}")
    if not np.array_equal(arrays["row"], model.row.numpy()):
        raise BadFile(f"{name}: tensor 'row' does not belong to the species in the header. {WAY_OUT}")
    for key in known:
        check_finite(arrays[key], key, name)
    try:
        model.load_state_dict({key: as_tensor(arrays[key]) for key in known})
    except (RuntimeError, ValueError) as error:
        raise BadFile(f"{name} is a damaged checkpoint: {shown(str(error), 200)}. {WAY_OUT}") from None
    return model


def as_tensor(array: np.ndarray) -> Tensor:
    """Return a tensor of its own with the numbers of an array, which may be read-only."""
    return torch.from_numpy(array.copy())


def check_finite(array: np.ndarray, key: str, name: str) -> None:
    """Raise BadFile when an array of floats holds NaN or infinity."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadFile(f"{name}: tensor {shown(key)} holds numbers that are not finite. {WAY_OUT}")


def _install_(model: nn.Module, recipe: Recipe, arrays: Arrays, name: str) -> set[str]:
    """Put the recipe into the slots, one after the other; return the names of all their tensors."""
    quantizers = {path: module for path, module in model.named_modules() if isinstance(module, Quantizer)}
    rules = recipe.resolve([quantizer.slot for quantizer in quantizers.values()])
    known: set[str] = set()
    for path, quantizer in quantizers.items():
        rule = rules[quantizer.slot.name]
        quantizer.install(rule.spec, rule.calibrate)
        tensors = {f"{path}.{key}": tensor for key, tensor in quantizer.state_dict().items()}
        _check_same(tensors, arrays, name)
        known |= set(tensors)
    return known


def _check_same(wanted: Mapping[str, Tensor], arrays: Arrays, name: str) -> None:
    """Refuse an array that is missing or has another type or shape than the network needs."""
    for key, tensor in wanted.items():
        if key not in arrays:
            raise BadFile(f"{name}: tensor {key!r} is missing: its tensors do not fit its header. {WAY_OUT}")
        need, array = str(tensor.dtype).removeprefix("torch."), arrays[key]
        if array.dtype.name != need or array.shape != tuple(tensor.shape):
            raise BadFile(
                f"{name}: tensor {key!r} is {array.dtype.name} {list(array.shape)}; expected {need} "
                f"{list(tensor.shape)}: its tensors do not fit its header. {WAY_OUT}"
            )
