"""Direction codes as modules: encode the direction of vectors [..., 3, channel], decode to unit vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from gaq.errors import RecipeError
from gaq.geometry.nearest import Codebook, build_codebook, nearest_of_all
from gaq.geometry.octahedral import octahedral_codes, octahedral_points
from gaq.geometry.sphere import fibonacci_points, icosahedral_points, kmeans_points
from gaq.quant.direction_spec import Component, DirectionCode, Fibonacci, Icosahedral, KMeans, Octahedral
from gaq.quant.scheme import decode_component_direction, encode_component_direction

SAMPLES_PER_CODEWORD = 64


class Directions(nn.Module, ABC):
    """What a direction code does. Those that learn from data also `observe` and `fit`."""

    needs_data = False

    @abstractmethod
    def encode(self, v: Tensor, m: Tensor) -> Tensor:
        """Return codes for vectors [..., 2l+1, channel] of magnitude m [..., channel]."""

    @abstractmethod
    def decode(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        """Return unit vectors [..., 2l+1, channel] for codes."""

    def observe(self, v: Tensor, m: Tensor) -> None:
        """Take in the directions of a batch of vectors; a fixed code has nothing to learn."""
        return

    def fit(self) -> None:
        """Learn from what was observed; a fixed code has nothing to learn."""
        return

    def update_ema(self, v: Tensor, m: Tensor, codes: Tensor, alive: Tensor) -> None:
        """Take in, during a step of training, which vectors have which code; a fixed code ignores it."""
        return


class FixedBook(Directions):
    """A codebook determined by its name: checkpoints do not store it, loading computes it again."""

    points: Tensor
    cells: Tensor

    def __init__(self, code: Fibonacci | Icosahedral) -> None:
        super().__init__()
        book = fixed_codebook(code)
        self.register_buffer("points", book.points, persistent=False)
        self.register_buffer("cells", book.cells, persistent=False)

    def encode(self, v: Tensor, m: Tensor) -> Tensor:
        return Codebook(self.points, self.cells).nearest(*v.unbind(-2))

    def decode(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        return look_up(self.points.to(dtype), codes)

    def book(self) -> Codebook:
        """Return the codebook."""
        return Codebook(self.points, self.cells)


class LearnedBook(Directions):
    """A codebook learned by spherical k-means; its points are stored, its cells computed again on loading."""

    needs_data = True
    points: Tensor
    cells: Tensor
    sums: Tensor  # [codeword, 3] decaying sums of unit vectors, where the codebook moves in training

    def __init__(self, code: KMeans) -> None:
        super().__init__()
        self.code = code
        self.register_buffer("points", torch.full((2**code.bits, 3), torch.nan))
        self.register_buffer("cells", torch.zeros((1, 1), dtype=torch.int32), persistent=False)
        self.moves = code.decay > 0
        if self.moves:
            self.register_buffer("sums", torch.zeros((2**code.bits, 3)))
        self.stale = False  # whether the cells are of points that have moved since
        self.heard = torch.zeros((2**code.bits, 4), dtype=torch.float64)
        self.seen: list[Tensor] = []
        after_loading: Any = self.register_load_state_dict_post_hook
        after_loading(_prepare_cells)

    def encode(self, v: Tensor, m: Tensor) -> Tensor:
        if self.stale:
            return nearest_of_all(self.points, *v.unbind(-2))  # preparing cells takes longer than a step
        return Codebook(self.points, self.cells).nearest(*v.unbind(-2))

    def decode(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        return look_up(self.points.to(dtype), codes)

    def book(self) -> Codebook:
        """Return the codebook with cells that fit its points."""
        if self.stale:
            self._set(self.points)
        return Codebook(self.points, self.cells)

    def observe(self, v: Tensor, m: Tensor) -> None:
        flat = v.detach().transpose(-1, -2).reshape(-1, 3).double().cpu()
        length = m.detach().reshape(-1, 1).double().cpu()
        alive = length.squeeze(-1) > 0
        self.seen.append(flat[alive] / length[alive])

    def fit(self) -> None:
        """Spherical k-means. Where there are fewer vectors than codewords, points all over the sphere are added."""
        count = 2**self.code.bits
        sample = torch.cat(self.seen) if self.seen else torch.zeros((0, 3), dtype=torch.float64)
        self.seen = []
        if len(sample) < count:
            sample = torch.cat((sample, fibonacci_points(count - len(sample)).to(sample)))
        every = max(1, len(sample) // (SAMPLES_PER_CODEWORD * count))
        self._set(kmeans_points(sample[::every], count, self.code.seed))
        if self.moves:
            self.sums.copy_(self.points)

    def update_ema(self, v: Tensor, m: Tensor, codes: Tensor, alive: Tensor) -> None:
        if not self.moves:
            return
        index = codes.long()[alive].cpu()
        u = (v.transpose(-1, -2)[alive] / m[alive].unsqueeze(-1)).double().cpu()
        self.heard.index_add_(0, index, torch.cat((u, torch.ones((len(u), 1), dtype=u.dtype)), -1))

    def move(self) -> None:
        """The end of a step: sums ← decay·sums + (1 - decay)·(what was heard), for codewords that were heard of."""
        updated = self.heard[:, 3] > 0
        mean = (self.heard[:, :3] / self.heard[:, 3:].clamp(min=1)).to(self.sums)
        self.heard.zero_()
        decay = torch.where(updated.to(self.sums.device), self.code.decay, 1.0).unsqueeze(-1)
        self.sums.copy_(decay * self.sums + (1 - decay) * mean)
        size = self.sums.norm(dim=-1, keepdim=True)
        self.points.copy_(torch.where(size > 0, self.sums / size, self.points))
        self.stale = True

    def _set(self, points: Tensor) -> None:
        try:
            book = build_codebook(points.cpu())
        except ValueError as fault:
            raise RecipeError(f"{self.code}: {fault}; take fewer bits or a codebook that is not learned") from None
        self.points.copy_(book.points)
        self.cells = book.cells.to(self.points.device)
        self.stale = False


class OctahedralGrid(Directions):
    """Codes by formula; the table saves evaluating the formula in the backward pass."""

    points: Tensor

    def __init__(self, code: Octahedral) -> None:
        super().__init__()
        self.levels = int(2 ** (code.bits // 2))
        self.register_buffer("points", octahedral_grid(self.levels), persistent=False)

    def encode(self, v: Tensor, m: Tensor) -> Tensor:
        x, y, z = v.unbind(-2)
        return octahedral_codes(x, y, z, self.levels)

    def decode(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        return look_up(self.points.to(dtype), codes)


class Components(Directions):
    """Each component of the unit vector rounded, then renormalised; for any degree."""

    def __init__(self, code: Component) -> None:
        super().__init__()
        self.high = code.high

    def encode(self, v: Tensor, m: Tensor) -> Tensor:
        return encode_component_direction(v, m, self.high)

    def decode(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        return decode_component_direction(codes.to(dtype))


def directions_for(code: DirectionCode) -> Directions:
    """Return the module that carries out a direction code."""
    if isinstance(code, Component):
        return Components(code)
    if isinstance(code, Octahedral):
        return OctahedralGrid(code)
    return LearnedBook(code) if isinstance(code, KMeans) else FixedBook(code)


@cache
def octahedral_grid(levels: int) -> Tensor:
    """Return the points of an octahedral code, which all slots share."""
    return octahedral_points(levels)


@cache
def fixed_codebook(code: Fibonacci | Icosahedral) -> Codebook:
    """Return the codebook of a fixed code; remembered, since 65,536 codewords take seconds to prepare."""
    count = int(2**code.bits)
    return build_codebook(fibonacci_points(count) if isinstance(code, Fibonacci) else icosahedral_points(count))


def look_up(points: Tensor, index: Tensor) -> Tensor:
    """points[index] with the components before the last axis: [..., channel] → [..., 3, channel]."""
    flat = index.reshape(-1)
    parts = [axis.contiguous().index_select(0, flat).reshape(index.shape) for axis in points.unbind(-1)]
    return torch.stack(parts, dim=-2)


def _prepare_cells(book: LearnedBook, _: object) -> None:
    """After loading: the cells of the codewords that came, if they are there."""
    if bool(torch.isfinite(book.points).all()):
        book._set(book.points)
