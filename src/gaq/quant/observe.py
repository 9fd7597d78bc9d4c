"""What calibration looks at: observers are plain data, `Statistics` runs along, and the two give a range.

The range R is the largest magnitude that is represented; a step is R / high.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.quant.plain import Plain, from_plain, to_plain


@dataclass(frozen=True)
class AbsMax:
    """R is the largest magnitude seen."""


@dataclass(frozen=True)
class Percentile:
    """R is that percentile of the magnitudes seen."""

    percent: float = 99.9

    def __post_init__(self) -> None:
        if isinstance(self.percent, bool) or not isinstance(self.percent, int | float) or not 50 < self.percent <= 100:
            raise RecipeError(f"Percentile: percent is {self.percent!r}; expected a number above 50, at most 100")


@dataclass(frozen=True)
class MeanSquare:
    """R minimises the mean square error of rounding and clipping."""


@dataclass(frozen=True)
class MeanMagnitude:
    """R = 2·mean|x|·√high, that is step = 2·mean|x|/√high (Esser et al., LSQ, ICLR 2020, section 2.1)."""


@dataclass(frozen=True)
class UnitRange:
    """R = 1, for unit vectors; needs no data."""


Observer = AbsMax | Percentile | MeanSquare | MeanMagnitude | UnitRange

OBSERVERS = (AbsMax, Percentile, MeanSquare, MeanMagnitude, UnitRange)

BINS_PER_OCTAVE = 64
LOWEST_OCTAVE = -60
OCTAVES = 120


class Statistics:
    """Maximum, mean and a histogram (64 bins an octave, 2⁻⁶⁰ to 2⁶⁰) of the magnitudes seen so far."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.largest = 0.0
        self.histogram = torch.zeros(OCTAVES * BINS_PER_OCTAVE, dtype=torch.float64)

    def update(self, x: Tensor) -> None:
        """Take in the magnitudes of a tensor of any shape."""
        size = x.detach().abs().double().reshape(-1).cpu()
        if size.numel() == 0:
            return
        self.count += size.numel()
        self.total += float(size.sum())
        self.largest = max(self.largest, float(size.max()))
        position = (torch.log2(size.clamp(min=2.0**LOWEST_OCTAVE)) - LOWEST_OCTAVE) * BINS_PER_OCTAVE
        bins = position.long().clamp(0, len(self.histogram) - 1)
        self.histogram += torch.bincount(bins, minlength=len(self.histogram))

    def percentile(self, percent: float) -> float:
        """Return the magnitude that `percent` of those seen do not exceed, to 1 %; never above the largest."""
        wanted = percent / 100 * self.count
        position = int(torch.searchsorted(self.histogram.cumsum(0), wanted - 1e-6))
        edge = 2.0 ** ((position + 1) / BINS_PER_OCTAVE + LOWEST_OCTAVE)
        return float(min(edge, self.largest))

    def best_range(self, high: int) -> float:
        """Return the R with the least mean square error, among largest·2^(-k/16) for k = 0 … 96.

        Error model: x² below half a step, (x - R)² above R, step²/12 between.
        """
        centres = torch.exp2((torch.arange(len(self.histogram)) + 0.5) / BINS_PER_OCTAVE + LOWEST_OCTAVE).double()
        seen = self.histogram > 0
        centres, weight = centres[seen], self.histogram[seen]
        ranges = self.largest * torch.exp2(-torch.arange(97, dtype=torch.float64) / 16)
        step = ranges[:, None] / high
        error = (step * step / 12).expand(-1, len(centres))
        error = torch.where(centres < step / 2, centres * centres, error)
        error = torch.where(centres > ranges[:, None] + step / 2, (centres - ranges[:, None]) ** 2, error)
        return float(ranges[(error * weight).sum(-1).argmin()])


def range_of_features(observer: Observer, seen: Statistics, high: int) -> float:
    """R of everything seen; 1 when all of it was zero, which any range represents."""
    if isinstance(observer, UnitRange) or seen.largest == 0:
        return 1.0
    if isinstance(observer, AbsMax):
        return seen.largest
    if isinstance(observer, Percentile):
        return seen.percentile(observer.percent)
    if isinstance(observer, MeanMagnitude):
        return float(2 * seen.total / seen.count * high**0.5)
    return seen.best_range(high)


def range_of_weights(observer: Observer, weight: Tensor, axes: tuple[int, ...], high: int) -> Tensor:
    """R for each step of a weight, with length one along `axes`, the axes that share a step."""
    size = weight.detach().abs()
    largest = size.amax(axes, keepdim=True)
    if isinstance(observer, AbsMax):
        return largest
    if isinstance(observer, UnitRange):
        return torch.ones_like(largest)
    if isinstance(observer, MeanMagnitude):
        return size.mean(axes, keepdim=True).mul(2 * high**0.5)
    if isinstance(observer, Percentile):
        share = observer.percent / 100
        flat = size.reshape(1, -1) if 0 in axes else size
        ranges: Tensor = torch.quantile(flat, share, dim=-1, keepdim=True)
        return ranges
    return _best_ranges(weight.detach(), largest, axes, high)


def observer_to_dict(observer: Observer) -> Plain:
    """Return plain data for JSON."""
    return to_plain(observer)


def observer_from_dict(data: object, what: str = "calibrate") -> Observer:
    """Invert `observer_to_dict`; RecipeError when something in `data` is unknown or does not fit."""
    observer: Observer = from_plain(data, OBSERVERS, what)
    return observer


def _best_ranges(weight: Tensor, largest: Tensor, axes: tuple[int, ...], high: int) -> Tensor:
    """Return the ratio R / max|w| with the least square error among 0.30, 0.31, … 1.00, by trying them."""
    best = largest.clone()
    least = torch.full_like(largest, torch.inf)
    for ratio in torch.linspace(0.3, 1.0, 71).tolist():
        step = (largest * (ratio / high)).clamp(min=1e-30)
        rounded = torch.round(weight / step).clamp(-high, high) * step
        error = (rounded - weight).square().sum(axes, keepdim=True)
        better = error < least
        best = torch.where(better, largest * ratio, best)
        least = torch.where(better, error, least)
    return best
