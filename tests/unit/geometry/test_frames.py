"""Frames turn with the molecule, also where the choice of neighbours is degenerate, and stay where they are when two
neighbours change places; they have gradients.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ase.build import molecule as built
from ase.data import covalent_radii

from gaq.geometry.frames import EVEN, FrameChoice, build_frames, choose_neighbors, evenness, neighbor_key
from gaq.geometry.rotations import random_rotations

CUTOFF = 5.0


def edges_of(positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    distance = torch.cdist(positions, positions)
    distance.fill_diagonal_(np.inf)
    receiver, sender = torch.nonzero(distance < CUTOFF, as_tuple=True)
    return receiver, sender


def edges_and_keys(species, positions) -> tuple[torch.Tensor, ...]:
    """Receiver, sender, direction and key of each edge."""
    receiver, sender = edges_of(positions.detach())
    vectors = positions[sender] - positions[receiver]
    distance = vectors.norm(dim=-1)
    radii = torch.from_numpy(covalent_radii.copy())
    scale = radii[species[receiver]] + radii[species[sender]]
    scale = torch.where(species[sender] == 1, -scale, scale)
    return receiver, sender, vectors / distance[:, None], neighbor_key(distance, scale)


def chosen(species, positions) -> tuple[FrameChoice, torch.Tensor, torch.Tensor]:
    """The choice, and receiver and sender of each edge."""
    receiver, sender, unit, key = edges_and_keys(species, positions)
    return choose_neighbors(receiver, key, unit, len(species)), receiver, sender


def frames_of(species, positions) -> torch.Tensor:
    receiver, _, unit, key = edges_and_keys(species, positions)
    return build_frames(unit, key, choose_neighbors(receiver, key, unit, len(species)))


def atoms_of(name: str, noise: float = 0.0, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    atoms = built(name)
    shift = noise * np.random.default_rng(seed).standard_normal(atoms.positions.shape)
    return torch.from_numpy(atoms.numbers).long(), torch.from_numpy(atoms.positions + shift)


def linear(symbols: tuple[int, ...], places: tuple[float, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Atoms on a line that lies across all axes of space."""
    axis = torch.tensor([0.6, -0.48, 0.64], dtype=torch.float64)
    return torch.tensor(symbols), torch.tensor(places, dtype=torch.float64)[:, None] * axis


def molecules() -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    return {
        "ethanol": atoms_of("CH3CH2OH", 0.05),
        "planar": atoms_of("C6H6"),
        "methane": atoms_of("CH4"),
        "ammonia": atoms_of("NH3"),
        "water": atoms_of("H2O", 0.02),
        "dimer": linear((6, 8), (0.0, 1.13)),
        "carbon-dioxide": linear((8, 6, 8), (-1.16, 0.0, 1.16)),
        "acetylene": linear((1, 6, 6, 1), (-1.66, -0.6, 0.6, 1.66)),
        "single": linear((8,), (0.0,)),
        "apart": linear((8, 8), (0.0, 40.0)),
    }


@pytest.mark.parametrize("name", molecules())
def test_frames_are_right_handed_and_orthonormal(name):
    frames = frames_of(*molecules()[name])
    assert frames.dtype == torch.float64
    assert torch.isfinite(frames).all()
    identity = torch.eye(3, dtype=torch.float64)
    assert (frames.transpose(-1, -2) @ frames - identity).abs().max() < 1e-14
    assert (torch.linalg.det(frames) - 1).abs().max() < 1e-14


@pytest.mark.parametrize("name", ["ethanol", "water"])
def test_frames_turn_with_the_molecule(name, seed):
    species, positions = molecules()[name]
    before = frames_of(species, positions)
    for rotation in random_rotations(10, torch.Generator().manual_seed(seed)):
        after = frames_of(species, positions @ rotation.T)
        assert (after - rotation @ before).abs().max() < 1e-13
        assert (after - before).abs().max() > 1e-2
    assert (frames_of(species, positions + 7.0) - before).abs().max() < 1e-13


@pytest.mark.parametrize("name", ["dimer", "carbon-dioxide", "acetylene"])
def test_on_a_line_the_first_axis_turns_and_the_rest_is_free(name, seed):
    """Every feature there is symmetric about the line, so any turn about it will do."""
    species, positions = molecules()[name]
    before = frames_of(species, positions)
    assert (chosen(species, positions)[0].second == -1).all()
    for rotation in random_rotations(10, torch.Generator().manual_seed(seed)):
        after = frames_of(species, positions @ rotation.T)
        assert (after[:, :, 0] - before[:, :, 0] @ rotation.T).abs().max() < 1e-13


