from __future__ import annotations

import pytest
import torch

from gaq.geometry.octahedral import fold, octahedral_codes, octahedral_points, unfold
from gaq.geometry.sphere import draw_directions


@pytest.fixture
def directions(seed):
    return draw_directions(5000, torch.Generator().manual_seed(seed))


def test_fold_undoes_unfold(directions):
    p, q = unfold(*directions.unbind(-1))
    assert p.abs().max() <= 1
    assert q.abs().max() <= 1
    torch.testing.assert_close(torch.stack(fold(p, q), -1), directions, rtol=0, atol=1e-14)


def test_length_does_not_matter(directions):
    x, y, z = directions.unbind(-1)
    near, far = octahedral_codes(x, y, z, 256), octahedral_codes(1024 * x, 1024 * y, 1024 * z, 256)
    assert torch.equal(near, far)


def test_zero_has_a_code():
    nothing = torch.zeros(1)
    assert unfold(nothing, nothing, nothing) == (0, 0)
    assert 0 <= int(octahedral_codes(nothing, nothing, nothing, 16)) < 256


@pytest.mark.parametrize("levels", [4, 16, 256])
def test_a_decoded_direction_keeps_its_code(levels, directions):
    points = octahedral_points(levels)
    for vectors in (directions.float(), points):
        codes = octahedral_codes(*vectors.unbind(-1), levels)
        again = octahedral_codes(*points[codes].unbind(-1), levels)
        assert torch.equal(codes, again)


def test_a_point_that_the_square_holds_twice_gets_one_code():
    points = octahedral_points(16)
    codes = octahedral_codes(*points.unbind(-1), 16)
    gram = points.double() @ points.double().t()
    same = gram > 1 - 1e-6
    assert same.sum() > len(points), "the sides of the square are folded together"
    assert torch.equal(same, codes[:, None] == codes[None])
