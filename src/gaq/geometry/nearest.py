"""Nearest codeword on the sphere, exactly and fast: a grid of cells, each with the few that can win there.

The cells are the squares of the octahedral map. A codeword is struck from a cell when another one is better
at all four corners of the cell: the score v·k is linear in v and every vector of the cell is a combination of
the corners with positive coefficients, so what loses at the corners loses inside. What is left (one to about
six) is compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.geometry.octahedral import fold, unfold

CELLS_PER_CODEWORD = 4
SMALLEST_SIDE = 16
# A score in float32 is off by up to 4e-7. Whoever loses by less is kept, so that the grid and the search
# through all codewords choose alike, bit for bit.
SLACK = 2e-6
# Pairs of a cell and a candidate. Codewords all over the sphere need 20 to 40 each; thousands in one place would fill
# the memory.
MOST_PAIRS, MOST_PAIRS_PER_CODEWORD = 2**20, 256


@dataclass(frozen=True)
class Codebook:
    """Unit vectors `points` [codeword, 3] and, for every cell of a square grid, the `cells` [cell,
    candidate].

    Candidates are in ascending order; a row is filled up by repeating its first.
    """

    points: Tensor
    cells: Tensor

    def nearest(self, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        """Return the index of the codeword k with the largest (x·kx + y·ky) + z·kz; the lowest index wins a tie.

        The vector need not have unit length; for the zero vector any index may come.
        Shapes: [...] each, int64 [...] out.
        """
        rows = self.cells.index_select(0, self._cell(x, y, z).reshape(-1))
        table = self.points.to(x.dtype).t().contiguous()
        flat = (x.reshape(-1), y.reshape(-1), z.reshape(-1))
        best = rows[:, 0].contiguous()
        top = _score(flat, table, best)
        for column in range(1, rows.shape[1]):
            candidate = rows[:, column].contiguous()
            score = _score(flat, table, candidate)
            better = score > top
            best = torch.where(better, candidate, best)
            top = torch.maximum(score, top)
        return best.long().reshape(x.shape)

    def _cell(self, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        side = math.isqrt(self.cells.shape[0])
        p, q = unfold(x, y, z)
        i = ((p + 1) * (side / 2)).long().clamp_(0, side - 1)
        j = ((q + 1) * (side / 2)).long().clamp_(0, side - 1)
        return i * side + j


def nearest_of_all(points: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Return what `Codebook.nearest` means: the same score for every codeword, the first largest wins."""
    a, b, c = points.to(x.dtype).unbind(-1)
    score = (x[..., None] * a + y[..., None] * b) + z[..., None] * c
    return score.argmax(-1)


def build_codebook(points: Tensor) -> Codebook:
    """Give unit vectors [codeword, 3] their grid of cells (built from coarse to fine, in float64).

    Raises ValueError when so many codewords coincide that the cells would be out of proportion.
    """
    side = SMALLEST_SIDE
    while side * side < CELLS_PER_CODEWORD * len(points):
        side *= 2
    exact = points.double()
    level = 2
    cell = torch.arange(4).repeat_interleave(len(points))
    code = torch.arange(len(points)).repeat(4)
    cell, code = _prune(exact, cell, code, level)
    while level < side:
        # A quarter of the cells at a time: no cell is in two of them, and the memory is a quarter.
        quarters = [_prune(exact, *quarter, 2 * level) for quarter in _split(cell, code, level)]
        cell, code = (torch.cat(parts) for parts in zip(*quarters, strict=True))
        level *= 2
        _check_proportion(len(cell), len(points))
    most = int(torch.bincount(cell).max())
    _check_proportion(most * level * level, len(points))
    return Codebook(points.float(), _padded(cell, code, level * level))


def _check_proportion(pairs: int, codewords: int) -> None:
    if pairs > max(MOST_PAIRS, MOST_PAIRS_PER_CODEWORD * codewords):
        raise ValueError(f"too many of {codewords} codewords are in the same place")


def _score(vector: tuple[Tensor, Tensor, Tensor], table: Tensor, index: Tensor) -> Tensor:
    x, y, z = vector
    a, b, c = (table[axis].index_select(0, index) for axis in range(3))
    return (x * a + y * b) + z * c


def _split(cell: Tensor, code: Tensor, side: int) -> list[tuple[Tensor, Tensor]]:
    """Return each cell into four, each with all candidates of its parent: the first children, the second, and so on."""
    i, j = cell // side, cell % side
    return [((2 * i + a) * (2 * side) + (2 * j + b), code) for a in (0, 1) for b in (0, 1)]


def _prune(points: Tensor, cell: Tensor, code: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Strike the candidates that cannot win anywhere in their cell."""
    corners, centre = _corners(side)
    reach = torch.acos((corners * centre[:, None]).sum(-1).clamp(-1, 1)).amax(-1)
    closeness = (centre[cell] * points[code]).sum(-1)
    closest = torch.full((side * side,), -2.0, dtype=points.dtype).scatter_reduce(0, cell, closeness, "amax")
    # A vector of the cell is within `reach` of the centre, hence within `closest` + `reach` of some codeword.
    horizon = torch.acos(closest.clamp(-1, 1)) + 2 * reach + 1e-3
    keep = closeness >= torch.where(horizon < torch.pi, torch.cos(horizon), -2.0)[cell]
    cell, code = cell[keep], code[keep]

    scores = (corners[cell] * points[code][:, None]).sum(-1)  # [pair, corner]
    for corner in range(4):
        best = _first_best(scores[:, corner], cell, side * side)
        keep = (scores >= scores[best[cell]] - SLACK).any(-1)
        cell, code, scores = cell[keep], code[keep], scores[keep]
    return cell, code


def _first_best(score: Tensor, cell: Tensor, cells: int) -> Tensor:
    """For each cell, the position of its pair with the largest score."""
    top = torch.full((cells,), -2.0, dtype=score.dtype).scatter_reduce(0, cell, score, "amax")
    position = torch.arange(len(cell))
    wins = torch.where(score == top[cell], position, len(cell))
    return torch.full((cells,), len(cell)).scatter_reduce(0, cell, wins, "amin")


def _corners(side: int) -> tuple[Tensor, Tensor]:
    """Return unit vectors at the corners [cell, 4, 3] and in the middle [cell, 3] of every cell."""
    whole = torch.arange(side, dtype=torch.float64)
    i, j = (t.reshape(-1) for t in torch.meshgrid(whole, whole, indexing="ij"))
    at = [torch.stack(fold(2 * (i + a) / side - 1, 2 * (j + b) / side - 1), -1) for a in (0, 1) for b in (0, 1)]
    middle = torch.stack(fold(2 * (i + 0.5) / side - 1, 2 * (j + 0.5) / side - 1), -1)
    return torch.stack(at, 1), middle


def _padded(cell: Tensor, code: Tensor, cells: int) -> Tensor:
    order = torch.argsort(cell * (int(code.max()) + 1) + code)
    cell, code = cell[order], code[order]
    count = torch.bincount(cell, minlength=cells)
    start = count.cumsum(0) - count
    column = torch.arange(len(cell)) - start[cell]
    rows = code[start][:, None].repeat(1, int(count.max()))
    rows[cell, column] = code
    return rows.to(torch.int32)
