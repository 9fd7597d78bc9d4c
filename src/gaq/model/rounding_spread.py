"""What the quantizer in a slot does to an `ErrorSpread`: the bound and the estimate for each scheme."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from gaq.errors import UsageError
from gaq.geometry.covering import component_bound, covering_bound, octahedral_bound
from gaq.geometry.nearest import Codebook
from gaq.geometry.octahedral import octahedral_codes, octahedral_points
from gaq.geometry.sphere import rms_angle, snap_to
from gaq.model.spread import ErrorSpread, bounded, flipped, most_flips
from gaq.quant.calibrated import CalibratedQuantizer, DynamicStep, FixedStep, species_index
from gaq.quant.direction_spec import Component, Fibonacci, Icosahedral
from gaq.quant.directions import FixedBook, LearnedBook, OctahedralGrid, fixed_codebook
from gaq.quant.learned import LearnedStep
from gaq.quant.mddq import PolarCode
from gaq.quant.quantizer import Quantizer
from gaq.quant.scheme import magnitude
from gaq.quant.spec import wrappers_of
from gaq.quant.species_mean import SpeciesMean

# Codes are of x · inverse_step, a float32: thresholds lie where the step says but for this share of x.
INVERSE = 2e-7


@torch.no_grad()
def scalars(quantizer: Quantizer, x: Tensor, dx: ErrorSpread, species: Tensor | None = None) -> ErrorSpread:
    """Behind the quantizer of scalars x [atom, channel], which are invariants: equal numbers have equal codes.

    Fixed steps: rounding never changes the order of two numbers, so the values lie between those of x − Δ and x + Δ;
    and only so many codes can change together.
    Dynamic steps: half a step on either side, of the largest step that the atom can come to have.
    """
    calibrated = _known(quantizer)
    if calibrated is None:
        return dx
    shift = torch.zeros_like(x)  # what is taken off may differ by so much between the orientations
    if isinstance(calibrated, SpeciesMean):
        x, calibrated, shift = _rest(calibrated, x, dx, species)
    quantized = calibrated(x)
    here = quantized.value
    if isinstance(calibrated, DynamicStep):
        most = (x.abs() + dx.worst + shift).amax(-1, keepdim=True) / (2 * calibrated.high)
        apart = dx.norm > 0
        worst = torch.where(apart[:, None], most + dx.worst + (here - x).abs(), torch.zeros_like(x))
        norm = math.sqrt(x.shape[-1]) * most[:, 0] + dx.norm + (here - x).square().sum(-1).sqrt()
        norm = torch.where(apart, norm, torch.zeros_like(norm))
        step = x.abs().amax(-1, keepdim=True) / calibrated.high
        return bounded(worst, norm, flipped(dx.square, step.expand_as(x)))
    assert quantized.codes is not None
    ends = (calibrated(x - dx.worst).value, calibrated(x + dx.worst).value)
    size = _fixed_step(calibrated)
    inner = size / 2 - (x - here).abs()
    outer = x.abs() - (quantized.high - 0.5) * size  # the last code reaches outwards without end
    distance = torch.where(quantized.codes.abs() == quantized.high, outer, inner)
    distance = (distance - INVERSE * x.abs()).clamp(min=0)
    norm = dx.norm + size * most_flips(distance, dx).to(x.dtype).sqrt()
    worst = torch.maximum(here - ends[0], ends[1] - here)
    return bounded(worst, norm, flipped(dx.square, torch.full_like(x, size)))


def _rest(
    calibrated: SpeciesMean, x: Tensor, dx: ErrorSpread, species: Tensor | None
) -> tuple[Tensor, CalibratedQuantizer, Tensor]:
    """Return what is rounded about a mean, by which scheme, and how much what is taken off may differ between
    orientations.

    The mean is the same in both. How much a row has along directions U is taken from its codes, each within half a step
    of its number: p differs by at most |U| (Δ + a step), and what is taken off by |U|ᵀ times that.
    """
    rest = x - calibrated.compensation(x, species).rows()
    along, inner = calibrated.along, calibrated.scheme
    if along is None:
        return rest, inner, torch.zeros_like(x)
    assert isinstance(inner, DynamicStep)
    about = x - calibrated.mean(x, species).rows()
    step = (about.abs() + dx.worst).amax(-1, keepdim=True) / inner.high
    sizes = (along.codes.to(x.dtype) * along.scale.to(x.dtype)).abs()
    own = sizes.index_select(0, species_index(x, species, calibrated.slot))
    how_much = own @ (dx.worst + step)[..., None]
    return rest, inner, (own.transpose(-1, -2) @ how_much)[..., 0]


@torch.no_grad()
def vectors(quantizer: Quantizer, v: Tensor, dv: ErrorSpread) -> ErrorSpread:
    """Behind the quantizer of vectors v [atom, 2l+1, channel] in the axes of space, which see every orientation."""
    calibrated = _known(quantizer)
    if calibrated is None:
        return dv
    if isinstance(calibrated, PolarCode):
        return _polar(calibrated, v, dv)
    size, components = magnitude(v), v.shape[-2]
    error = _cartesian(calibrated, size, components)
    moved = _cartesian(calibrated, size + dv.worst, components)
    step = _steps(calibrated, v)
    return _added(dv, error + moved, dv.square + 2 * components * step.square() / 12)


def _known(quantizer: Quantizer) -> CalibratedQuantizer | None:
    """Return what is calibrated in a slot. Raises `UsageError` for a scheme that no bound is known of."""
    unknown = [type(wrapper).__name__ for wrapper in wrappers_of(quantizer.spec) if not wrapper.keeps_codes]
    if unknown:
        raise UsageError(
            f"slot {quantizer.slot.name!r} holds {quantizer.spec}: no bound is known for {unknown[0]}. "
            f"Leave `bound` out, or choose a recipe without it."
        )
    return quantizer.calibrated


def _polar(calibrated: PolarCode, v: Tensor, dv: ErrorSpread) -> ErrorSpread:
    """Magnitudes are invariants. Directions are within δ of their codes in both orientations, hence within 2δ."""
    angle, rms = angles(calibrated, v.shape[-2])
    size = magnitude(v)
    coded, _ = calibrated.decode(calibrated.encode(v, size))
    square = dv.square + 2 * (coded * rms).square()
    if not bool((dv.worst > 0).any()):
        return bounded(coded * (2 * math.sin(angle) if angle < math.pi / 2 else 2.0), None, square)
    # Otherwise half a level of magnitude and the chord of δ on either side.
    largest = size + dv.worst
    step, _ = calibrated._steps(largest)
    top = step * (1 if calibrated.logarithmic else calibrated.spec.high)
    error = torch.maximum(_half_level(calibrated, largest, step), largest - top)
    chord = 2 * math.sin(angle / 2)
    return _added(dv, (size - coded).abs() + chord * coded + error + chord * (largest + error), square)


def _added(dv: ErrorSpread, more: Tensor, square: Tensor) -> ErrorSpread:
    return bounded(dv.worst + more, dv.norm + more.square().sum(-1).sqrt(), square)


def _half_level(calibrated: PolarCode, size: Tensor, step: Tensor) -> Tensor:
    """Return half the distance between the levels about a magnitude, at most."""
    if not calibrated.logarithmic:
        return step / 2 * torch.ones_like(size)
    gaps = (calibrated.levels[1:] - calibrated.levels[:-1]).max().to(size.dtype)
    return step * gaps * torch.ones_like(size)


def _cartesian(calibrated: CalibratedQuantizer, size: Tensor, components: int) -> Tensor:
    """Return the largest |Q(v) − v| over all orientations of vectors of these lengths [atom, channel]."""
    if isinstance(calibrated, DynamicStep):
        return math.sqrt(components) * _largest(calibrated, size) / (2 * calibrated.high)
    step = _fixed_step(calibrated)
    high = getattr(calibrated, "high", 1)
    return math.sqrt(components) * torch.clamp(size - high * step, min=step / 2)


def _largest(calibrated: DynamicStep, size: Tensor) -> Tensor:
    """No component exceeds the length of its vector, so no step exceeds this over high."""
    return size if calibrated.per == "vector" else size.amax(-1, keepdim=True).expand_as(size)


def _steps(calibrated: CalibratedQuantizer, v: Tensor) -> Tensor:
    """Return steps [atom, channel] as the vectors lie, root mean square over components."""
    if not isinstance(calibrated, DynamicStep):
        return torch.full_like(magnitude(v), _fixed_step(calibrated))
    axes = {"row": (-1,), "vector": (-2,), "atom": (-2, -1)}[calibrated.per]
    step = (v.abs().amax(axes, keepdim=True) / calibrated.high).expand_as(v)
    return step.square().mean(-2).sqrt()


def _fixed_step(calibrated: CalibratedQuantizer) -> float:
    if isinstance(calibrated, FixedStep):
        return float(calibrated.step)
    assert isinstance(calibrated, LearnedStep)
    return float(calibrated.step().detach())


def angles(calibrated: PolarCode, components: int) -> tuple[float, float]:
    """Covering radius δ, at most, and rms angle of the direction code of a slot, in radians."""
    code = calibrated.directions
    if isinstance(code, FixedBook):
        spec = calibrated.spec.direction_code(1)
        assert isinstance(spec, Fibonacci | Icosahedral)
        return _fixed(spec)
    if isinstance(code, OctahedralGrid):
        return _octahedral(code.levels)
    if isinstance(code, LearnedBook):
        return _book(Codebook(code.points, code.cells))
    spec = calibrated.spec.direction_code(calibrated.slot.degree)
    assert isinstance(spec, Component)
    return component_bound(spec.high, components), math.sqrt((components - 1) / 12) / spec.high


@cache
def _fixed(spec: Fibonacci | Icosahedral) -> tuple[float, float]:
    return _book(fixed_codebook(spec))


def _book(book: Codebook) -> tuple[float, float]:
    return covering_bound(book.points), math.radians(rms_angle(snap_to(book)))


@cache
def _octahedral(levels: int) -> tuple[float, float]:
    points = octahedral_points(levels)

    def snap(u: Tensor) -> Tensor:
        x, y, z = u.unbind(-1)
        return points[octahedral_codes(x, y, z, levels)].to(u.dtype)

    return octahedral_bound(levels), math.radians(rms_angle(snap))
