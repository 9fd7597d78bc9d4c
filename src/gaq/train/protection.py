"""Protection of atoms by chance while a network is trained (Degree-Quant)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe


def draw_spared(
    quantizers: Iterable[Quantizer], recipe: Recipe, batch: AtomBatch, draw: torch.Generator
) -> dict[str, Tensor]:
    """For each slot whose rule says `protect`, which atoms pass it in float: bool [atom], each slot for itself.

    The chance of an atom goes from the rule's first number to its second with the share of atoms of the batch that
    have at most as many neighbours. In a small molecule nearly all atoms have the same number, and then the second
    number holds for nearly all. A recipe without protection draws nothing.
    Source: Tailor, Fernandez-Marques and Lane, Degree-Quant, ICLR 2021, section 4.1.
    """
    if all(rule.protect[1] == 0 for rule in recipe.rules):
        return {}
    names = [q.slot for q in quantizers]
    rules = recipe.resolve(names)
    rank = degree_rank(batch)
    spared = {}
    for slot in names:
        low, high = rules[slot.name].protect
        if high > 0:
            chosen = torch.rand(len(rank), generator=draw) < low + (high - low) * rank
            spared[slot.name] = chosen.to(batch.species.device)
    return spared


@contextmanager
def sparing(quantizers: Iterable[Quantizer], spared: Mapping[str, Tensor]) -> Iterator[None]:
    """Within it, these atoms pass these slots in float."""
    chosen = [q for q in quantizers if q.slot.name in spared]
    for quantizer in chosen:
        quantizer.bypass_mask = _rows(spared[quantizer.slot.name])
    try:
        yield
    finally:
        for quantizer in chosen:
            quantizer.bypass_mask = None


def degree_rank(batch: AtomBatch) -> Tensor:
    """For each atom the share of atoms of the batch that have at most as many neighbours, [atom], above 0 to 1."""
    atoms = len(batch.species)
    degree = torch.bincount(batch.edges.receiver.cpu(), minlength=atoms)
    at_most = torch.bincount(degree).cumsum(0)
    return at_most[degree] / max(1, atoms)


def _rows(atoms: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: atoms.reshape(-1, *(1,) * (x.dim() - 1))
