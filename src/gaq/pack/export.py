"""From a network to a packed model: the only bridge from training to deployment.

Weights are encoded here, once, by the scheme that training used; what is written is what was trained with, to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from ase.data import covalent_radii

from gaq.atoms.structure import Prediction, Structure
from gaq.errors import RecipeError, UsageError
from gaq.model.architecture import PackedNetwork
from gaq.model.architectures import architecture_of
from gaq.model.layered import Layered
from gaq.model.layouts import LAYOUTS
from gaq.model.linear import Linear
from gaq.model.precision import float_model_in
from gaq.pack.bits import NIBBLE_BITS, pack_nibbles
from gaq.pack.format import BACKWARD_BITS, PackedModel
from gaq.pack.layout import GOLDEN_FRAMES
from gaq.pack.radial_table import radial_table
from gaq.pack.refusals import refuse
from gaq.pack.slots import Arrays, array_of, packed_slots
from gaq.quant.recipe import Recipe
from gaq.quant.spec import integer_product, uniform_part


@dataclass(frozen=True, eq=False)
class Golden:
    """Structures of the same atoms and what the exporting engine says of them, for a reader to compare with."""

    structures: Sequence[Structure]
    predictions: Sequence[Prediction]


def pack(
    model: Layered,
    recipe: Recipe,
    golden: Golden,
    *,
    manifest: dict[str, Any] | None = None,
    accuracy: Sequence[dict[str, Any]] = (),
    backward_bits: int | None = None,
) -> PackedModel:
    """The packed model, with everything an engine needs to evaluate it.

    A float model in float64 is packed in float32. `backward_bits` (8, 16, 32) is the precision of the products in the
    backward pass; None chooses by the recipe. Raises `RecipeError` for what the file has no place for, `UsageError` for
    golden frames that do not fit.
    """
    model = float_model_in(model, torch.float32)
    network = packed_network(model)
    refuse(model)
    config = LAYOUTS[model.config.architecture].numbers_from(network.config, "the model")
    slots, arrays = packed_slots(model.quantizers())
    table = radial_table(config.cutoff, config.basis, functions=network.radial, grid=network.grid)
    arrays |= _constants(model) | _golden(golden, model.species)
    for name in ("values", "slopes", "curvatures"):
        arrays[f"radial.{name}"] = array_of(getattr(table, name))
    arrays |= {name: array_of(tensor) for name, tensor in {**network.mixtures, **network.arrays}.items()}
    for layer in model.modules():
        if isinstance(layer, Linear):
            arrays |= packed_linear(layer)
    return PackedModel(
        architecture=model.config.architecture,
        config=config,
        species=model.species,
        recipe_name=recipe.name,
        recipe=recipe.to_dict(),
        backward_bits=backward_bits_for(model) if backward_bits is None else _backward(backward_bits),
        radial={"knots": len(table.values), "decay": table.decay, "low": table.low, "high": table.high},
        slots=slots,
        arrays=arrays,
        repulsion=model.repulsion.said(),
        domain={} if model.domain is None else model.domain.to_json(),
        manifest=manifest or {},
        accuracy=list(accuracy),
    )


def packed_network(model: Layered) -> PackedNetwork:
    """Return what a packed file holds of a network. Raises `RecipeError` for one that only PyTorch runs."""
    architecture = architecture_of(model)
    if architecture.packed is None:
        raise RecipeError(
            f"a {architecture.name!r} cannot be packed: only PyTorch runs this network, the engine does not. "
            "Evaluate its checkpoint instead, which needs PyTorch."
        )
    return architecture.packed(model)


def packed_linear(layer: Linear) -> Arrays:
    """Return the arrays of one layer: its bias, and either its weight or integers with a scale per output."""
    name = layer.weight_quantizer.slot.name.removesuffix(".weight")
    arrays = {} if layer.bias is None else {f"{name}.bias": array_of(layer.bias)}
    uniform = uniform_part(layer.weight_quantizer.spec)
    if uniform is None:
        return arrays | {f"{name}.weight": array_of(layer.weight)}
    with torch.no_grad():
        coded = layer.weight_quantizer(layer.weight)
    if coded.codes is None or coded.scale is None or not torch.equal(coded.codes * coded.scale, coded.value):
        raise RecipeError(
            f"slot {layer.weight_quantizer.slot.name!r}: codes times scale are not the value; this is a fault of gaq"
        )
    codes = coded.codes.cpu().numpy().astype(np.int8)
    scale = np.broadcast_to(array_of(coded.scale.reshape(-1)), (len(codes),)).copy()
    stored = pack_nibbles(codes) if uniform.bits <= NIBBLE_BITS else codes
    return arrays | {f"{name}.codes": stored, f"{name}.scale": scale}


def backward_bits_for(model: Layered) -> int:
    """16 where some product takes features as integers, else 32. No recipe chooses 8: they cost force error."""
    linear = (layer for layer in model.modules() if isinstance(layer, Linear))
    integers = any(
        layer.weight_quantizer.calibrated is not None and integer_product(layer.input_quantizer.spec)
        for layer in linear
    )
    return 16 if integers else 32


def _constants(model: Layered) -> Arrays:
    radii = covalent_radii[list(model.species)]
    return {
        "embedding": array_of(model.embedding),
        "reference": array_of(model.reference),
        "radii": np.asarray(radii, dtype=np.float64),
        "scale": array_of(model.scale),
    }


def _golden(golden: Golden, species: Sequence[int]) -> Arrays:
    frames, found = golden.structures, golden.predictions
    if len(frames) != GOLDEN_FRAMES or len(found) != GOLDEN_FRAMES:
        raise UsageError(f"{len(frames)} golden frames with {len(found)} predictions; expected {GOLDEN_FRAMES} of each")
    first = frames[0].species
    if any(not np.array_equal(frame.species, first) or frame.periodic.any() for frame in frames):
        raise UsageError("golden frames must be of the same atoms in the same order, in open space")
    if not all(np.isfinite(p.energy) and np.isfinite(p.forces).all() for p in found):
        raise UsageError("the model's forces on the golden frames are not finite; give `frames` like its own")
    if not set(first.tolist()) <= set(species):
        raise UsageError("golden frames hold elements that the model does not know")
    return {
        "golden.species": np.asarray(first, dtype=np.int64),
        "golden.positions": np.stack([frame.positions for frame in frames]).astype(np.float64),
        "golden.energies": np.array([p.energy for p in found], dtype=np.float64),
        "golden.forces": np.stack([p.forces for p in found]).astype(np.float64),
    }


def _backward(bits: int) -> int:
    if bits not in BACKWARD_BITS:
        raise UsageError(f"`backward_bits` {bits}: expected 8, 16 or 32.")
    return bits
