"""The float network in PyTorch at its fastest: the control of the native engine.

Both forms take only positions. Atoms and neighbour pairs are those of the structures they were made for, so no time
is spent on neighbour lists or checks; this favours PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gaq.atoms.answers import FAR_FROM_DATA
from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.errors import NotAvailable, NotFinite
from gaq.model.architectures import architecture_of
from gaq.model.forces import energy_and_forces
from gaq.model.layered import Layered
from gaq.model.one_graph import NEEDS, first_line, one_graph
from gaq.model.protocol import dtype_of
from gaq.train.checkpoint import as_dtype

Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def float_network(network: Layered) -> Layered:
    """Return the same weights without quantizers, because simulated quantization is slower."""
    plain = as_dtype(architecture_of(network).build(network.config, network.species), dtype_of(network))
    state = network.state_dict()
    plain.load_state_dict({name: state[name] for name in plain.state_dict()})
    plain.repulsion.load_(network.repulsion.said())
    return plain.requires_grad_(False).eval()


def eager(network: Layered, structures: Sequence[Structure]) -> Evaluate:
    """Return a function from positions [atom, 3] to energies [structure] (eV) and forces [atom, 3] (eV/Å), run eagerly.

    Both forms raise `NotFinite` for numbers that are not finite.
    """
    batch = _batch(network, structures)

    def evaluate(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        energies, forces = energy_and_forces(network, batch.moved(torch.from_numpy(positions)))
        return _finite(energies.numpy(), forces.numpy())

    return evaluate


def compiled(network: Layered, structures: Sequence[Structure]) -> Evaluate:
    """Return the same as one graph of forward and backward, compiled by inductor for these sizes; takes a minute.

    This is the fastest way to compile energies and forces: `torch.compile` of the same function breaks at the
    call of autograd and takes nearly twice as long. Raises `NotAvailable` with the reason if compilation fails,
    as it does without a C++ compiler.
    """
    batch = _batch(network, structures)
    try:
        graph = _one_graph(network, batch)
        graph(batch.positions)
    except Exception as error:  # compilers and tool chains may raise anything
        raise NotAvailable(f"compiled PyTorch: {type(error).__name__}: {first_line(error)}. {NEEDS}.") from error

    def evaluate(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.no_grad():
            energies, forces = graph(torch.from_numpy(positions))
        return _finite(energies.numpy(), forces.numpy())

    return evaluate


def _finite(energies: np.ndarray, forces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not (np.isfinite(energies).all() and np.isfinite(forces).all()):
        raise NotFinite(f"the network in PyTorch: energies or forces are not finite. {FAR_FROM_DATA}")
    return energies, forces


def _batch(network: Layered, structures: Sequence[Structure]) -> AtomBatch:
    batch = collate(structures, [find_neighbors(s, network.cutoff) for s in structures])
    _ = batch.edges.crossing  # computed before tracing, which cannot read values
    return batch


def _one_graph(network: Layered, batch: AtomBatch) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    # Inductor fails at sums into an array of one element; a second, empty structure avoids this.
    cells = torch.cat([batch.cells, batch.cells.new_zeros(1, 3, 3)])

    def energies_and_forces(positions: Tensor) -> tuple[Tensor, Tensor]:
        energies, forces = energy_and_forces(network, replace(batch, positions=positions, cells=cells))
        return energies[:-1], forces

    graph = one_graph(lambda given: energies_and_forces(given[0]), [batch.positions])

    def call(positions: Tensor) -> tuple[Tensor, Tensor]:
        energies, forces = graph([positions])
        return energies, forces

    return call