def test_nearly_a_line_still_spans_a_frame():
    """Below the preferred sine, the neighbour furthest from the line is taken."""
    species, positions = molecules()["carbon-dioxide"]
    bent = positions + torch.tensor([[0, 0, 0], [0.01, 0.02, 0.0], [0, 0, 0]], dtype=torch.float64)
    choice, _, _ = chosen(species, bent)
    assert (choice.second >= 0).all()
    turned = random_rotations(1, torch.Generator().manual_seed(0))[0]
    assert (frames_of(species, bent @ turned.T) - turned @ frames_of(species, bent)).abs().max() < 1e-10


def test_without_neighbours_the_frame_is_that_of_space():
    species, positions = molecules()["apart"]
    choice, _, _ = chosen(species, positions)
    assert choice.first.tolist() == choice.other.tolist() == choice.second.tolist() == [-1, -1]
    assert (frames_of(species, positions) == torch.eye(3)).all()


def test_one_atom_alone_beside_a_molecule():
    species, positions = molecules()["water"]
    species = torch.cat((species, torch.tensor([2])))
    positions = torch.cat((positions, torch.full((1, 3), 30.0, dtype=torch.float64)))
    choice, _, _ = chosen(species, positions)
    assert choice.first[3] == choice.second[3] == -1
    assert (choice.first[:3] >= 0).all()
    frames = frames_of(species, positions)
    assert (frames.transpose(-1, -2) @ frames - torch.eye(3)).abs().max() < 1e-14


def test_renumbering_the_atoms_renumbers_the_frames(rng):
    species, positions = molecules()["ethanol"]
    order = torch.from_numpy(rng.permutation(len(species)))
    assert (frames_of(species[order], positions[order]) - frames_of(species, positions)[order]).abs().max() == 0


def test_hydrogen_comes_after_heavier_neighbours():
    """Carbon of methanol: oxygen at 1.43 Å before the three hydrogens at 1.09 Å."""
    species, positions = atoms_of("CH3OH", 0.02)
    choice, _, sender = chosen(species, positions)
    carbon = int((species == 6).nonzero()[0])
    assert species[sender[choice.first[carbon]]] == 8
    assert species[sender[choice.second[carbon]]] == 1


def test_a_neighbour_in_the_line_of_the_first_is_passed_over():
    """Second nearest is collinear with the first; the third nearest spans the frame."""
    positions = torch.tensor([[0.0, 0, 0], [1.0, 0, 0], [-1.1, 0.05, 0], [0, 1.5, 0]], dtype=torch.float64)
    choice, _, sender = chosen(torch.full((4,), 6), positions)
    assert sender[choice.first[0]] == 1
    assert sender[choice.second[0]] == 3


@pytest.mark.parametrize("name", ["methane", "planar", "ammonia"])
def test_a_tie_is_settled_up_to_a_symmetry_of_the_molecule(name, seed):
    """Whichever of equal neighbours is taken, the molecule looks the same from the frame, or mirrored."""
    species, positions = molecules()[name]
    reference = seen_from_frames(species, positions)
    for rotation in random_rotations(10, torch.Generator().manual_seed(seed)):
        order = torch.randperm(len(species), generator=torch.Generator().manual_seed(seed))
        turned = seen_from_frames(species[order], (positions @ rotation.T)[order])
        for atom, picture in zip(order.tolist(), turned, strict=True):
            mirrored = picture * np.array([1.0, 1.0, 1.0, -1.0])
            gap = min(distance_of(picture, reference[atom]), distance_of(mirrored, reference[atom]))
            assert gap < 1e-9


@pytest.mark.parametrize("name", ["methane", "planar", "ammonia"])
def test_round_off_does_not_settle_a_tie(name, seed):
    """A rotated copy takes the same neighbours, though its equal distances differ in the last bits."""
    species, positions = molecules()[name]
    reference, receiver, _ = chosen(species, positions)
    for rotation in random_rotations(30, torch.Generator().manual_seed(seed)):
        found, same_receiver, _ = chosen(species, positions @ rotation.T)
        assert torch.equal(receiver, same_receiver)
        assert torch.equal(found.first, reference.first)
        assert torch.equal(found.second, reference.second)


def seen_from_frames(species, positions) -> list[np.ndarray]:
    """For each atom the set of (element, x, y, z) in its own frame."""
    frames = frames_of(species, positions)
    local = torch.einsum("iab,ija->ijb", frames, positions[None] - positions[:, None])
    kinds = species.to(torch.float64).expand(len(species), -1)
    return list(torch.cat((kinds[..., None], local), -1).numpy())


def distance_of(one: np.ndarray, other: np.ndarray) -> float:
    """Largest distance from a point of one set to the nearest of the other."""
    return float(np.linalg.norm(one[:, None] - other[None], axis=-1).min(axis=1).max())


@pytest.mark.parametrize("name", ["ethanol", "planar", "methane"])
def test_a_mirror_turns_the_third_axis_about(name, rng):
    """e₃ = e₁ × e₂ is a pseudovector: under a reflection M the frame becomes (M e₁, M e₂, −M e₃)."""
    species, positions = molecules()[name]
    mirror = torch.diag(torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))  # costs no rounding
    before, after = frames_of(species, positions), frames_of(species, positions @ mirror)
    signs = torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)
    assert (after - mirror @ before * signs).abs().max() < 1e-14


