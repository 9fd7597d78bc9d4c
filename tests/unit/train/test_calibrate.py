"""Post-training quantization: what calibration sees, what it needs, and where the mean error goes."""

from __future__ import annotations

import pytest
import torch

from gaq.errors import UsageError
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.quant.slot import WEIGHTS
from gaq.train.calibrate import shift_reference_
from gaq.train.frames import prepare
from gaq.train.session import quantize
from tiny import batch_of, config, dataset, molecule, molecules, network


@pytest.mark.parametrize("name", all_presets())
def test_post_training_quantization_keeps_the_mean_energy(name):
    """The mean error that rounding adds to the energy goes into the reference energies."""
    model = network(config())
    quantized = quantize(model, preset(name, 0), molecules())
    batch = batch_of(molecules())
    with torch.no_grad():
        error = quantized.energies(batch) - model.energies(batch)
    assert abs(error.mean().item()) < 1e-9
    assert all(q.active and not q.observing for q in quantized.quantizers())
    if preset(name).ptq_passes:
        return  # what these do to weights is theirs to test
    weights_before, weights_after = model.state_dict(), quantized.state_dict()
    assert all(torch.equal(weights_after[k], t) for k, t in weights_before.items() if k != "reference")


@pytest.mark.parametrize("name", all_presets())
def test_one_structure_is_enough_to_calibrate_with(name):
    one = [molecule("H2O")]
    quantized = quantize(network(config()), preset(name, 0), one)
    with torch.no_grad():
        assert torch.isfinite(quantized.energies(batch_of(molecules()))).all()


def test_only_recipes_with_fixed_steps_need_structures():
    for name in all_presets():
        if preset(name).ptq_passes:
            continue
        if name not in ("fp32", "w8", "w4") and not name.startswith(("w4a16", "frame-", "mixed-", "hadamard-")):
            with pytest.raises(UsageError, match=f"recipe '{name}' has steps .*slot 'layers.0.*`calibration`"):
                quantize(network(config()), preset(name, 0))
        else:
            quantize(network(config()), preset(name, 0))


def test_calibration_sees_features_behind_quantized_weights():
    """A dead step would show: every fixed step is the range that the quantized network has."""
    quantized = quantize(network(config()), preset("naive-int8"), molecules())
    for q in quantized.quantizers():
        if q.slot.role not in WEIGHTS and q.calibrated is not None and hasattr(q.calibrated, "step"):
            assert 0 < q.calibrated.step.item() < 1e3, q.slot.name


def test_the_reference_takes_up_the_mean_error_per_atom():
    """One constant per atom, so that molecules of all sizes are shifted in proportion."""
    model, frames = network(config()), prepare(dataset(4), 5.0)
    batch, _ = frames.batch(range(4))
    with torch.no_grad():
        target = model.energies(batch) + 0.25 * torch.bincount(batch.structure)
        before = model.reference.clone()
        shift_reference_(model, frames, target)
        assert (model.energies(batch) - target).abs().max() < 1e-9
    assert (model.reference - before - 0.25).abs().max() < 1e-9


def test_the_parent_stays_as_it_was():
    model = network(config())
    before = {name: t.clone() for name, t in model.state_dict().items()}
    quantize(model, preset("naive-int8"), molecules())
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())
    assert all(q.calibrated is None for q in model.quantizers())
