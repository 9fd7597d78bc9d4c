"""SevenNet's arrays give SevenNet's numbers: energies, forces and virials to the round-off of float32.

References were written by tools/references/sevennet.py. Small networks with random weights have their arrays beside
them; those of published networks are looked for in $GAQ_PRETRAINED.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Structure
from gaq.errors import BadFile
from gaq.formats.container import read_container
from gaq.model.forces import evaluate
from gaq.model.geometry import Gauge
from gaq.model.nequip.pretrained import SIGNS, read, recognises
from tiny import batch_of

REFERENCES = Path(__file__).parents[3] / "references" / "sevennet"
PRETRAINED = Path(os.environ.get("GAQ_PRETRAINED", Path(__file__).parents[5] / "shared" / "pretrained"))
SMALL = ("unit-l3", "solid-l2", "parities", "fidelities")
PUBLISHED = ("sevennet-0", "sevennet-0-may", "sevennet-l3i5", "sevennet-mf-0")
# Largest differences that round-off of float32 explains: eV per atom, eV/Å, eV.
ENERGY, FORCE, VIRIAL = 5e-6, 2e-5, 1e-4


def arrays_of(folder: Path) -> dict[str, np.ndarray]:
    return dict(read_container(next(folder.glob("*.safetensors"))).tensors)


def settings_of(folder: Path) -> dict:
    return json.loads((folder / "config.json").read_text(encoding="utf-8"))


def published(name: str) -> Path:
    folder = PRETRAINED / name
    if not folder.is_dir():
        pytest.skip(f"needs {name}, which examples/sevennet writes; name the folder above it in GAQ_PRETRAINED")
    return folder


def differences(model, reference: str, gauge: Gauge = Gauge.LAB) -> dict[str, tuple[float, float, float]]:
    """Largest differences of energy per atom, force and virial, by structure."""
    found = {}
    for name, said in json.loads((REFERENCES / f"{reference}.json").read_text(encoding="utf-8")).items():
        positions, periodic = np.array(said["positions"]), said["cell"] is not None
        structure = Structure.molecule(said["species"], positions)
        if periodic:
            structure = Structure(np.array(said["species"]), positions, np.array(said["cell"]), np.ones(3, dtype=bool))
        answer = evaluate(model, batch_of([structure], model.cutoff), gauge=gauge)
        virial = np.abs(answer.virials[0].numpy() - said["virial"]).max() if periodic else 0.0
        energy = abs(float(answer.energies[0]) - said["energy"]) / len(positions)
        found[name] = energy, np.abs(answer.forces.numpy() - said["forces"]).max(), virial
    return found


def assert_equal(found) -> None:
    for name, (energy, force, virial) in found.items():
        assert energy < ENERGY, name
        assert force < FORCE, name
        assert virial < VIRIAL, name


@pytest.mark.parametrize("gauge", Gauge)
@pytest.mark.parametrize("name", SMALL)
def test_a_small_network_is_the_same(name, gauge):
    model = read(arrays_of(REFERENCES / name), settings_of(REFERENCES / name))
    assert_equal(differences(model, name, gauge))


@pytest.mark.parametrize("gauge", Gauge)
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_is_the_same(name, gauge):
    folder = published(name)
    assert_equal(differences(read(arrays_of(folder), settings_of(folder)), name, gauge))


@pytest.mark.parametrize("name", SMALL)
def test_every_number_counts(name):
    """The control: any array that is changed by a per cent changes energies by more than the tolerance."""
    arrays, settings = arrays_of(REFERENCES / name), settings_of(REFERENCES / name)
    for key in arrays:
        changed = arrays | {key: arrays[key] * np.float32(1.01)}
        worst = np.max([found[:2] for found in differences(read(changed, settings), name).values()], axis=0)
        assert worst[0] > ENERGY or worst[1] > FORCE, key


def test_the_fidelity_counts():
    folder = REFERENCES / "fidelities"
    other = settings_of(folder) | {"modality": "R2SCAN"}
    worst = max(energy for energy, *_ in differences(read(arrays_of(folder), other), "fidelities").values())
    assert worst > 1e3 * ENERGY


def test_the_order_of_the_elements_counts():
    name = SMALL[0]
    settings = settings_of(REFERENCES / name)
    settings["chemical_species"] = settings["chemical_species"][::-1]
    worst = max(energy for energy, *_ in differences(read(arrays_of(REFERENCES / name), settings), name).values())
    assert worst > 1e3 * ENERGY


def test_arrays_are_recognised_by_their_names():
    shapes = {key: array.shape for key, array in arrays_of(REFERENCES / SMALL[0]).items()}
    assert recognises(shapes)
    assert not any(recognises({key: shape for key, shape in shapes.items() if key != sign}) for sign in SIGNS)


def test_constants_of_e3nn_are_left_out():
    arrays, settings = arrays_of(REFERENCES / SMALL[0]), settings_of(REFERENCES / SMALL[0])
    more = {
        "0_self_interaction_1.linear.output_mask": np.ones(6, dtype=np.float32),
        "0_self_interaction_1.linear.bias": np.zeros(0, dtype=np.float32),
        "1_convolution.convolution._compiled_main_left_right._w3j_1_1_1": np.ones((3, 3, 3), dtype=np.float32),
    }
    for one, other in zip(read(arrays, settings).parameters(), read(arrays | more, settings).parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["1_convolution.weight_nn.layer2.weight", "rescale_atomic_energy.shift", *SIGNS])
def test_arrays_that_do_not_fit_are_named(name):
    arrays, settings = arrays_of(REFERENCES / SMALL[0]), settings_of(REFERENCES / SMALL[0])
    without = {key: array for key, array in arrays.items() if key != name}
    for wrong, word in (
        (without, "missing"),
        (without | {name + "_": arrays[name]}, "missing"),
        (without | {name: arrays[name][:-1]}, "shape"),
        (without | {name: arrays[name] * np.float32(np.nan)}, "not finite"),
    ):
        with pytest.raises(BadFile, match=word) as refusal:
            read(wrong, settings)
        assert name in str(refusal.value)


def test_arrays_without_a_place_are_named():
    arrays, settings = arrays_of(REFERENCES / SMALL[0]), settings_of(REFERENCES / SMALL[0])
    with pytest.raises(BadFile, match=r"no place .*3_convolution\.denominator"):
        read(arrays | {"3_convolution.denominator": np.ones(1, dtype=np.float32)}, settings)


def test_scales_that_differ_between_species_are_refused():
    arrays, settings = arrays_of(REFERENCES / SMALL[0]), settings_of(REFERENCES / SMALL[0])
    scale = np.array([1.5, 1.5, 1.5, 1.6], dtype=np.float32)
    with pytest.raises(BadFile, match="differs between species"):
        read(arrays | {"rescale_atomic_energy.scale": scale}, settings)
