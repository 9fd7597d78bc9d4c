"""What calibration sees of the inputs of layers, and that it does not depend on how molecules lie in space."""

from __future__ import annotations

import torch

from gaq.data.dataset import Dataset
from gaq.measure.rotations import haar_rotations
from gaq.train.activity import activity, linears
from gaq.train.frames import prepare
from tiny import config, dataset, network


def turned(data, rng):
    rotations = haar_rotations(len(data), rng)
    structures = tuple(s.rotated(r) for s, r in zip(data.structures, rotations, strict=True))
    return Dataset(data.name, structures, data.labels, "")


def test_the_gram_matrix_and_the_peaks_are_invariant(rng):
    model, data = network(config(degrees=2), torch.float64), dataset(4)
    one = activity(model, prepare(data, 5.0))
    other = activity(model, prepare(turned(data, rng), 5.0))
    assert one.keys() == linears(model).keys()
    for name, seen in one.items():
        torch.testing.assert_close(seen.gram, other[name].gram, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(seen.peak, other[name].peak)
        assert seen.atoms == sum(len(s) for s in data.structures)
        assert (seen.rms <= seen.peak + 1e-12).all()
        assert seen.peak.max() > 0


def test_hooks_are_taken_off():
    model = network(config())
    activity(model, prepare(dataset(2), 5.0), ("readout.hidden",))
    assert all(not layer.input_quantizer._forward_hooks for layer in linears(model).values())
