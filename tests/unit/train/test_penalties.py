"""What schemes owe the loss: collected while it is asked for, and not otherwise."""

from __future__ import annotations

import torch

from gaq.quant.install import preset
from gaq.quant.mddq import PolarCode
from gaq.quant.methods.pact import LearnedRange
from gaq.train.penalties import auxiliary_losses
from gaq.train.session import quantize
from tiny import batch_of, config, molecules, network


def passed(recipe):
    """What one forward pass of a quantized network owes, and the network."""
    model = quantize(network(config()), preset(recipe, 0), molecules())
    with auxiliary_losses(model.quantizers()) as collected:
        model.energies(batch_of(molecules()))
    return model, collected


def test_recipes_without_such_schemes_owe_nothing():
    assert passed("gaq-w4a8")[1] == []


def test_learned_ranges_owe_one_term_each():
    model, collected = passed("pact")
    ranges = [q for q in model.quantizers() if isinstance(q.spec, LearnedRange)]
    assert len(collected) == len(ranges) > 5
    model.energies(batch_of(molecules()))
    assert len(collected) == len(ranges), "nobody asks any more"


def test_vectors_owe_for_their_distance_from_the_codebook():
    model, collected = passed("svq-kmeans-ste")
    schemes = [q.calibrated for q in model.quantizers() if isinstance(q.calibrated, PolarCode)]
    assert len(collected) == len(schemes) > 0
    assert all(0 < float(term.detach()) < 0.0025 * 4 for term in collected)
    sum(collected).backward()
    grown = [p.grad.abs().max() for p in model.parameters() if p.grad is not None]
    assert torch.stack(grown).max() > 0
