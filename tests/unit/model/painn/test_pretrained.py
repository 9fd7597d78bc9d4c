"""SchNetPack's arrays give SchNetPack's numbers: energies and forces to the round-off of float64.

References were written by tools/references/schnetpack_painn.py. The published network is looked for in
$GAQ_PRETRAINED, with its frames.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Structure
from gaq.errors import BadFile
from gaq.formats.container import read_container
from gaq.formats.yaml_text import read_yaml
from gaq.model.forces import evaluate
from gaq.model.geometry import Gauge
from gaq.model.painn.pretrained import CENTRES, EMBEDDING, OTHERS, read, recognises, remarks
from gaq.model.precision import float_model_in
from gaq.train.importing import import_arrays
from gaq.units import HARTREE, KCAL_PER_MOL
from tiny import batch_of

REFERENCES = Path(__file__).parents[3] / "references" / "schnetpack"
PRETRAINED = Path(os.environ.get("GAQ_PRETRAINED", Path(__file__).parents[5] / "shared" / "pretrained"))
UNITS = {"gaussians": KCAL_PER_MOL, "bessel": HARTREE, "centred": 1.0}
EXACT, SINGLE = 1e-13, 3e-6  # of the largest force


def arrays_of(name: str) -> dict[str, np.ndarray]:
    return dict(read_container(REFERENCES / name / "painn.safetensors").tensors)


def settings_of(name: str) -> dict:
    return read_yaml(REFERENCES / name / "config.yaml", "")


def largest_difference(model, name: str, gauge: Gauge = Gauge.LAB) -> float:
    """Of energies per atom (1/Å) and forces, over the largest force, for all structures of a reference."""
    apart, largest = 0.0, 0.0
    for said in json.loads((REFERENCES / f"{name}.json").read_text(encoding="utf-8")).values():
        positions, species = np.array(said["positions"]), np.array(said["species"])
        one = Structure.molecule(species, positions)
        if said["cell"] is not None:
            one = Structure(species, positions, np.array(said["cell"]), np.ones(3, dtype=bool))
        found = evaluate(model, batch_of([one], model.cutoff), gauge=gauge)
        forces = np.array(said["forces"]) * UNITS[name]
        energy = abs(float(found.energies[0]) - said["energy"] * UNITS[name]) / len(species)
        apart = max(apart, np.abs(found.forces.numpy() - forces).max(), energy)
        largest = max(largest, np.abs(forces).max())
    return apart / largest


@pytest.mark.parametrize("name", UNITS)
def test_numbers_are_those_of_schnetpack(name):
    arrays, settings = arrays_of(name), settings_of(name)
    assert recognises({key: array.shape for key, array in arrays.items()})
    model = read(arrays, settings)
    assert largest_difference(model, name) < EXACT
    assert largest_difference(model, name, Gauge.LOCAL) < EXACT
    assert largest_difference(float_model_in(model, torch.float32), name) < SINGLE


@pytest.mark.parametrize(
    "part", ["context_net.0.weight", "mu_channel_mix.weight", "filter_net.bias", "outnet.1.bias", "embedding.weight"]
)
def test_another_number_is_another_energy(part):
    """The control: a millionth of one array shows."""
    arrays = arrays_of("gaussians")
    name = next(key for key in sorted(arrays) if key.endswith(part))
    arrays[name] = arrays[name].astype(np.float64) * (1 + 1e-6)
    assert largest_difference(read(arrays, settings_of("gaussians")), "gaussians") > 10 * EXACT


def test_names_of_a_training_are_read_too():
    arrays = {f"model.{key}": array for key, array in arrays_of("bessel").items()}
    assert recognises({key: array.shape for key, array in arrays.items()})
    assert largest_difference(read(arrays, settings_of("bessel")), "bessel") < EXACT


def test_what_no_setting_says_is_said():
    arrays, settings = arrays_of("gaussians"), settings_of("gaussians")
    (elements,) = remarks(arrays, settings)
    assert "which elements" in elements
    assert remarks(arrays, settings | {"elements": (1, 6, 8, 29)}) == ()
    assert remarks(arrays_of("bessel"), settings_of("bessel")) == ()
    alone = " ".join(remarks(arrays, {}))
    assert "no settings" in alone
    assert "kcal/mol is taken" in alone
    assert largest_difference(read(arrays, {}), "gaussians") < EXACT


def test_elements_are_those_of_the_data_or_of_who_asks():
    arrays, settings = arrays_of("gaussians"), settings_of("gaussians")
    assert len(read(arrays, settings).species) == 99
    settings["data"] |= {"_target_": "schnetpack.datasets.rMD17", "molecule": "ethanol"}
    assert read(arrays, settings).species == (1, 6, 8)
    assert read(arrays, settings | {"elements": (1, 7)}).species == (1, 7)
    assert read(arrays_of("bessel"), settings_of("bessel")).species == (1, 6, 8, 29)
    arrays[EMBEDDING] = arrays[EMBEDDING][:10]
    with pytest.raises(BadFile, match="10 rows and none for Ne"):
        read(arrays, settings | {"elements": (10,)})


def changed(path: str, value: object) -> dict:
    settings = copy.deepcopy(settings_of("gaussians"))
    *way, last = path.split(".")
    place = settings
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    place[last] = value
    return settings


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("model._target_", "schnetpack.model.AtomisticModel", r"model\._target_ is 'AtomisticModel'"),
        ("model.representation._target_", "schnetpack.representation.SchNet", "'SchNet'; gaq represents PaiNN only"),
        ("model.representation.cutoff_fn._target_", "schnetpack.nn.MollifierCutoff", "represents CosineCutoff only"),
        ("model.representation.activation", {"_target_": "torch.nn.Tanh"}, "activation is .*Tanh.*silu only"),
        ("model.representation.epsilon", 1e-6, "epsilon is 1e-06; gaq represents 1e-08 only"),
        ("model.output_modules.0.activation", "shifted_softplus", "silu only"),
        ("model.output_modules.0.aggregation_mode", "avg", "sum over atoms"),
        ("model.output_modules.1._target_", "schnetpack.atomistic.DipoleMoment", "'DipoleMoment'"),
        ("model.output_modules.1._target_", "schnetpack.atomistic.Atomwise", "no single energy"),
        ("model.postprocessors.1.is_extensive", False, "is_extensive"),
        ("model.postprocessors.0._target_", "schnetpack.transform.ScaleProperty", "'ScaleProperty'"),
        ("model.postprocessors", ["CastTo64"], "expected an object"),
        ("model.input_modules", 3, "expected a list"),
        ("data.property_units.energy", "furlong", "unit of energy is 'furlong'; expected one of kcal/mol"),
        ("data.distance_unit", "Bohr", "not Å"),
        ("data.distance_unit", "${data.distance_unit}", "unit of length"),
    ],
)
def test_settings_that_gaq_does_not_represent_are_named(path, value, sentence):
    with pytest.raises(BadFile, match=sentence):
        read(arrays_of("gaussians"), changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model.representation.activation", {"_target_": "torch.nn.functional.silu", "_partial_": True}),
        ("model.representation.epsilon", "1e-8"),
        ("model.output_modules.0.aggregation_mode", "sum"),
        ("data.property_units.energy", "KCAL/MOL"),
        ("trainer.max_epochs", 3),
    ],
)
def test_settings_that_change_nothing_are_read(path, value):
    assert largest_difference(read(arrays_of("gaussians"), changed(path, value)), "gaussians") < EXACT


def test_the_energy_may_have_another_name():
    settings = changed("model.output_modules.0.output_key", "${globals.property}")
    settings["globals"]["property"] = "energy_U0"
    settings["data"]["property_units"] = {"energy_U0": "eV", "energy": "Hartree"}
    in_ev = read(arrays_of("gaussians"), settings).reference
    in_kcal = read(arrays_of("gaussians"), settings_of("gaussians")).reference
    assert torch.allclose(in_ev * KCAL_PER_MOL, in_kcal)
    settings["data"]["property_units"] = {"energy_U0": "Debye"}
    with pytest.raises(BadFile, match="'Debye'; expected one of"):
        read(arrays_of("gaussians"), settings)


def test_settings_of_another_form_are_no_settings_of_schnetpack():
    other = {"model": {"n_atom_basis": 8}, "energy_unit": "eV"}
    (alone, _) = remarks(arrays_of("gaussians"), other)
    assert "no settings of SchNetPack" in alone
    assert read(arrays_of("gaussians"), other).scale == 1.0


def test_an_offset_that_is_not_added_is_not_there():
    model = read(arrays_of("gaussians"), changed("model.postprocessors.1.add_mean", False))
    kept = read(arrays_of("gaussians"), settings_of("gaussians"))
    assert torch.allclose(kept.reference - model.reference, torch.full_like(kept.reference, -4.25 * KCAL_PER_MOL))


@pytest.mark.parametrize("part", OTHERS)
def test_other_networks_of_schnetpack_are_refused_by_what_they_are(part):
    arrays = arrays_of("gaussians") | {f"representation.{part}.0.weight": np.ones(3, np.float32)}
    assert recognises({key: array.shape for key, array in arrays.items()})
    with pytest.raises(BadFile, match=f"is of {OTHERS[part]}, which|is of {OTHERS[part].split(',')[0]}"):
        read(arrays, settings_of("gaussians"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda a: a.pop("representation.cutoff_fn.cutoff"), r"'representation\.cutoff_fn\.cutoff' is missing"),
        (lambda a: a.pop("representation.mixing.1.mu_channel_mix.weight"), "'representation.mixing.1.mu_channel_mix"),
        (lambda a: a.pop("output_modules.0.outnet.1.weight"), "outnet.1.weight' is missing"),
        (lambda a: a.pop(CENTRES), "radial_basis.offsets' is missing"),
        (lambda a: a.update({"output_modules.1.outnet.0.weight": np.ones((1, 8), np.float32)}), "heads of the network"),
        (lambda a: a.update({"output_modules.0.outnet.2.weight": np.ones((1, 1), np.float32)}), "more than two layers"),
        (lambda a: a.update({"representation.mixing.7.mu_channel_mix.weight": a[EMBEDDING]}), "'representation"),
        (lambda a: a.update({"task.charges": np.ones(1, np.float32)}), r"no place in .*'task\.charges'"),
        (lambda a: a.update({EMBEDDING: a[EMBEDDING][:, :3]}), "channels of the network is 3"),
        (lambda a: a.update({EMBEDDING: a[EMBEDDING][0]}), "expected 2 axes"),
        (lambda a: a.update({"representation.radial_basis.widths": 0 * a[CENTRES]}), "not positive"),
    ],
)
def test_arrays_that_are_missing_or_have_no_place_are_named(change, sentence):
    arrays = arrays_of("gaussians")
    change(arrays)
    with pytest.raises(BadFile, match=sentence):
        read(arrays, settings_of("gaussians"))


@pytest.fixture(scope="module")
def published():
    """The published model of rMD17 ethanol: its file, and the frames with SchNetPack's energies and forces."""
    folder = PRETRAINED / "painn_rmd17_ethanol"
    if not folder.is_dir():
        pytest.skip("needs painn_rmd17_ethanol of SchNetPack; name the folder above it in GAQ_PRETRAINED")
    return folder / "painn_1.safetensors", np.load(folder / "painn_1_reference.npz")


def test_the_published_network_gives_its_reference_frames(published):
    file, frames = published
    model = import_arrays(file).checkpoint.model
    assert model.species == (1, 6, 8)
    batch = batch_of([Structure.molecule(frames["z"].astype(int), x) for x in frames["coords"]], model.cutoff)
    energies, forces = frames["energies"] * KCAL_PER_MOL, frames["forces"].reshape(-1, 3) * KCAL_PER_MOL
    for found, tolerance in ((model, EXACT), (float_model_in(model, torch.float32), SINGLE)):
        answer = evaluate(found, batch)
        assert np.abs(answer.forces.numpy() - forces).max() < tolerance * np.abs(forces).max()
        assert np.abs(answer.energies.numpy() - energies).max() < max(tolerance, 1e-15) * np.abs(energies).max()
    assert np.abs(answer.forces.numpy() - forces).max() > EXACT * np.abs(forces).max(), "float32 is seen"
