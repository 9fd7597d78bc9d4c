"""Protection of atoms by chance while a network is trained (Degree-Quant)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe


@contextmanager
def protected(
    quantizers: Iterable[Quantizer], recipe: Recipe, batch: AtomBatch, draw: torch.Generator
) -> Iterator[None]:
    """Within it, atoms pass slots whose rule says `protect` in float, each slot drawing for itself.

    The chance of an atom goes from the rule's first number to its second with the share of atoms of the batch that
    have at most as many neighbours. In a small molecule nearly all atoms have the same number, and then the second
    number holds for nearly all. A recipe without protection draws nothing.
    Source: Tailor, Fernandez-Marques and Lane, Degree-Quant, ICLR 2021, section 4.1.
    """
    if all(rule.protect[1] == 0 for rule in recipe.rules):
        yield
        return
    quantizers = list(quantizers)
    rules = recipe.resolve([q.slot for q in quantizers])
    rank = degree_rank(batch)
    chosen = [q for q in quantizers if rules[q.slot.name].protect[1] > 0]
    for quantizer in chosen:
        quantizer.spares = _chance(rank, rules[quantizer.slot.name].protect, draw)
    try:
        yield
    finally:
        for quantizer in chosen:
            quantizer.spares = None


def degree_rank(batch: AtomBatch) -> Tensor:
    """For each atom the share of atoms of the batch that have at most as many neighbours, [atom], above 0 to 1."""
    atoms = len(batch.species)
    degree = torch.bincount(batch.edges.receiver.cpu(), minlength=atoms)
    at_most = torch.bincount(degree).cumsum(0)
    return at_most[degree] / max(1, atoms)


def _chance(rank: Tensor, bounds: tuple[float, float], draw: torch.Generator) -> Callable[[Tensor], Tensor]:
    chance = bounds[0] + (bounds[1] - bounds[0]) * rank

    def spares(x: Tensor) -> Tensor:
        drawn = torch.rand(len(chance), generator=draw) < chance
        return drawn.to(x.device).reshape(-1, *(1,) * (x.dim() - 1))

    return spares
