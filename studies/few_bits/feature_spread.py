"""Share of the features that the mean and a few directions of a species explain.

python -m studies.few_bits.feature_spread --data PATH/rmd17
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.places import STUDIES
from benchmarks.common.setup import BOTH, float_parent, frames_of, on_one_core, parser_of
from gaq.engine.pytorch import TorchEngine
from gaq.engine.replay import record
from gaq.measure.ledger import Row, row, write_rows
from gaq.train.checkpoint import load_checkpoint

FRAMES = 60
DIRECTIONS = (1, 2, 4, 8)

Floats = NDArray[np.float64]


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--molecules", nargs="*", default=BOTH)
    arguments = parser.parse_args()
    on_one_core()
    rows: list[Row] = []
    for molecule in arguments.molecules:
        frames = frames_of(arguments.data, molecule, "train", FRAMES)
        model = float_parent(molecule)
        engine = TorchEngine(load_checkpoint(model).model, model.name, "fp32")
        seen = [(record(engine, frame).features, frame.species) for frame in frames.structures]
        species = np.concatenate([z for _, z in seen])
        features = {slot: np.concatenate([f[slot] for f, _ in seen]).astype(np.float64) for slot in seen[0][0]}
        for metric, value, atoms in (*scalars(features, species), *vectors(features, species)):
            print(molecule, metric, f"{value:.3f}", flush=True)
            rows.append(row(engine, frames.name, metric, value, "1", atoms))
    write_rows(STUDIES / "few_bits" / "feature-spread.jsonl", rows)


def scalars(features: Mapping[str, Floats], species: NDArray[np.int64]) -> Iterator[tuple[str, float, int]]:
    """Yield the share of the largest entry that is left after subtracting species means."""
    shares: dict[str, list[float]] = {}
    for slot, x in features.items():
        if x.ndim == 2 and slot.endswith(".input") and slot.startswith("layers"):
            rest = x - np.stack([x[species == z].mean(0) for z in species])
            share = float((np.abs(rest).max(1) / np.abs(x).max(1)).mean())
            shares.setdefault(kind_of(slot), []).append(share)
    for kind, found in shares.items():
        yield f"rest_share:{kind}", float(np.mean(found)), len(species)


def vectors(features: Mapping[str, Floats], species: NDArray[np.int64]) -> Iterator[tuple[str, float, int]]:
    """Yield squares along the strongest directions."""
    shares: dict[int, list[float]] = {k: [] for k in DIRECTIONS}
    for x in (x for slot, x in features.items() if x.ndim == 3 and slot.endswith(".input")):
        for z in np.unique(species):
            flat = x[species == z].reshape(-1, x.shape[-1])
            strengths = np.linalg.eigvalsh(flat.T @ flat)[::-1]
            for k in DIRECTIONS:
                share = float(strengths[:k].sum() / strengths.sum())
                shares[k] += [share] * int((species == z).sum())
    for k, found in shares.items():
        yield f"explained:{k}", float(np.mean(found)), len(species)


def kind_of(slot: str) -> str:
    return re.sub(r"^layers\.\d+\.", "", slot)


if __name__ == "__main__":
    main()
