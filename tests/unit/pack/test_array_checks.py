"""Arrays of a packed file that are not what the header says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gaq.errors import BadFile
from gaq.pack.format import from_bytes
from gaq.quant.direction_spec import Fibonacci
from gaq.quant.install import preset
from gaq.quant.presets import gaq_w4a8
from packed import file_of, with_array
from tiny import config

Change = Callable[[np.ndarray], np.ndarray | None]

FILES = {
    "frame": lambda: file_of(preset("frame-w4a8")),
    "odd": lambda: file_of(preset("w4"), config(hidden=7)),
    "int8": lambda: file_of(preset("naive-int8")),
    "polar": lambda: file_of(gaq_w4a8(directions=Fibonacci(4), magnitude="log")),
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: make() for name, make in FILES.items()}


def put(value: float, at: tuple[int, ...] | int = 0) -> Change:
    """Another number in one place."""

    def change(array: np.ndarray) -> np.ndarray:
        array.reshape(-1)[at] = value
        return array

    return change


@pytest.mark.parametrize(
    ("file", "array", "change", "sentence"),
    [
        ("frame", "embedding", lambda a: None, "'embedding' is missing"),
        ("frame", "embedding", lambda a: a[:, :3], r"is F32 \[4, 3\]; expected F32 \[4, 8\]"),
        ("frame", "embedding", lambda a: a.astype(np.float64), r"is F64 \[4, 8\]; expected F32 \[4, 8\]"),
        ("frame", "embedding", lambda a: a.reshape(-1), r"is F32 \[32\]; expected F32 \[4, 8\]"),
        ("frame", "embedding", put(np.nan), "not finite"),
        ("frame", "scale", put(np.inf), "not finite"),
        ("frame", "radii", put(0.0), "radii are"),
        ("frame", "radii", put(11.0), "less than 10.0"),
        ("frame", "golden.species", put(9), r"hold elements \[9\]"),
        ("frame", "golden.positions", lambda a: a[:, :1], "positions or forces of others"),
        ("frame", "golden.forces", lambda a: a[:, :0], "expected F64"),
        ("frame", "layers.0.update.hidden.scale", put(-1e-9), "scales of 'layers.0.update.hidden' are below zero"),
        ("frame", "layers.0.update.hidden.codes", put(0x08), "reach 8; 4 bits hold 7"),
        ("frame", "readout.hidden.codes", put(-128), "reach 128; 8 bits hold 127"),
        ("frame", "layers.0.attention.query.step", put(0.0), "expected one above 0"),
        ("frame", "layers.0.attention.query.inverse_step", put(3.0), "and inverse 3.0"),
        ("frame", "layers.0.update.hidden.input.centre.codes", put(-128), "codes below -127"),
        ("frame", "layers.0.update.mix1.input.principal.codes", put(-128), "codes below -127"),
        ("frame", "layers.0.update.mix1.input.principal.codes", lambda a: a[1:], r"expected I8 \[16, 8\]"),
        ("frame", "layers.0.update.mix1.input.principal.scale", put(-1.0), "scales below 0"),
        ("odd", "layers.0.update.gates.codes", put(0x11, 3), "continue after the end of a row"),
        ("int8", "layers.0.update.mix1.input.step", put(-1.0), "expected one above 0"),
        ("polar", "layers.0.update.mix1.input.levels", put(0.5), "do not ascend"),
        ("polar", "layers.0.update.mix1.input.thresholds", put(0.9), "do not ascend"),
        ("polar", "codebook.fibonacci.4.points", put(2.0), "length is not 1"),
        ("polar", "codebook.fibonacci.4.cells", put(16), "no square grid of indices below 16"),
        ("polar", "codebook.fibonacci.4.cells", put(-1), "no square grid"),
        ("polar", "codebook.fibonacci.4.cells", lambda a: a[:-1], "no square grid"),
    ],
)
def test_a_wrong_array_is_refused_in_words(files, file, array, change, sentence):
    with pytest.raises(BadFile, match=sentence):
        from_bytes(with_array(files[file], array, change), "file")


def test_an_array_too_many_is_refused(files):
    from gaq.formats import container
    from gaq.formats.checksum import sealed

    parsed = container.parse(files["frame"], "file")
    entries, payload = container.payload_of(parsed.tensors | {"more": np.zeros(1)})
    with pytest.raises(BadFile, match="'more' is unknown"):
        from_bytes(sealed(container.to_bytes(parsed.metadata, entries, payload)), "file")


@pytest.mark.parametrize("file", FILES)
def test_the_files_themselves_are_read(files, file):
    assert from_bytes(files[file], "file").arrays
