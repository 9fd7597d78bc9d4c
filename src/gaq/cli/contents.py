"""Contents of a model file, packed or not, as texts and numbers to print. Packed files are read without torch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaq.atoms.elements import SYMBOLS, formula
from gaq.engine.packed_file import checked_model
from gaq.errors import BadFile
from gaq.files import sha256_of
from gaq.formats.container import NAMES, Container, read_container
from gaq.measure.ledger import Row
from gaq.pack.format import FORMAT, PackedModel
from gaq.pack.sizes import bytes_by_group, weight_bytes, weight_count

if TYPE_CHECKING:
    from gaq.train.checkpoint import Checkpoint

HEADER = "header"
ERRORS = ("energy_mae", "force_mae")
Scheme = Mapping[str, Any]


@dataclass(frozen=True)
class Contents:
    """Contents of a model file."""

    name: str
    recipe: str
    engine: str  # engine that opens it
    file_bytes: int
    facts: tuple[tuple[str, str], ...]
    schemes: tuple[tuple[str, str, str], ...]  # linear layer, scheme of its weight, scheme of its input
    groups: dict[str, int]  # bytes by purpose
    tensors: tuple[tuple[str, str, tuple[int, ...], int], ...]  # name, type, shape, bytes
    weights: tuple[float, int]  # bytes of linear weights with their scales, number of weights

    def rows(self) -> list[Row]:
        """Return rows of the sizes of the file, its weights and each group, and bits per weight including scales."""
        size, count = self.weights
        values = [
            ("file_bytes", float(self.file_bytes), "bytes"),
            ("weight_bytes", float(size), "bytes"),
            ("bits_per_weight", 8 * size / count, "bits"),
        ]
        values += [(f"bytes_{group.replace(' ', '_')}", float(n), "bytes") for group, n in self.groups.items()]
        return [
            Row(metric, value, unit, self.name, self.recipe, self.engine, "none", 1) for metric, value, unit in values
        ]


def contents_of(path: Path) -> Contents:
    """Return the contents of a packed file or a checkpoint. Raises `BadFile` for anything else."""
    container = read_container(path)
    if container.metadata.get("format") == FORMAT:
        return _of_packed(path, checked_model(container.content, str(path)), container)
    from gaq.train.checkpoint import FORMAT as CHECKPOINT
    from gaq.train.checkpoint import load_checkpoint

    if container.metadata.get("format") != CHECKPOINT:
        raise BadFile(
            f"{path} is a safetensors file, but no model of gaq. Expected a file of `gaq export` or `gaq train`."
        )
    return _of_checkpoint(path, load_checkpoint(path), container)


def in_words(scheme: Scheme) -> str:
    """Return the scheme of a slot in words."""
    if scheme["kind"] == "identity":
        return "float"
    if scheme["kind"] == "uniform":
        frame = ", in the local frame" if scheme.get("framed") else ""
        centre = ", about the mean of its species" if scheme.get("centred") else ""
        beside = f", beside {scheme['principal']} directions" if scheme.get("principal") else ""
        return f"{scheme['bits']} bits per {scheme['per']}{frame}{centre}{beside}"
    kind = f"{scheme['direction_bits']}-bit {scheme['directions']}"
    return f"{scheme['bits']} bits per {scheme['per']} ({scheme['magnitude']} magnitude), direction {kind}"


def _of_packed(path: Path, packed: PackedModel, container: Container) -> Contents:
    numbers = packed.config
    facts = [
        ("file", f"{path}, packed model, written by gaq {packed.gaq_version}"),
        *_network(packed.architecture, asdict(numbers), numbers.degrees, packed.species),
        ("units", "Å, eV"),
        ("recipe", _recipe(packed.recipe_name, packed.recipe)),
        ("backward pass", "float" if packed.backward_bits == 32 else f"{packed.backward_bits} bits"),
        ("radial table", f"{packed.radial['knots']} knots of {numbers.basis} functions"),
        *_origin(packed.manifest),
        *(("accuracy", line) for line in _accuracy(packed.accuracy)),
        ("golden frames", _golden(packed.arrays)),
        ("checksum", f"{packed.checksum} (of the whole file; verified)"),
        ("SHA-256", sha256_of(path)),
    ]
    schemes = [(layer.name, _pair(packed.slots, layer.name)) for layer in packed.layout.linears(numbers)]
    groups = bytes_by_group(packed) | {HEADER: container.header_bytes}
    weights = (float(weight_bytes(packed)), weight_count(packed))
    return _contents(path, packed.recipe_name, "native", facts, _folded(schemes), groups, container, weights)


def _of_checkpoint(path: Path, checkpoint: Checkpoint, container: Container) -> Contents:
    from gaq.pack.slots import scheme_of
    from gaq.quant.size import weight_footprint
    from gaq.quant.slot import WEIGHTS

    model, quantizers = checkpoint.model, list(checkpoint.model.quantizers())
    kind = "checkpoint" + (" with training state" if checkpoint.state else "")
    facts = [
        ("file", f"{path}, {kind}, written by gaq {container.metadata['gaq_version']}"),
        *_network(model.config.architecture, model.config.model_dump(), model.degrees, model.species),
        ("units", "Å, eV"),
        ("recipe", _recipe(checkpoint.recipe.name, checkpoint.recipe.to_dict())),
        *_origin(checkpoint.manifest),
        ("SHA-256", sha256_of(path)),
    ]
    slots = {q.slot.name: scheme_of(q.spec, q.slot) for q in quantizers}
    layers = [q.slot.name.removesuffix(".weight") for q in quantizers if q.slot.role in WEIGHTS]
    sizes = weight_footprint(quantizers)
    count = round(8 * sizes["weight_bytes"] / sizes["bits_per_weight"])
    groups = _checkpoint_groups(container) | {HEADER: container.header_bytes}
    schemes = _folded([(name, _pair(slots, name)) for name in layers])
    weights = (sizes["weight_bytes"], count)
    return _contents(path, checkpoint.recipe.name, "torch", facts, schemes, groups, container, weights)


def _contents(
    path: Path,
    recipe: str,
    engine: str,
    facts: Sequence[tuple[str, str]],
    schemes: tuple[tuple[str, str, str], ...],
    groups: dict[str, int],
    container: Container,
    weights: tuple[float, int],
) -> Contents:
    arrays = sorted(container.tensors.items())
    tensors = tuple((name, NAMES[array.dtype], array.shape, array.nbytes) for name, array in arrays)
    return Contents(path.name, recipe, engine, path.stat().st_size, tuple(facts), schemes, groups, tensors, weights)


def _network(
    architecture: str, sizes: Mapping[str, Any], degrees: int, species: Sequence[int]
) -> list[tuple[str, str]]:
    named = [f"{sizes[key]} {key}" for key in ("layers", "channels", "heads") if key in sizes]
    shape = ", ".join([architecture, *named, f"vectors up to degree {degrees}", f"cutoff {sizes['cutoff']:g} Å"])
    return [("network", shape), ("elements", " ".join(SYMBOLS[z] for z in species))]


def _recipe(name: str, recipe: Mapping[str, Any]) -> str:
    description = recipe.get("description")
    return f"{name}: {description}" if description else name


def _origin(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the training data and the source checkpoint, as far as the manifest has them."""
    facts = []
    data = manifest.get("data")
    if isinstance(data, dict):
        facts.append(("data", f"{data.get('name')}, {data.get('frames')} frames, SHA-256 {data.get('sha256')}"))
    said = manifest.get("validation")
    if isinstance(said, dict) and {"energy_mae_mev", "force_mae_mev_per_angstrom"} <= set(said):
        errors = f"E {said['energy_mae_mev']:.3g} meV, F {said['force_mae_mev_per_angstrom']:.3g} meV/Å"
        facts.append(("validation", f"{errors} on {said.get('n')} frames{_which(said)}"))
    origin = manifest.get("export")
    if isinstance(origin, dict):
        facts.append(("exported from", f"checkpoint with SHA-256 {origin.get('checkpoint_sha256')}"))
    return facts


