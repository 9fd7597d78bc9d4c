"""Intermediate values of both engines, slot by slot and layer by layer, to test that they agree.

The inputs of every slot can be recorded in either engine, and replaced in the native one, so that layers are
compared one at a time. docs/parity.md says what is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaq.atoms.structure import Prediction, Structure
from gaq.engine import _library as c
from gaq.engine.native import NativeEngine
from gaq.engine.pytorch import TorchEngine
from gaq.model.linear import Linear
from gaq.quant.mddq import PolarCode
from gaq.quant.quantizer import Quantizer
from gaq.quant.scheme import dynamic_steps, encode_uniform, magnitude
from gaq.quant.slot import MESSAGES, WEIGHTS, Role
from gaq.quant.spec import uniform_part

Floats = NDArray[np.float32]
Whole = NDArray[np.int32]

ROUND_OFF = 1e-10  # of the largest entry; geometry is in float64, where zeros come out near 1e-17


@dataclass(frozen=True, eq=False)
class SlotCodes:
    """Codes of features [atom, channel] or [atom, 2l+1, channel], and their values.

    Uniform schemes: `codes` in the shape of the features. Polar schemes: `codes` [atom, channel] of the magnitudes and
    `directions`, in that shape or, for a code per component, in the shape of the features.
    """

    codes: Whole
    directions: Whole | None
    decoded: Floats

    def differing(self, other: SlotCodes, features: Floats | None = None) -> tuple[int, int]:
        """Return how many numbers (vectors, for polar schemes) have different codes, and the total number.

        With `features`, rows of round-off around zero are not counted: their steps are as small, and
        their codes are noise. (In planar molecules the components out of the plane are such rows.)
        """
        unequal = self.codes != other.codes
        if self.directions is not None and other.directions is not None:
            turned = self.directions != other.directions
            unequal = unequal | (turned if turned.ndim == unequal.ndim else turned.any(axis=1))
        if features is None or unequal.shape != features.shape:
            return int(unequal.sum()), unequal.size
        size = np.abs(features)
        counted = np.broadcast_to(size.max(axis=-1, keepdims=True) > ROUND_OFF * size.max(), unequal.shape)
        return int((unequal & counted).sum()), int(counted.sum())


@dataclass(frozen=True, eq=False)
class Recording:
    """One evaluation: inputs of each feature slot and, in PyTorch, outputs of each linear layer; by name."""

    prediction: Prediction
    features: Mapping[str, Floats]
    outputs: Mapping[str, Floats]


def record(engine: TorchEngine, structure: Structure) -> Recording:
    """Record an evaluation in PyTorch. Queries, keys and scalars are [atom, channel], vectors [atom, 2l+1, channel]."""
    features: dict[str, Floats] = {}
    outputs: dict[str, Floats] = {}

    def before(quantizer: Any, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].detach()
        features[quantizer.slot.name] = (x.flatten(1) if quantizer.slot.role is Role.QUERY_KEY else x).numpy().copy()

    def after(layer: Any, _: object, y: Tensor) -> None:
        outputs[layer_name(layer)] = y.detach().numpy().copy()

    hooks = [q.register_forward_pre_hook(before) for q in feature_quantizers(engine).values()]
    hooks += [m.register_forward_hook(after) for m in engine.network.modules() if isinstance(m, Linear)]
    try:
        (prediction,) = engine.evaluate([structure])
    finally:
        for hook in hooks:
            hook.remove()
    return Recording(prediction, features, outputs)


def feature_quantizers(engine: TorchEngine) -> dict[str, Quantizer]:
    """Return the quantizers of features in products with weights or with each other, by slot name."""
    kept = (q for q in engine.network.quantizers() if q.slot.role not in WEIGHTS | MESSAGES)
    return {q.slot.name: q for q in kept}


def layer_name(layer: Linear) -> str:
    """Return the name of a linear layer in packed files."""
    return layer.weight_quantizer.slot.name.removesuffix(".weight")


def encoded(quantizer: Quantizer, features: Floats, species: Tensor | None = None) -> SlotCodes | None:
    """Return codes by the scheme in Python; None for a float slot. `species` [atom]: rows of the model's."""
    calibrated, x = quantizer.calibrated, torch.from_numpy(features)
    if calibrated is None:
        return None
    with torch.no_grad():
        quantized = quantizer(x, species)
        if isinstance(calibrated, PolarCode):
            polar = calibrated.encode(x, magnitude(x))
            return SlotCodes(_integer(polar.magnitude), _integer(polar.direction), quantized.value.numpy())
        codes = quantized.codes
        uniform = uniform_part(quantizer.spec)
        if codes is None and uniform is not None:  # a step per vector makes no integer product, but has codes
            codes = encode_uniform(x, dynamic_steps(x, (-2,), uniform.high).inverse_step, uniform.high)
        return SlotCodes(_integer(codes), None, quantized.value.numpy())


