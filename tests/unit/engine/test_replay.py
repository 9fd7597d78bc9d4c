"""What is recorded is what was there, in the shapes that both engines share, and what is put in its place is used."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from built import native_library
from gaq.engine.packing import packed_in_memory
from gaq.engine.pytorch import TorchEngine
from gaq.engine.replay import NativeReplay, SlotCodes, encoded, feature_quantizers, layer_name, record
from gaq.model.linear import Linear
from gaq.quant.install import preset
from tiny import checkpoint, config, molecule

STRUCTURE = molecule("CH3OH")
SHAPES = {
    "layers.0.attention.project.input": (6, 8),
    "layers.1.attention.key": (6, 8),
    "layers.1.update.mix1.input": (6, 3, 8),
    "layers.1.update.mix2.input": (6, 5, 8),
    "layers.0.update.hidden.input": (6, 56),
    "readout.energy.input": (6, 8),
}


@pytest.fixture(scope="module")
def engines() -> tuple[TorchEngine, NativeReplay]:
    library, recipe = native_library(), preset("frame-w4a8", 0)
    model = checkpoint(config(degrees=2), recipe).model
    native = NativeReplay(packed_in_memory(model, recipe), "tiny.gaq", library=library)
    return TorchEngine(model, "tiny", recipe.name), native


def test_recordings_have_every_slot_in_one_shape(engines):
    torch_engine, native = engines
    one, other = record(torch_engine, STRUCTURE), native.record(STRUCTURE)
    assert set(one.features) == set(other.features) == set(feature_quantizers(torch_engine))
    assert {slot: one.features[slot].shape for slot in SHAPES} == SHAPES
    assert {slot: x.shape for slot, x in other.features.items()} == {s: x.shape for s, x in one.features.items()}
    assert one.prediction.energy == torch_engine.evaluate([STRUCTURE])[0].energy
    layers = [m for m in torch_engine.network.modules() if isinstance(m, Linear)]
    assert set(one.outputs) == {layer_name(layer) for layer in layers}


def test_nothing_stays_behind(engines):
    torch_engine, native = engines
    before = native.evaluate([STRUCTURE])[0]
    native.record(STRUCTURE, instead={"readout.energy.input": np.zeros((6, 8), dtype=np.float32)})
    assert native.evaluate([STRUCTURE])[0].energy == before.energy
    record(torch_engine, STRUCTURE)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in torch_engine.network.modules())


def test_what_is_put_in_place_is_used(engines):
    torch_engine, native = engines
    nothing = {"readout.energy.input": np.zeros((6, 8), dtype=np.float32)}
    found = native.record(STRUCTURE, instead=nothing)
    network = torch_engine.network
    references = network.reference[network.row[torch.from_numpy(STRUCTURE.species)]].sum().item()
    assert found.prediction.energy == pytest.approx(references, abs=1e-9), "an atom without features has its own energy"
    assert (found.features["readout.energy.input"] != 0).any(), "recorded before it was replaced"


def test_codes_and_layers_alone(engines):
    torch_engine, native = engines
    slot, layer = "layers.0.update.gates.input", torch_engine.network.layers[0].update.gates
    rows = np.ones((4, layer.weight.shape[1]), dtype=np.float32)
    quantizer = feature_quantizers(torch_engine)[slot]
    species_index = torch.tensor([0, 1, 0, 1])
    found = encoded(quantizer, rows, species_index)
    assert found is not None
    again = native.encode(slot, rows, species_index.numpy())
    np.testing.assert_array_equal(again.codes, found.codes)
    np.testing.assert_array_equal(again.decoded, found.decoded)
    expected = layer(torch.from_numpy(rows), species=species_index).detach().numpy()
    np.testing.assert_array_equal(native.linear("layers.0.update.gates", rows, species_index.numpy()), expected)
    vectors, species_index = np.ones((2, 3, 8), dtype=np.float32), np.array([1, 0])
    assert native.linear("layers.0.update.mix1", vectors, species_index).shape == (2, 3, 16)


def test_species_are_asked_for(engines):
    _, native = engines
    slot, rows = "layers.0.update.hidden.input", np.ones((4, 56), dtype=np.float32)
    with pytest.raises(RuntimeError, match="species is missing, and the slot rounds each species in its own way"):
        native.encode(slot, rows)
    with pytest.raises(RuntimeError, match="species is missing"):
        native.linear("layers.0.update.hidden", rows)
    with pytest.raises(RuntimeError, match="species has the row 9, which the model has not"):
        native.encode(slot, rows, np.full(4, 9))
    with pytest.raises(RuntimeError, match="other components or columns than what the slot .* takes off"):
        native.encode(slot, rows[:, :8], np.zeros(4))


def test_slots_that_are_not_there(engines):
    _, native = engines
    with pytest.raises(KeyError):
        native.encode("no.slot", np.ones((1, 8), dtype=np.float32))
    with pytest.raises(RuntimeError, match="there is no feature slot"):
        native.encode("layers.0.update.hidden.weight", np.ones((1, 8), dtype=np.float32))
    with pytest.raises(RuntimeError, match="gaq_linear failed .* come in whole vectors"):
        native.linear("layers.0.update.mix1", np.ones((2, 8), dtype=np.float32))


def codes(numbers: list[list[int]], directions: list[list[int]] | None = None) -> SlotCodes:
    whole = np.array(numbers, dtype=np.int32)
    turned = None if directions is None else np.array(directions, dtype=np.int32)
    return SlotCodes(whole, turned, whole.astype(np.float32))


def test_differing_codes_are_counted():
    one, other = codes([[1, 2], [3, 4]]), codes([[1, 2], [0, 0]])
    assert one.differing(one) == (0, 4)
    assert one.differing(other) == (2, 4)
    round_off = np.array([[1.0, 2.0], [1e-17, 1e-17]], dtype=np.float32)
    assert one.differing(other, round_off) == (0, 2), "a row of nothing but round-off does not count"
    assert codes([[1, 2]], [[5, 6]]).differing(codes([[1, 3]], [[7, 6]])) == (2, 2)
    parts = [np.array([[[1, 2], [3, 4], [5, 6]]], dtype=np.int32) + shift for shift in (0, np.array([0, 1]))]
    per_part = [SlotCodes(np.ones((1, 2), dtype=np.int32), p, np.zeros((1, 3, 2), dtype=np.float32)) for p in parts]
    assert per_part[0].differing(per_part[1]) == (1, 2)
