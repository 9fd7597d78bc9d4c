"""A checkpoint as an `Engine`: PyTorch, in batches, exactly equivariant if the recipe is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field

import torch

from gaq.atoms.answers import FAR_FROM_DATA, check_prediction
from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.domain import outside
from gaq.atoms.neighbors import Neighbors, find_neighbors
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.outside import refuse_outside, warn_outside
from gaq.model.forces import evaluate
from gaq.model.geometry import Gauge
from gaq.model.last_features import last_features
from gaq.model.layered import Layered
from gaq.model.protocol import Network
from gaq.quant.size import weight_footprint
from gaq.quant.spec import framed

EDGES_PER_BATCH = 12_000  # keeps the edge arrays of a layer within a few megabytes
LARGEST_WEIGHT = 1e6  # trained weights are of the order of one
BROKEN_WEIGHTS = (
    "The weights of the model are not finite or larger than 1e6: the file is damaged, or training diverged. Train the "
    "model again."
)


@dataclass
class TorchEngine:
    """Evaluates a network as deployed.

    Recipes that quantize in local frames run in the local gauge, where every number after the geometry is an
    invariant; all others run in the lab gauge. `gauge` overrides this, for experiments.
    """

    network: Network
    model: str
    recipe: str
    device: str = "cpu"
    gauge: Gauge | None = None
    strict: bool = False  # raise for structures unlike the training data
    watch: bool = True  # check for them at all
    _warned: bool = field(default=False, init=False, repr=False)
    name: str = field(default="torch", init=False)
    gives_virial: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.network.to(self.device).eval()
        self.cutoff: float | None = self.network.cutoff
        self.species = frozenset(self.network.species)
        if self.gauge is None:
            self.gauge = Gauge.LOCAL if any(framed(q.spec) for q in self.network.quantizers()) else Gauge.LAB

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        """Return energies, forces, virials and atomic energies (if the network has `atomic_energies`) in order.

        Raises `BadStructure`, `UnsupportedElement`, `NotFinite` for unusable results, and `OutsideData` if strict.
        """
        for index, structure in enumerate(structures):
            check_structure(structure, index)
            check_species(structure, self.species, self.model, index)
        neighbors = [find_neighbors(s, self.network.cutoff) for s in structures]
        predictions: list[Prediction] = []
        for start, stop in self.batches(structures):
            batch = collate(structures[start:stop], neighbors[start:stop])
            with self._watched(structures[start:stop], neighbors[start:stop], start):
                found = self._predict(batch if self.device == "cpu" else batch.to(self.device))
                self._check(
                    structures[start:stop], found, start
                )  # an error is more specific than the warning that follows
            predictions.extend(found)
        return predictions

    def batches(self, structures: Sequence[Structure]) -> list[tuple[int, int]]:
        """Return where a list is cut into batches, which affects the last bits."""
        return batches(structures)

    @contextmanager
    def _watched(self, structures: Sequence[Structure], neighbors: Sequence[Neighbors], start: int) -> Iterator[None]:
        """Check whether the structures evaluated inside resemble the training data, if the network has a domain."""
        domain = self.network.domain if isinstance(self.network, Layered) else None
        done = not self.watch or (self._warned and not self.strict)
        if domain is None or not isinstance(self.network, Layered) or done:
            yield
            return
        with last_features(self.network) as found:
            yield
        parts = torch.cat(found).split([len(s) for s in structures])
        for index, (structure, pairs, norms) in enumerate(zip(structures, neighbors, parts, strict=True), start):
            said = outside(domain, self.network.species, structure, pairs, norms.numpy(), self.network.cutoff)
            if said and self.strict:
                refuse_outside(self.model, said, index)
            if said:
                self._warned = True
                warn_outside(self.model, said)
                return

    def _predict(self, batch: AtomBatch) -> list[Prediction]:
        found = evaluate(self.network, batch, gauge=self.gauge or Gauge.LAB)
        sizes = torch.bincount(batch.structure, minlength=batch.count).tolist()
        forces = [part.numpy() for part in found.forces.cpu().split(sizes)]
        atomic = [None for _ in sizes]
        if found.atomic_energies is not None:
            atomic = [part.numpy() for part in found.atomic_energies.cpu().split(sizes)]
        parts = zip(found.energies.tolist(), forces, found.virials.cpu().numpy(), atomic, strict=True)
        return [Prediction(*part) for part in parts]

    def _check(self, structures: Sequence[Structure], predictions: Sequence[Prediction], start: int) -> None:
        references = dict(zip(self.network.species, self.network.reference.tolist(), strict=True))
        for index, (structure, prediction) in enumerate(zip(structures, predictions, strict=True), start):
            check_prediction(structure, prediction, self.model, index, references=references, blame=self._blame)

    def _blame(self) -> str:
        broken = any(not bool((p.detach().abs() <= LARGEST_WEIGHT).all()) for p in self.network.parameters())
        return BROKEN_WEIGHTS if broken else FAR_FROM_DATA

    def unwatched(self) -> TorchEngine:
        """Return another engine of the same network that says nothing of structures outside of the training data."""
        other = copy(self)
        other.watch = False
        return other

    def footprint(self) -> dict[str, float]:
        """Return bytes of the weights as packed, and bits per weight including steps."""
        return weight_footprint(self.network.quantizers())


def batches(structures: Sequence[Structure]) -> list[tuple[int, int]]:
    """Yield runs of structures by the number of *atoms*, which a rotation cannot change.

    So rotated copies of a list are cut at the same places, and their arithmetic is the same.
    """
    chunks, start, load = [], 0, 0
    for index, structure in enumerate(structures):
        load += len(structure) * min(len(structure), 50)
        if load >= EDGES_PER_BATCH or index == len(structures) - 1:
            chunks.append((start, index + 1))
            start, load = index + 1, 0
    return chunks
