"""SchNetPack's arrays as a PaiNN of gaq.

Names are those of the state_dict of a NeuralNetworkPotential of SchNetPack 2. Its network is that of the paper (Schütt,
Unke and Gastegger, arXiv 2102.03150) in another order of rows. It reads √(|v|² + ε) where ours reads the same less √ε:
the difference is a bias. The last bias of its readout and the offsets that it adds are energies of the species.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from pydantic import ValidationError
from torch import Tensor

from gaq.atoms.elements import HEAVIEST, SYMBOLS
from gaq.errors import BadFile
from gaq.formats.texts import shown
from gaq.model.foreign import ELEMENTS, Foreign, ForeignArrays, ForeignSettings, ForeignState, Shapes
from gaq.model.linear import Linear
from gaq.model.painn.network import PaiNN, PaiNNConfig, PaiNNLayer
from gaq.model.painn.radial import Bessel, Gaussians
from gaq.model.painn.schnetpack import DEFAULT_ENERGY, EPSILON, SchNetPackSettings

NAME = "SchNetPack's PaiNN"
OF_A_TASK = "model."  # names in a checkpoint of its training begin with it
REPRESENTATION = "representation."
EMBEDDING, FILTERS = "representation.embedding.weight", "representation.filter_net"
CUTOFF, CENTRES = "representation.cutoff_fn.cutoff", "representation.radial_basis.offsets"
WIDTHS, FREQUENCIES = "representation.radial_basis.widths", "representation.radial_basis.freqs"
LAYER = re.compile(r"representation\.(?:interactions|mixing)\.(\d{1,4})\.(?:interatomic|intraatomic|mu_channel)")
OUTPUT = re.compile(r"(output_modules\.\d+\.outnet)\.\d+\.\w+")
OFFSET = re.compile(r"postprocessors\.\d+\.(mean|atomref)")
# Arrays of parts that PaiNN does not have, by a part of their names, and what they are of.
OTHERS = {
    "filter_network": "SchNet",
    "in2f": "SchNet",
    "so3": "SO3net",
    "electronic_embeddings": "an embedding of charge or spin",
    "embedding.electron_config": "an embedding of electron configurations",
    "cutoff_fn.eps": "MollifierCutoff",
    "cutoff_fn.switch": "SwitchFunction",
}


def recognises(shapes: Shapes) -> bool:
    """Return whether names of arrays are those of a network of SchNetPack."""
    names = [name.removeprefix(OF_A_TASK) for name in shapes]
    of_schnetpack = [name for name in names if name.startswith(REPRESENTATION)]
    return 2 * len(of_schnetpack) > len(names) and any(OUTPUT.fullmatch(name) for name in names)


def read(arrays: ForeignState, settings: ForeignSettings) -> PaiNN:
    """Return the network in float64, energies in eV. Raises `BadFile` for what gaq has no place for."""
    given = _arrays(arrays)
    _refuse_others(given)
    said = SchNetPackSettings(settings)
    said.check()
    if said.length_in_angstrom() != 1.0:
        raise BadFile("the unit of length is not Å; gaq imports SchNetPack's networks in Å only.")
    outnet = _single(OUTPUT, given, "output_modules.0.outnet")
    atoms, channels = given.shape(EMBEDDING, 2)
    references = _offsets(given, said, atoms)
    species = _asked(settings, atoms) or _known(references, said) or tuple(range(1, _last(atoms) + 1))
    model = _build(_config(given, channels, outnet), species)
    rows = list(species)
    with torch.no_grad():
        model.embedding.copy_(given.take(EMBEDDING, (atoms, channels))[rows])
        _read_basis(model, given)
        _read_filters(model, given)
        for i, layer in enumerate(model.layers):
            assert isinstance(layer, PaiNNLayer)
            _read_layer(layer, i, given)
        _fill(model.readout.hidden, given, f"{outnet}.0")
        model.readout.energy.weight.copy_(given.take(f"{outnet}.1.weight", model.readout.energy.weight.shape))
        references = references[rows] + given.take(f"{outnet}.1.bias", (1,))
    ev = said.energy_in_ev()
    model.set_references(dict(zip(species, (references * ev).tolist(), strict=True)), ev)
    given.check_all_used()
    return model


def remarks(arrays: ForeignState, settings: ForeignSettings) -> tuple[str, ...]:
    """Return what `read` takes for granted where no setting says it."""
    said, given, found = SchNetPackSettings(settings), _arrays(arrays), []
    if not said.given:
        found.append(f"no settings of SchNetPack beside the file: its defaults are taken, silu and ε = {EPSILON:g}")
    if said.energy_unit() is None:
        found.append(f"no unit of energy is given: {DEFAULT_ENERGY} is taken, as SchNetPack's calculator does")
    atoms = given.shape(EMBEDDING, 2)[0]
    if not _asked(settings, atoms) and not _known(_offsets(given, said, atoms), said):
        found.append(
            f"neither arrays nor settings say which elements it was trained on: all {_last(atoms)} are kept, and "
            "energies of those that it never met mean nothing; `elements` keeps some alone"
        )
    return tuple(found)


def _arrays(arrays: ForeignState) -> ForeignArrays:
    task = all(name.startswith(OF_A_TASK) for name in arrays)
    return ForeignArrays({n.removeprefix(OF_A_TASK) if task else n: a for n, a in arrays.items()}, NAME)


def _refuse_others(given: ForeignArrays) -> None:
    for part, what in OTHERS.items():
        name = next((name for name in sorted(given.left) if part in name), None)
        if name is not None:
            raise BadFile(f"array {name!r} is of {what}; of SchNetPack gaq imports PaiNN with the cosine cutoff alone.")


def _single(form: re.Pattern[str], given: ForeignArrays, example: str) -> str:
    found = sorted({match[1] for name in given.left if (match := form.fullmatch(name))})
    if len(found) != 1:
        said = f"{', '.join(found)}" if found else "none"
        raise BadFile(f"heads of the network: {said}; gaq imports one, an energy, such as {example}.")
    return found[0]


def _offsets(given: ForeignArrays, said: SchNetPackSettings, atoms: int) -> Tensor:
    """Return what is added to the energy for each atomic number."""
    total = torch.zeros(atoms, dtype=torch.float64)
    found = {match[1]: name for name in given.left if (match := OFFSET.fullmatch(name))}
    if "mean" in found:
        shape = given.left[found["mean"]].shape
        mean = given.take(found["mean"], shape if shape in ((), (1,)) else (1,))
        total += mean.reshape(()) if said.adds("add_mean") is not False else 0.0
    if "atomref" in found:
        atomref = given.take(found["atomref"], given.shape(found["atomref"], 1))
        if said.adds("add_atomrefs") is not False:
            beyond = len(atomref) - atoms
            total += torch.nn.functional.pad(atomref, (0, max(0, -beyond)))[:atoms]
    return total


def _last(atoms: int) -> int:
    """Return the last atomic number of an embedding with so many rows; row 0 is of no element."""
    return min(atoms - 1, HEAVIEST)


def _asked(settings: ForeignSettings, atoms: int) -> tuple[int, ...]:
    """Return the atomic numbers that the caller asks for. Raises `BadFile` for one without a row."""
    asked: tuple[int, ...] = settings.get(ELEMENTS, ())
    if beyond := [SYMBOLS[z] for z in asked if z > _last(atoms)]:
        raise BadFile(f"its embedding has {atoms} rows and none for {', '.join(beyond)}.")
    return asked


def _known(references: Tensor, said: SchNetPackSettings) -> tuple[int, ...]:
    """Return the atomic numbers that the data are of, or that have an energy of their own; none where nobody knows."""
    last = _last(len(references))
    apart = tuple(z for z in range(1, last + 1) if references[z] != references[0])
    return said.elements() or (apart if len(apart) < last else ())


def _config(given: ForeignArrays, channels: int, outnet: str) -> dict[str, object]:
    layers = {int(match[1]) for name in given.left if (match := LAYER.match(name))}
    deep = sum(name.startswith(outnet) and name.endswith(".weight") for name in given.left)
    if deep != 2 and (deep > 2 or given.shape(f"{outnet}.0.weight", 2)[0] == 1):
        raise BadFile(f"{outnet} has {deep} layers; gaq has a readout of two.")
    gaussian = CENTRES in given or FREQUENCIES not in given
    (cutoff,) = given.take(CUTOFF, (1,)).tolist()
    return {
        "channels": channels,
        "layers": max(layers, default=-1) + 1,
        "basis": given.shape(CENTRES if gaussian else FREQUENCIES, 1)[0],
        "cutoff": cutoff,
        "radial": "gaussian" if gaussian else "bessel",
        "ending": "cosine",
        "readout": given.shape(f"{outnet}.0.weight", 2)[0],
    }


def _build(numbers: Mapping[str, object], species: tuple[int, ...]) -> PaiNN:
    try:
        config = PaiNNConfig.model_validate(numbers)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        said = f"{place} of the network is {shown(first['input'])}: " if place else "sizes of the network: "
        raise BadFile(f"{said}{first['msg'].removeprefix('Value error, ')}.") from None
    model = PaiNN(config, species)
    for parameter in model.parameters():
        parameter.data = parameter.data.double()
    return model


def _read_basis(model: PaiNN, given: ForeignArrays) -> None:
    basis = model.radial
    if isinstance(basis, Gaussians):
        basis.centres.copy_(given.take(CENTRES, basis.centres.shape))
        basis.widths.copy_(given.take(WIDTHS, basis.widths.shape))
        if not (basis.widths > 0).all():
            raise BadFile(f"array {WIDTHS!r} holds widths that are not positive.")
    elif isinstance(basis, Bessel):
        basis.frequencies.copy_(given.take(FREQUENCIES, basis.frequencies.shape))


def _read_filters(model: PaiNN, given: ForeignArrays) -> None:
    c, basis, layers = model.config.channels, model.config.basis, len(model.layers)
    shared = given.shape(f"{FILTERS}.weight", 2)[0] == 3 * c
    sets = 1 if shared else layers
    weight = given.take(f"{FILTERS}.weight", (3 * c * sets, basis)).reshape(sets, 3 * c, basis)
    bias = given.take(f"{FILTERS}.bias", (3 * c * sets,)).reshape(sets, 3 * c, 1)
    if isinstance(model.radial, Bessel):
        weight = weight * (model.config.cutoff / 2.0)
    for i, layer in enumerate(model.layers):
        assert isinstance(layer, PaiNNLayer)
        layer.filters.copy_(_reordered(torch.cat([weight, bias], -1)[0 if shared else i]).t())


def _read_layer(layer: PaiNNLayer, index: int, given: ForeignArrays) -> None:
    context = f"representation.interactions.{index}.interatomic_context_net"
    mixing = f"representation.mixing.{index}"
    _fill(layer.message.hidden, given, f"{context}.0")
    _fill(layer.message.sent, given, f"{context}.1", reorder=True)
    update = layer.update
    c = update.channels
    of_norm, of_sum = given.take(f"{mixing}.mu_channel_mix.weight", update.mix1.weight.shape).split(c)
    update.mix1.weight.copy_(torch.cat([of_sum, of_norm]))
    _fill(update.hidden, given, f"{mixing}.intraatomic_context_net.0")
    assert update.hidden.bias is not None
    update.hidden.bias.add_(EPSILON**0.5 * update.hidden.weight[:, c:].sum(1))
    _fill(update.gates, given, f"{mixing}.intraatomic_context_net.1", reorder=True)


def _fill(layer: Linear, given: ForeignArrays, name: str, *, reorder: bool = False) -> None:
    assert layer.bias is not None
    weight = given.take(f"{name}.weight", layer.weight.shape)
    bias = given.take(f"{name}.bias", layer.bias.shape)
    layer.weight.copy_(_reordered(weight) if reorder else weight)
    layer.bias.copy_(_reordered(bias) if reorder else bias)


def _reordered(rows: Tensor) -> Tensor:
    """Its second and third of three blocks are ours the other way round."""
    first, second, third = rows.chunk(3)
    return torch.cat([first, third, second])


FOREIGN = Foreign(NAME, "painn", recognises, read, remarks)
