"""Direction codes as modules: encode the direction of vectors [..., 3, channel], decode to unit vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from gaq.errors import RecipeError
from gaq.geometry.nearest import Codebook, build_codebook
from gaq.geometry.octahedral import octahedral_codes, octahedral_points
from gaq.geometry.sphere import fibonacci_points, icosahedral_points, kmeans_points
from gaq.quant.law import decode_component_direction, encode_component_direction
from gaq.quant.spec import Component, DirectionCode, Fibonacci, Icosahedral, KMeans, Octahedral

SAMPLES_PER_CODEWORD = 64


class Directions(nn.Module, ABC):
    """What a direction code does. Those that learn from data also `observe` and `fit`."""

    needs_data = False

    @abstractmethod
    def encode(self, v: Tensor, m: Tensor) -> Tensor:
        """Codes for vectors [..., 2l+1, channel] of magnitude m [..., channel]."""

    @abstractmethod
    def decode(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        """Unit vectors [..., 2l+1, channel] for codes."""

    def observe(self, v: Tensor, m: Tensor) -> None:
        """Take in the directions of a batch of vectors; a fixed code has nothing to learn."""
        return

    def fit(self, slot_name: str) -> None:
        """Learn from what was observed; a fixed code has nothing to learn."""
        return


class FixedBook(Directions):
    """A codebook that its name determines. It is not stored in checkpoints: it is computed again."""

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


class LearnedBook(Directions):
    """A codebook learned by spherical k-means; its points are stored, its cells computed again on loading."""

    needs_data = True
    points: Tensor
    cells: Tensor

    def __init__(self, code: KMeans) -> None:
        super().__init__()
        self.code = code
        self.register_buffer("points", torch.full((2**code.bits, 3), torch.nan))
        self.register_buffer("cells", torch.zeros((1, 1), dtype=torch.int32), persistent=False)
        self.seen: list[Tensor] = []
        after_loading: Any = self.register_load_state_dict_post_hook
        after_loading(_prepare_cells)

    def encode(self, v: Tensor, m: Tensor) -> Tensor:
        return Codebook(self.points, self.cells).nearest(*v.unbind(-2))

    def decode(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        return look_up(self.points.to(dtype), codes)

    def observe(self, v: Tensor, m: Tensor) -> None:
        flat = v.detach().transpose(-1, -2).reshape(-1, 3).double().cpu()
        length = m.detach().reshape(-1, 1).double().cpu()
        alive = length.squeeze(-1) > 0
        self.seen.append(flat[alive] / length[alive])

    def fit(self, slot_name: str) -> None:
        count = 2**self.code.bits
        sample = torch.cat(self.seen) if self.seen else torch.zeros(0, 3)
        self.seen = []
        if len(sample) < count:
            raise RecipeError(
                f"slot {slot_name!r}: k-means wants at least {count} vectors to learn {count} directions, "
                f"calibration gave {len(sample)}; calibrate with more structures or take fewer bits"
            )
        every = max(1, len(sample) // (SAMPLES_PER_CODEWORD * count))
        self._set(kmeans_points(sample[::every], count, self.code.seed))

    def _set(self, points: Tensor) -> None:
        book = build_codebook(points.cpu())
        self.points.copy_(book.points)
        self.cells = book.cells.to(self.points.device)


class OctahedralGrid(Directions):
    """Codes by formula; the table only spares the formula on the way back."""

    points: Tensor

    def __init__(self, code: Octahedral) -> None:
        super().__init__()
        self.levels = int(2 ** (code.bits // 2))
        self.register_buffer("points", octahedral_points(self.levels), persistent=False)

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
    """The module that carries out a direction code."""
    if isinstance(code, Component):
        return Components(code)
    if isinstance(code, Octahedral):
        return OctahedralGrid(code)
    return LearnedBook(code) if isinstance(code, KMeans) else FixedBook(code)


@cache
def fixed_codebook(code: Fibonacci | Icosahedral) -> Codebook:
    """The codebook of a fixed code; remembered, since 65,536 codewords take seconds to prepare."""
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
