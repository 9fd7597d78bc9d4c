"""The checksum covers every byte but its own digits."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from gaq.formats import container
from gaq.formats.checksum import BLANK, DIGITS, checksum_of, sealed


def file_with(checksum: str, **more: str) -> bytes:
    entries, payload = container.payload_of({"a": np.arange(3.0)})
    return container.to_bytes({"checksum": checksum, **more}, entries, payload)


def test_the_sum_is_that_of_the_file_with_zeros_for_its_digits():
    content = file_with(BLANK)
    expected = f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert checksum_of(content) == expected
    assert sealed(content) == file_with(expected)
    assert checksum_of(sealed(content)) == expected
    assert sealed(sealed(content)) == sealed(content)


def test_every_byte_but_the_digits_changes_the_sum():
    content = sealed(file_with(BLANK))
    at = content.index(b"sha256:") + len("sha256:")
    for place in range(len(content)):
        broken = bytearray(content)
        broken[place] ^= 1
        same = checksum_of(bytes(broken)) == checksum_of(content)
        assert same == (at <= place < at + DIGITS), place


def test_a_text_that_looks_like_a_checksum_is_none():
    """Quotes within a text are escaped, so what a manifest holds is not mistaken for the place."""
    content = sealed(file_with(BLANK, manifest='{"checksum":"sha256:' + 64 * "0" + '"}'))
    metadata = container.parse(content, "file").metadata
    assert metadata["checksum"] == checksum_of(content) != BLANK
    assert metadata["manifest"] == '{"checksum":"' + BLANK + '"}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        file_with("md5:0"),
        container.to_bytes({}, {}, b""),
        container.to_bytes({"checksum": BLANK}, {"checksum": BLANK}, b""),
        container.to_bytes({}, {}, b'"checksum":"sha256:' + 64 * b"0"),
        (27).to_bytes(8, "little") + b'{"a":{"checksum":"sha256:0"',
    ],
)
def test_without_one_place_for_it_there_is_no_sum(content):
    assert checksum_of(content) == ""
    with pytest.raises(ValueError, match="no place"):
        sealed(content)