def _which(said: Mapping[str, Any]) -> str:
    return f" ({said['frames']})" if "frames" in said else ""


def _accuracy(rows: Sequence[Any]) -> list[str]:
    """Return the mean absolute errors in the ledger, one line each, and the number of other rows."""
    complete = [row for row in rows if isinstance(row, dict) and {"metric", "value", "unit", "data", "n"} <= set(row)]
    errors = [row for row in complete if row["metric"] in ERRORS]
    lines = [f"{row['metric']} {_short(row['value'])} {row['unit']} ({row['data']}, n = {row['n']})" for row in errors]
    return [*lines, f"and {len(rows) - len(errors)} more rows"] if len(rows) > len(errors) else lines


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else str(value)


def _golden(arrays: Mapping[str, np.ndarray]) -> str:
    molecule, energies = formula(arrays["golden.species"].tolist()), arrays["golden.energies"]
    largest = np.abs(arrays["golden.forces"]).max()
    between = f"{energies.min():.6f} to {energies.max():.6f} eV"
    return f"{len(energies)} of {molecule}, {between}, forces up to {largest:.3f} eV/Å"


def _pair(slots: Mapping[str, Scheme], layer: str) -> tuple[str, str]:
    return in_words(slots[f"{layer}.weight"]), in_words(slots[f"{layer}.input"])


def _folded(schemes: Sequence[tuple[str, tuple[str, str]]]) -> tuple[tuple[str, str, str], ...]:
    """Merge layers that have the same schemes and differ only in their number into one line, with a star as number."""
    by_star: dict[str, set[tuple[str, str]]] = {}
    for name, pair in schemes:
        by_star.setdefault(_starred(name), set()).add(pair)
    lines = {(_starred(name) if len(by_star[_starred(name)]) == 1 else name): pair for name, pair in schemes}
    return tuple((name, weight, features) for name, (weight, features) in lines.items())


def _starred(name: str) -> str:
    return re.sub(r"^layers\.\d+\.", "layers.*.", name)


def _checkpoint_groups(container: Container) -> dict[str, int]:
    groups: dict[str, int] = {}
    for name, array in container.tensors.items():
        group = _checkpoint_group(name)
        groups[group] = groups.get(group, 0) + array.nbytes
    return dict(sorted(groups.items(), key=lambda item: -item[1]))


def _checkpoint_group(name: str) -> str:
    if not name.startswith("model."):
        return "training state"
    if ".fitted." in name:
        return "steps and directions"
    if name.endswith(".filters"):
        return "radial filters"
    if name.endswith((".attention.bias", ".temperature")):
        return "attention"
    if name.endswith(".limits"):
        return "limits"
    if name.endswith(".weight"):
        return "weights"
    return "biases" if name.endswith(".bias") else "species"
