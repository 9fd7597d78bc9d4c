"""The equivariance error that each layer adds to exact features: measured, estimated, and bounded."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.data.dataset import Dataset
from gaq.geometry.harmonics import wigner
from gaq.measure.ledger import Row
from gaq.measure.rotations import haar_rotations
from gaq.measure.statistics import OnProgress, mean_by_frames, silent
from gaq.model.flow import Flow
from gaq.model.geometry import Gauge, Geometry
from gaq.model.layered import Layered
from gaq.model.protocol import Bounded, dtype_of
from gaq.model.spread import Spreads, none_like
from gaq.quant.scheme import magnitude
from gaq.train.checkpoint import as_dtype
from gaq.units import MEV

PREFIX = "layers/"  # of what rows call a model when they are about one layer of it


@dataclass(frozen=True)
class LayerTrace:
    """A batch in a network: its geometry, the features before each layer and after the last."""

    model: Layered
    gauge: Gauge
    batch: AtomBatch
    geometry: Geometry
    states: tuple[Flow, ...]


@dataclass(frozen=True)
class LayerError:
    """Error of one layer under one rotation: differences of scalars [atom, channel] and of vectors, turned back."""

    scalars: Tensor
    vectors: tuple[Tensor, ...]  # per degree [atom, 2l+1, channel]
    energy: Tensor  # [structure] what the difference does to the energy in the end, eV

    def per_atom(self) -> Tensor:
        """Return euclidean length over all features of an atom."""
        parts = [self.scalars.square().sum(-1), *(v.square().sum((-2, -1)) for v in self.vectors)]
        return torch.stack(parts).sum(0).sqrt()


@torch.no_grad()
def trace_of(network: Layered, structures: Sequence[Structure]) -> LayerTrace:
    """Return the exact features of structures, in the gauge that the engine would use.

    In the lab gauge the network is taken to float64, so that what is measured is the rounding of its quantizers and not
    that of float32. In the local gauge it is left as it is deployed: all its numbers are invariants.
    """
    gauge = Gauge.LOCAL if network.framed() else Gauge.LAB
    model = network if gauge is Gauge.LOCAL else as_dtype(copy.deepcopy(network), torch.float64)
    batch = collate(structures, [find_neighbors(s, model.cutoff) for s in structures])
    geometry, flow = model.enter(batch, gauge)
    states = [flow]
    for index in range(model.blocks - 1):
        states.append(model.block(index, states[-1], geometry))
    return LayerTrace(model, gauge, batch, geometry, tuple(states))


@torch.no_grad()
def layer_error(trace: LayerTrace, index: int, rotation: Tensor) -> LayerError:
    """Layer `index` on the rotated structures with rotated features, turned back, less the layer as it is."""
    model = trace.model
    turned = trace.batch.rotated(rotation.expand(trace.batch.count, 3, 3))
    s, v = trace.states[index]
    there = tuple(torch.matmul(_turn(trace, rotation, x), x) for x in v)
    geometry, _ = model.enter(turned, trace.gauge)
    after, vectors = model.block(index, Flow(s, there), geometry)
    back = tuple(torch.matmul(_turn(trace, rotation, x).transpose(-1, -2), x) for x in vectors)
    want, wanted = trace.states[index + 1]
    energy = _rest(trace, index + 1, Flow(after, back)) - _rest(trace, index + 1, Flow(want, wanted))
    return LayerError(after - want, tuple(x - y for x, y in zip(back, wanted, strict=True)), energy)


def spreads(trace: LayerTrace, index: int) -> Spreads | None:
    """Bound and estimate of what layer `index` adds; nothing in the local gauge (studies/bound).

    None for an architecture without bounds.
    """
    s, v = trace.states[index + 1]
    if trace.gauge is Gauge.LOCAL:
        return none_like(s), tuple(none_like(magnitude(x)) for x in v)
    model = trace.model
    return model.spread(index, trace.states[index], trace.geometry) if isinstance(model, Bounded) else None


def layer_rows(
    network: Layered,
    name: str,
    recipe: str,
    test: Dataset,
    rotations: int = 8,
    seed: int = 0,
    progress: OnProgress = silent,
) -> list[Row]:
    """Return rows for each layer, called `layers/K`: what it adds as measured, as estimated, and its bound.

    Metrics: layer_defect, layer_defect_max, layer_defect_rms, layer_defect_estimate, layer_defect_bound,
    layer_defect_bound_max (features have no unit), layer_size, layer_defect_energy (meV). Definitions: docs/physics.md.
    """
    trace = trace_of(network, test.structures)
    matrices = torch.from_numpy(haar_rotations(rotations, np.random.default_rng(seed)))
    rows: list[Row] = []
    layers = network.blocks - 1
    for index in range(layers):
        progress(index, layers)
        found = [layer_error(trace, index, matrix) for matrix in matrices]
        about = (f"{PREFIX}{index}", recipe, "torch", test.name)
        rows += [
            replace(Row(metric, value, unit, *about, n), std_error=error, rotations=rotations, seed=seed)
            for metric, value, error, unit, n in _numbers(trace, index, found)
        ]
    progress(layers, layers)
    return [replace(entry, atoms=len(test.structures[0])) for entry in rows]


Number = tuple[str, float, float | None, str, int]  # metric, value, its error, unit, samples


def _numbers(trace: LayerTrace, index: int, found: Sequence[LayerError]) -> list[Number]:
    lengths = torch.stack([one.per_atom() for one in found]).double()  # [rotation, atom]
    frame = trace.batch.structure
    frames = trace.batch.count
    sums = torch.zeros(frames, dtype=torch.float64).index_add(0, frame, lengths.sum(0)).numpy()
    counts = torch.bincount(frame, minlength=frames).double().numpy()
    mean, error = mean_by_frames(sums, counts * len(found))
    s, v = trace.states[index + 1]
    size = torch.stack([s.square().sum(-1), *(x.square().sum((-2, -1)) for x in v)]).sum(0)
    energies = torch.stack([one.energy for one in found]) / MEV
    atoms, samples = len(frame), lengths.numel()
    return [
        ("layer_defect", mean, error, "1", samples),
        ("layer_defect_max", float(lengths.max()), None, "1", samples),
        ("layer_defect_rms", float(lengths.square().mean().sqrt()), None, "1", samples),
        *_bounds(spreads(trace, index), atoms),
        ("layer_size", float(size.mean().sqrt()), None, "1", atoms),
        ("layer_defect_energy", float(energies.square().mean().sqrt()), None, "meV", energies.numel()),
    ]


def _bounds(spreads: Spreads | None, atoms: int) -> list[Number]:
    if spreads is None:
        return []
    scalars, vectors = spreads
    worst = torch.stack([scalars.norm.square(), *(v.norm.square() for v in vectors)]).sum(0).sqrt()
    square = torch.stack([scalars.square.sum(-1), *(v.square.sum(-1) for v in vectors)]).sum(0)
    return [
        ("layer_defect_estimate", float(square.mean().sqrt()), None, "1", atoms),
        ("layer_defect_bound", float(worst.mean()), None, "1", atoms),
        ("layer_defect_bound_max", float(worst.max()), None, "1", atoms),
    ]


def _turn(trace: LayerTrace, rotation: Tensor, features: Tensor) -> Tensor:
    """Return how features [atom, 2l+1, channel] turn with the structure: not at all in the atoms' own frames."""
    components = features.shape[1]
    if trace.gauge is Gauge.LOCAL or components == 1:
        return torch.eye(components, dtype=dtype_of(trace.model))
    return wigner(rotation, (components - 1) // 2).to(dtype_of(trace.model))


def _rest(trace: LayerTrace, index: int, flow: Flow) -> Tensor:
    """Return energies of the structures as they lie from the features before layer `index` on."""
    model = trace.model
    for block in range(index, model.blocks):
        flow = model.block(block, flow, trace.geometry)
    return model.leave(flow, trace.batch, trace.geometry)
