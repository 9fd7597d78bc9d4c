"""Two codes to a byte, and back."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.pack.bits import pack_nibbles, packed_length, unpack_nibbles


@pytest.mark.parametrize("count", range(1, 131))
def test_unpacking_undoes_packing(count, rng):
    codes = rng.integers(-8, 8, (3, count)).astype(np.int8)
    packed = pack_nibbles(codes)
    assert packed.dtype == np.uint8
    assert packed.shape == (3, packed_length(count))
    np.testing.assert_array_equal(unpack_nibbles(packed, count), codes)


def test_the_first_code_is_in_the_low_half():
    packed = pack_nibbles(np.array([[1, -1, 7, -8, 3]]))
    assert packed.tolist() == [[0xF1, 0x87, 0x03]]


def test_packing_undoes_unpacking_where_nothing_is_left_over(rng):
    packed = rng.integers(0, 256, (5, 9)).astype(np.uint8)
    np.testing.assert_array_equal(pack_nibbles(unpack_nibbles(packed, 18)), packed)


@pytest.mark.parametrize("code", [-9, 8, 127])
def test_a_code_that_does_not_fit_is_refused(code):
    with pytest.raises(ValueError, match="four bits hold -8 to 7"):
        pack_nibbles(np.array([[0, code]]))