class NativeReplay(NativeEngine):
    """A packed model that exposes the inputs of its slots, and runs single slots and linear layers."""

    @cached_property
    def schemes(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the scheme of each slot in the file."""
        return self._packed().slots

    def rows_of(self, structure: Structure) -> Whole:
        """Return the species of the atoms, counted from 0 in the order of the model."""
        rows: Whole = np.searchsorted(self._packed().species, structure.species).astype(np.int32)
        return rows

    def encode(self, slot: str, features: Floats, species: Whole | None = None) -> SlotCodes:
        """Return codes of features [atom, channel] or [atom, 2l+1, channel] by the engine's scheme of a slot.

        `species` [atom], as from `rows_of`, is for schemes with species means.
        """
        rows, columns = len(features), features.shape[-1]
        components = 1 if features.ndim == 2 else features.shape[1]
        scheme = self.schemes[slot]
        polar = scheme["kind"] == "polar"
        per_vector = (rows, columns)
        codes = np.zeros(per_vector if polar else features.shape, dtype=np.int32)
        whole_vectors = polar and scheme["directions"] != "component" and components == 3
        directions = np.zeros(per_vector if whole_vectors else features.shape, dtype=np.int32) if polar else None
        given, decoded = np.ascontiguousarray(features, dtype=np.float32), np.zeros(features.shape, dtype=np.float32)
        species_index = None if species is None else np.ascontiguousarray(species, dtype=np.int32)
        addresses = [
            None if a is None else a.ctypes.data for a in (species_index, given, codes, directions, None, decoded)
        ]
        self._done("gaq_encode", slot.encode(), rows, components, columns, *addresses)
        return SlotCodes(codes, directions, decoded)

    def linear(self, layer: str, features: Floats, species: Whole | None = None) -> Floats:
        """Apply a linear layer to features [atom, ..., input]; return [atom, ..., output]. `species` as in `encode`."""
        arrays = self._packed().arrays
        outputs = len(arrays[f"{layer}.{'scale' if f'{layer}.codes' in arrays else 'weight'}"])
        given = np.ascontiguousarray(features, dtype=np.float32)
        found = np.zeros((*given.shape[:-1], outputs), dtype=np.float32)
        rows = given.size // given.shape[-1]
        species_index = None if species is None else np.ascontiguousarray(species, dtype=np.int32)
        address = None if species_index is None else species_index.ctypes.data
        self._done("gaq_linear", layer.encode(), rows, address, given.ctypes.data, found.ctypes.data)
        return found

    def record(self, structure: Structure, instead: Mapping[str, Floats] | None = None) -> Recording:
        """Record an evaluation; slots in `instead` continue with the given features after theirs were recorded.

        Works for up to 256 atoms, which the engine keeps in their order.
        """
        pieces: dict[str, list[tuple[int, Floats]]] = {}

        def tap(_: object, name: bytes, first: int, rows: int, columns: int, data: Any) -> None:
            slot = name.decode()
            seen = np.ctypeslib.as_array(data, (rows, columns))
            pieces.setdefault(slot, []).append((first, seen.copy()))
            if instead is not None and slot in instead:
                seen[:] = instead[slot].reshape(-1, columns)[first : first + rows]

        kept = c.TAP(tap)
        self._done("gaq_set_tap", kept, None)
        try:
            (prediction,) = self.evaluate([structure])
        finally:
            self._done("gaq_set_tap", c.TAP(), None)
        joined = {slot: np.concatenate([x for _, x in sorted(p, key=lambda q: q[0])]) for slot, p in pieces.items()}
        atoms = len(structure)
        features = {slot: x if len(x) == atoms else x.reshape(atoms, -1, x.shape[-1]) for slot, x in joined.items()}
        return Recording(prediction, features, {})

    def _done(self, function: str, *arguments: Any) -> None:
        handle = self._handle()
        status = getattr(handle._library, function)(handle._pointer, *arguments)
        if status != c.OK:
            raise RuntimeError(f"{function} failed ({status}): {handle.last_error()}")


def _integer(codes: Tensor | None) -> Whole:
    assert codes is not None
    whole: Whole = codes.numpy().astype(np.int32)
    return whole
