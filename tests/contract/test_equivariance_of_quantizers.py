"""Which quantizers commute with rotations, which do not, and by how much."""

from __future__ import annotations

import torch

from contract.every_spec import VECTORS, calibrated, drawn
from gaq.geometry.sphere import draw_directions
from gaq.quant.direction_spec import Fibonacci, Icosahedral
from gaq.quant.spec import Framed, Polar, Uniform


def rotation(seed):
    frame, _ = torch.linalg.qr(draw_directions(3, torch.Generator().manual_seed(seed)))
    return frame * torch.linalg.det(frame).sign()


def equivariance_error(quantizer, x, turn):
    """‖Q(Rx) - R Q(x)‖ relative to ‖x‖, over everything."""
    turned = torch.einsum("ij,ajc->aic", turn, quantizer(x).value)
    return float((quantizer(torch.einsum("ij,ajc->aic", turn, x)).value - turned).norm() / x.norm())


def test_cartesian_rounding_is_not_equivariant(seed):
    x = drawn(VECTORS, seed, torch.float64)
    for spec in (Uniform(8), Uniform(8, per="row"), Uniform(8, per="vector")):
        assert equivariance_error(calibrated(VECTORS, spec), x, rotation(seed)) > 1e-3


def test_components_in_a_frame_are_equivariant(seed):
    """Rᵀ-components in a frame that turns along are the same numbers, and so are their codes."""
    quantizer = calibrated(VECTORS, Framed(Uniform(8, per="row")))
    x, frame, turn = drawn(VECTORS, seed, torch.float64), rotation(seed + 1), rotation(seed)

    def quantized(vectors, axes):
        components = torch.einsum("ij,aic->ajc", axes, vectors).float()
        return torch.einsum("ij,ajc->aic", axes, quantizer(components).value.double())

    expected = torch.einsum("ij,ajc->aic", turn, quantized(x, frame))
    error = (quantized(torch.einsum("ij,ajc->aic", turn, x), turn @ frame) - expected).norm() / x.norm()
    assert error < 1e-6
    standing = (quantized(torch.einsum("ij,ajc->aic", turn, x), frame) - expected).norm() / x.norm()
    assert standing > 1e-3, "a frame that does not turn along must be noticed"


def test_finer_directions_break_the_symmetry_less(seed):
    x = drawn(VECTORS, seed, torch.float64)
    errors = [
        equivariance_error(calibrated(VECTORS, Polar(12, Fibonacci(bits))), x, rotation(seed)) for bits in (4, 8, 12)
    ]
    assert errors[0] > 2 * errors[1] > 4 * errors[2] > 0


def test_an_icosahedral_code_respects_the_icosahedron(seed):
    points = calibrated(VECTORS, Polar(8, Icosahedral(8))).calibrated.directions.points.double()
    axis, angle = points[0], torch.tensor(2 * torch.pi / 5, dtype=torch.float64)
    cross = torch.linalg.cross(axis.expand(3, 3), torch.eye(3, dtype=torch.float64), dim=-1).t()
    fivefold = torch.eye(3, dtype=torch.float64) + angle.sin() * cross + (1 - angle.cos()) * cross @ cross
    quantizer, x = calibrated(VECTORS, Polar(8, Icosahedral(8))), drawn(VECTORS, seed, torch.float64)
    assert equivariance_error(quantizer, x, fivefold) < 1e-6
    assert equivariance_error(quantizer, x, rotation(seed)) > 1e-3