ABOUT = torch.diag(torch.tensor([-1.0, 1.0, -1.0], dtype=torch.float64))  # half a turn about e₂


def proton(place: float) -> tuple[torch.Tensor, torch.Tensor]:
    """A proton on its way along a bent bridge between two oxygens, `place` (Å) past the middle, beside a carbon."""
    positions = [[place, 0.35, 0.1], [-1.2, 0.0, 0.0], [1.2, 0.0, 0.0], [0.1, -1.9, 0.3]]
    return torch.tensor([1, 8, 8, 6]), torch.tensor(positions, dtype=torch.float64)


def largest_turn(before: torch.Tensor, after: torch.Tensor) -> float:
    """How far the axes of an atom have moved, the most of all atoms, but for axes that were only turned about."""
    overlap = (before.transpose(-1, -2) @ after).diagonal(dim1=-2, dim2=-1)
    return float((1.0 - overlap.abs()).max())


@pytest.mark.parametrize("bridge", [0.35, 0.0])
def test_an_exchange_of_neighbours_does_not_turn_the_frame(bridge):
    before, after = (proton(place) for place in (-1e-6, 1e-6))
    for _, positions in (before, after):
        positions[0, 1] = bridge
    assert chosen(*before)[0].first[0] != chosen(*after)[0].first[0]
    assert largest_turn(frames_of(*before), frames_of(*after)) < 1e-8


def test_frames_of_ordered_neighbours_do_turn(monkeypatch):
    """The control: the nearest neighbour has the first axis to itself, however small its lead."""
    monkeypatch.setattr("gaq.geometry.frames.evenness", torch.zeros_like)
    assert largest_turn(frames_of(*proton(-1e-6)), frames_of(*proton(1e-6))) > 0.1


def test_equal_neighbours_give_the_same_axes_in_either_order():
    """To the last bit, two of them turned about."""
    species, positions = proton(0.0)
    receiver, _, unit, key = edges_and_keys(species, positions)
    key = torch.where(receiver == 0, key.round(decimals=6), key)
    choice = choose_neighbors(receiver, key, unit, len(species))
    exchanged = FrameChoice(choice.other, choice.first, choice.first)
    assert key[choice.first[0]] == key[choice.other[0]]
    one, other = (build_frames(unit, key, c)[0] for c in (choice, exchanged))
    assert torch.equal(other, one @ ABOUT)


def test_a_neighbour_far_ahead_has_the_first_axis():
    species, positions = proton(-0.4)
    choice, _, sender = chosen(species, positions)
    towards = positions[1] - positions[0]
    assert sender[choice.first[0]] == 1
    assert (frames_of(species, positions)[0, :, 0] - towards / towards.norm()).abs().max() < 1e-15


def test_evenness_falls_smoothly_from_one_to_zero():
    lead = torch.tensor([-0.1, 0.0, EVEN / 2, EVEN, 9.0], dtype=torch.float64, requires_grad=True)
    share = evenness(lead)
    assert share.tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]
    (slope,) = torch.autograd.grad(share.sum(), lead)
    assert slope.tolist() == pytest.approx([0.0, 0.0, -1.875 / EVEN, 0.0, 0.0])
    assert torch.autograd.gradcheck(evenness, torch.linspace(0.01, 0.6, 7, dtype=torch.float64).requires_grad_())


def test_the_gradient_knows_of_the_lead():
    """Neighbours neither equal nor far apart: the first axis moves with their distances too."""
    species, positions = proton(0.1)
    positions = positions.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: frames_of(species, x), positions)


def test_the_gradient_goes_through_the_frame():
    species, positions = molecules()["ethanol"]
    positions = positions.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: frames_of(species, x), positions)


@pytest.mark.parametrize("name", molecules())
def test_gradients_are_finite_in_every_case(name):
    species, positions = molecules()[name]
    positions = positions.clone().requires_grad_()
    draw = torch.Generator().manual_seed(1)
    frames = frames_of(species, positions)
    if name in ("single", "apart"):
        assert not frames.requires_grad
        return
    weights = torch.randn(frames.shape, dtype=torch.float64, generator=draw)
    (slope,) = torch.autograd.grad((weights * frames).sum(), positions, create_graph=True)
    assert torch.isfinite(slope).all()
    assert slope.abs().max() > 0
    if slope.requires_grad:
        (curvature,) = torch.autograd.grad(slope.square().sum(), positions)
        assert torch.isfinite(curvature).all()


def test_frames_of_nothing():
    nothing = torch.zeros(0, dtype=torch.float64)
    choice = choose_neighbors(nothing.long(), nothing, nothing.reshape(0, 3), 0)
    assert build_frames(nothing.reshape(0, 3), nothing, choice).shape == (0, 3, 3)
