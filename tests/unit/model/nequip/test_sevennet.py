"""Settings of a SevenNet that gaq does not represent are refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gaq.errors import BadFile
from gaq.model.nequip.sevennet import NEEDED, config_from, fidelity_from

FOLDER = Path(__file__).parents[3] / "references" / "sevennet" / "unit-l3"


@pytest.fixture
def settings() -> dict:
    return json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))


def test_all_numbers_are_read(settings):
    config, species = config_from(settings)
    assert species == (29, 1, 6, 8)
    assert (config.channels, config.vector_channels, config.degrees) == (6, [4, 3, 2], 3)
    assert (config.parities, config.harmonics, config.ending) == ("ignored", "unit", "polynomial")
    assert (config.layers, config.cutoff, config.radial_hidden) == (3, 4.0, [8, 8])


def test_the_defaults_of_sevenn_are_both_parities_and_weights_by_species(settings):
    defaults = settings | {"irreps_manual": False}
    del defaults["is_parity"], defaults["self_connection_type"]
    config, _ = config_from(defaults)
    assert (config.parities, config.self_connection) == ("both", "species")
    with pytest.raises(BadFile, match="irreps_manual.*is_parity = False only"):
        config_from(settings | {"is_parity": True})


def test_without_irreps_all_degrees_have_the_same_channels(settings):
    config, _ = config_from(settings | {"irreps_manual": False})
    assert (config.channels, config.vector_channels) == (6, [6, 6, 6])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_parity", "yes"),
        ("irreps_manual", ["6x0e", "6x0e+4x1o+3x2e+2x3o", "6x0e+4x1o+3x2e+2x3o", "6x0e"]),
        ("use_bias_in_linear", True),
        ("readout_as_fcn", True),
        ("self_connection_type", ["nequip", "linear", "linear"]),
        ("interaction_type", "mace"),
        ("act_radial", "tanh"),
        ("act_gate", {"e": "tanh", "o": "tanh"}),
        ("lmax_edge", 2),
        ("radial_basis", {"radial_basis_name": "gaussian"}),
        ("cutoff_function", {"cutoff_function_name": "cosine"}),
        ("cutoff_function", {"cutoff_function_name": "poly_cut", "poly_cut_p_value": 4}),
        ("cutoff_function", "XPLOR"),
        ("irreps_manual", ["6x0e", "6x0e+4x1o", "6x0e+4x1o", "6x0e"]),
        ("irreps_manual", ["6x0e", "6x0e+4x1e+3x2e+2x3e", "6x0e"]),
        ("irreps_manual", "6x0e"),
        ("chemical_species", ["Cu", "Xx"]),
        ("chemical_species", ["Cu", "Cu"]),
        ("chemical_species", []),
        ("chemical_species", None),
        ("lmax", 4),
        ("lmax", "three"),
        ("num_convolution_layer", 1),
        ("cutoff", -1),
        ("cutoff", "far"),
        ("weight_nn_hidden_neurons", [0]),
        ("weight_nn_hidden_neurons", "64"),
    ],
)
def test_what_gaq_does_not_represent_is_refused_by_name(settings, name, value):
    words = {"cutoff_function": "cutoff|cut_p", "weight_nn_hidden_neurons": "radial_hidden", "lmax_edge": "lmax"}
    with pytest.raises(BadFile, match=words.get(name, name)):
        config_from(settings | {name: value})


@pytest.mark.parametrize("name", [*NEEDED, "chemical_species"])
def test_settings_that_are_missing_are_named(settings, name):
    del settings[name]
    with pytest.raises(BadFile, match=name):
        config_from(settings)


def test_one_of_several_fidelities_has_to_be_named(settings):
    assert fidelity_from(settings).count == 0
    several = settings | {"use_modality": True, "_modal_map": {"R2SCAN": 0, "PBE": 1}, "use_modal_output_block": True}
    fidelity = fidelity_from(several | {"modality": "PBE"})
    assert (fidelity.index, fidelity.inputs("output_block"), fidelity.inputs("node_embedding")) == (1, 2, 0)
    for wrong, word in (({}, "name one of 'R2SCAN', 'PBE'"), ({"modality": "LDA"}, "'LDA'"), ({"modality": 1}, "is 1")):
        with pytest.raises(BadFile, match=word):
            fidelity_from(several | wrong)
    for wrong in (None, {"PBE": 3}, ["PBE"], {"PBE": "first"}):
        with pytest.raises(BadFile, match="_modal_map"):
            fidelity_from(several | {"modality": "PBE", "_modal_map": wrong})
