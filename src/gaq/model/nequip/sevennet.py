"""The settings of a SevenNet: what gaq can represent, and a clear refusal of everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gaq.atoms.elements import HEAVIEST, SYMBOLS
from gaq.errors import BadFile
from gaq.formats.texts import shown
from gaq.model.nequip.network import NequIPConfig

# Settings with the only values that gaq represents; the first is what sevenn takes where a setting is left out.
ONLY: dict[str, tuple[object, ...]] = {
    "interaction_type": ("nequip",),
    "is_parity": (True, False),
    "self_connection_type": ("nequip", "linear"),
    "act_gate": ({"e": "silu", "o": "tanh"},),
    "act_scalar": ({"e": "silu", "o": "tanh"},),
    "act_radial": ("silu",),
    "readout_as_fcn": (False,),
    "use_bias_in_linear": (False,),
}
NEEDED = ("cutoff", "lmax", "num_convolution_layer", "cutoff_function", "radial_basis", "weight_nn_hidden_neurons")
MODAL = "use_modal_"
WAY_OUT = "examples/sevennet writes all of them."


def config_from(settings: Mapping[str, Any]) -> tuple[NequIPConfig, tuple[int, ...]]:
    """Return the configuration and the atomic numbers in SevenNet's order.

    Raises `BadFile` for settings that are missing or that no NequIP of gaq has.
    """
    for name, values in ONLY.items():
        if settings.get(name, values[0]) not in values:
            raise BadFile(
                f"setting {name!r} is {shown(settings[name])}; gaq imports a SevenNet with "
                f"{' or '.join(map(shown, values))} only."
            )
    for name in NEEDED:
        if name not in settings:
            raise BadFile(f"setting {name!r} of the SevenNet is missing: its arrays do not say it. {WAY_OUT}")
    degrees, layers = settings["lmax"], settings["num_convolution_layer"]
    for name in ("lmax_edge", "lmax_node"):
        if settings.get(name, -1) not in (-1, degrees):
            raise BadFile(f"setting {name!r} is {shown(settings[name])}; gaq imports one that equals lmax only.")
    channels = _channels(settings, degrees, layers)
    numbers = {
        "channels": channels[0],
        "degrees": degrees,
        "vector_channels": channels[1:],
        "parities": "both" if settings.get("is_parity", True) else "ignored",
        "layers": layers,
        "basis": _table(settings, "radial_basis", "radial_basis_name", ("bessel",)).get("bessel_basis_num", 8),
        "radial_hidden": settings["weight_nn_hidden_neurons"],
        "cutoff": settings["cutoff"],
        "harmonics": "unit" if settings.get("_normalize_sph", True) else "solid",
        "self_connection": "species" if settings.get("self_connection_type", "nequip") == "nequip" else "linear",
        "biases": bool(settings.get("use_modality")),
        **_ending(settings),
    }
    try:
        return NequIPConfig.model_validate(numbers), _species(settings)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "settings"
        raise BadFile(f"settings of the SevenNet: {place} is {shown(first['input'])}: {first['msg']}.") from None


@dataclass(frozen=True)
class Fidelity:
    """Which of the data sets that a SevenNet was trained on it is asked about, as one of `count` further inputs."""

    index: int = 0
    count: int = 0  # 0 for a network of one data set
    layers: frozenset[str] = frozenset()  # which read it: the last words of settings that begin with use_modal_

    def inputs(self, layer: str) -> int:
        """Return how many inputs a layer has beside its channels."""
        return self.count if layer in self.layers else 0


def fidelity_from(settings: Mapping[str, Any]) -> Fidelity:
    """Return the data set that `modality` names. Raises `BadFile` where there are several and none is named."""
    if not settings.get("use_modality"):
        return Fidelity()
    known, named = settings.get("_modal_map"), settings.get("modality")
    if not isinstance(known, Mapping) or sorted(map(str, known.values())) != sorted(map(str, range(len(known)))):
        raise BadFile(f"setting '_modal_map' is {shown(known)}; expected the number of each modality. {WAY_OUT}")
    if named not in known:
        raise BadFile(
            f"setting 'modality' is {shown(named)}; this SevenNet was trained on several data sets: name one of "
            f"{', '.join(map(shown, known))}."
        )
    layers = {name.removeprefix(MODAL) for name, used in settings.items() if name.startswith(MODAL) and used is True}
    return Fidelity(int(known[named]), len(known), frozenset(layers))


def _ending(settings: Mapping[str, Any]) -> dict[str, Any]:
    function = _table(settings, "cutoff_function", "cutoff_function_name", ("poly_cut", "XPLOR"))
    if function["cutoff_function_name"] == "XPLOR":
        return {"ending": "xplor", "switch": function.get("cutoff_on")}
    if function.get("poly_cut_p_value", 6) != 6:
        raise BadFile(f"setting 'poly_cut_p_value' is {shown(function['poly_cut_p_value'])}; gaq knows 6 only.")
    return {"ending": "polynomial"}


def _table(settings: Mapping[str, Any], name: str, key: str, values: tuple[str, ...]) -> Mapping[str, Any]:
    table = settings[name]
    if not isinstance(table, Mapping) or table.get(key) not in values:
        raise BadFile(f"setting {name!r} is {shown(table)}; expected an object with {key} {' or '.join(values)}.")
    return table


def _channels(settings: Mapping[str, Any], degrees: object, layers: object) -> list[int]:
    """Return the channels of each degree, which are those between any two layers."""
    if not isinstance(degrees, int) or not isinstance(layers, int) or not 0 < degrees <= 3 or layers < 2:
        raise BadFile(
            f"settings lmax and num_convolution_layer are {shown(degrees)} and {shown(layers)}; expected degrees from "
            "1 to 3 and two layers or more."
        )
    manual = settings.get("irreps_manual") or None
    if manual is None:
        if "channel" not in settings:
            raise BadFile(f"setting 'channel' or 'irreps_manual' of the SevenNet is missing. {WAY_OUT}")
        return [settings["channel"]] * (degrees + 1)
    if settings.get("is_parity", True):
        raise BadFile(f"setting 'irreps_manual' is {shown(manual)}; gaq imports it with is_parity = False only.")
    between = [_parsed(text) for text in manual[1:-1]] if isinstance(manual, list) else []
    ends = [_parsed(manual[0]), _parsed(manual[-1])] if between else []
    same = between and all(one == between[0] for one in between) and all(end == between[0][:1] for end in ends)
    if not same or len(manual) != layers + 1 or len(between[0]) != degrees + 1:
        raise BadFile(
            f"setting 'irreps_manual' is {shown(manual)}; gaq imports the same features between all layers, one "
            f"even irrep of each degree up to {degrees}, and as many invariants at both ends."
        )
    return between[0]


def _parsed(irreps: object) -> list[int]:
    """Return the channels in a text such as 128x0e+64x1e, empty for degrees in another order or odd irreps."""
    parts = [re.fullmatch(r"(\d{1,4})x(\d)e", part.strip()) for part in str(irreps)[:200].split("+")]
    found = [(int(part[1]), int(part[2])) for part in parts if part]
    ordered = len(found) == len(parts) and [degree for _, degree in found] == list(range(len(found)))
    return [channels for channels, _ in found] if ordered else []


def _species(settings: Mapping[str, Any]) -> tuple[int, ...]:
    symbols = settings.get("chemical_species")
    known = isinstance(symbols, list) and all(s in SYMBOLS[1:] for s in symbols) and len(set(symbols)) == len(symbols)
    if not symbols or not known:
        raise BadFile(
            f"setting 'chemical_species' is {shown(symbols)}; expected the symbols of the elements in the order of the "
            f"embedding, each once, up to {SYMBOLS[HEAVIEST]}. {WAY_OUT}"
        )
    return tuple(SYMBOLS.index(symbol) for symbol in symbols)
