"""What a packed file means is checked by the engine, through which users read and write."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from built import native_library
from gaq.cli.contents import contents_of
from gaq.engine import packed_file
from gaq.engine.packed_file import checked_model, write_checked
from gaq.errors import BadFile, NotAvailable
from gaq.pack.format import from_bytes
from gaq.quant.direction_spec import Fibonacci
from gaq.quant.install import preset
from gaq.quant.presets import gaq_w4a8
from packed import file_of, packed, with_array, with_text
from tiny import config

Change = Callable[[np.ndarray], np.ndarray | None]

FILES = {
    "float": lambda: file_of(None, config(degrees=2)),
    "frame": lambda: file_of(preset("frame-w4a8")),
    "odd": lambda: file_of(preset("w4"), config(hidden=7)),
    "int8": lambda: file_of(preset("naive-int8")),
    "polar": lambda: file_of(gaq_w4a8(directions=Fibonacci(4), magnitude="log")),
}
FLOAT = {"kind": "identity"}
UNIFORM = {"kind": "uniform", "bits": 8, "per": "row", "framed": False}
POLAR = {
    **{"kind": "polar", "bits": 8, "per": "tensor", "magnitude": "linear", "gradient": "geometric"},
    **{"directions": "octahedral", "direction_bits": 16},
}
SCALAR, VECTOR, SECOND = "layers.0.update.hidden.input", "layers.0.update.mix1.input", "layers.0.update.mix2.input"
WEIGHT, MESSAGE = "readout.hidden.weight", "layers.1.message.scalar"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    native_library()
    return {name: make() for name, make in FILES.items()}


def put(value: float, at: tuple[int, ...] | int = 0) -> Change:
    """Another number in one place."""

    def change(array: np.ndarray) -> np.ndarray:
        array.reshape(-1)[at] = value
        return array

    return change


def expect_refused(content: bytes, tmp_path) -> None:
    with pytest.raises(BadFile, match=r"^file\b.*\.$"):
        checked_model(content, "file")
    (tmp_path / "m.gaq").write_bytes(content)
    with pytest.raises(BadFile, match=r"m\.gaq"):
        contents_of(tmp_path / "m.gaq")


@pytest.mark.parametrize("name", FILES)
def test_the_files_themselves_are_read(files, name):
    assert checked_model(files[name], "file").arrays


@pytest.mark.parametrize(
    ("file", "array", "change"),
    [
        ("frame", "embedding", lambda a: None),
        ("frame", "embedding", lambda a: a[:, :3]),
        ("frame", "embedding", lambda a: a.astype(np.float64)),
        ("frame", "embedding", lambda a: a.reshape(-1)),
        ("frame", "embedding", put(np.nan)),
        ("frame", "scale", put(np.inf)),
        ("frame", "radii", put(0.0)),
        ("frame", "radii", put(11.0)),
        ("frame", "golden.species", put(9)),
        ("frame", "golden.positions", lambda a: a[:, :1]),
        ("frame", "golden.forces", lambda a: a[:, :0]),
        ("frame", "layers.0.update.hidden.scale", put(-1e-9)),
        ("frame", "layers.0.update.hidden.codes", put(0x08)),
        ("frame", "readout.hidden.codes", put(-128)),
        ("frame", "layers.0.attention.query.step", put(0.0)),
        ("frame", "layers.0.attention.query.inverse_step", put(3.0)),
        ("frame", "layers.0.update.hidden.input.centre.codes", put(-128)),
        ("frame", "layers.0.update.mix1.input.principal.codes", put(-128)),
        ("frame", "layers.0.update.mix1.input.principal.codes", lambda a: a[1:]),
        ("frame", "layers.0.update.mix1.input.principal.scale", put(-1.0)),
        ("odd", "layers.0.update.gates.codes", put(0x11, 3)),
        ("int8", "layers.0.update.mix1.input.step", put(-1.0)),
        ("polar", "layers.0.update.mix1.input.levels", put(0.5)),
        ("polar", "layers.0.update.mix1.input.thresholds", put(0.9)),
        ("polar", "codebook.fibonacci.4.points", put(2.0)),
        ("polar", "codebook.fibonacci.4.cells", put(16)),
        ("polar", "codebook.fibonacci.4.cells", put(-1)),
        ("polar", "codebook.fibonacci.4.cells", lambda a: a[:-1]),
    ],
)
def test_a_wrong_array_is_refused(files, tmp_path, file, array, change):
    expect_refused(with_array(files[file], array, change), tmp_path)


def with_scheme(content: bytes, slot: str, scheme: object) -> bytes:
    return with_text(content, "slots", lambda slots: slots | {slot: scheme})


@pytest.mark.parametrize("scheme", [UNIFORM, UNIFORM | {"per": "atom", "bits": 16}])
def test_a_known_scheme_is_taken(files, scheme):
    assert checked_model(with_scheme(files["float"], SCALAR, scheme), "file").slots[SCALAR] == scheme


@pytest.mark.parametrize(
    ("slot", "scheme"),
    [
        (SCALAR, None),
        (SCALAR, "identity"),
        (SCALAR, {"kind": "magic"}),
        (SCALAR, FLOAT | {"bits": 8}),
        (SCALAR, UNIFORM | {"bits": 17}),
        (SCALAR, UNIFORM | {"bits": True}),
        (SCALAR, UNIFORM | {"bits": 8.0}),
        (SCALAR, UNIFORM | {"per": "vector"}),
        (SCALAR, UNIFORM | {"per": ["row"]}),
        (SCALAR, UNIFORM | {"framed": True}),
        (SCALAR, UNIFORM | {"framed": 0}),
        (SCALAR, {"kind": "uniform", "bits": 8, "per": "row"}),
        (SCALAR, UNIFORM | {"centred": 1}),
        (SCALAR, UNIFORM | {"centred": True, "per": "atom"}),
        (SCALAR, UNIFORM | {"principal": 4}),
        (VECTOR, UNIFORM | {"principal": 4}),
        (VECTOR, UNIFORM | {"principal": 0, "framed": True}),
        (VECTOR, UNIFORM | {"principal": 17, "framed": True}),
        (VECTOR, UNIFORM | {"principal": 4, "framed": True, "per": "atom"}),
        (VECTOR, UNIFORM | {"centred": True}),
        (SCALAR, POLAR),
        (VECTOR, POLAR | {"direction_bits": 15}),
        (VECTOR, POLAR | {"direction_bits": 2}),
        (VECTOR, POLAR | {"book": "codebook.fibonacci.16"}),
        (VECTOR, POLAR | {"directions": "codebook", "book": 7}),
        (VECTOR, POLAR | {"magnitude": "cubic"}),
        (VECTOR, POLAR | {"bits": 20}),
        (SECOND, POLAR),
        ("layers.1.attention.key", UNIFORM),
        (WEIGHT, {"kind": "uniform", "bits": 9, "per": "channel"}),
        (WEIGHT, {"kind": "uniform", "bits": 4, "per": "group"}),
        (WEIGHT, UNIFORM),
        (MESSAGE, UNIFORM),
        (SCALAR, UNIFORM | {"centred": True}),  # what is taken off needs a weight of codes
        (VECTOR, UNIFORM | {"framed": True, "principal": 4}),
    ],
)
def test_an_unknown_scheme_is_refused(files, tmp_path, slot, scheme):
    expect_refused(with_scheme(files["float"], slot, scheme), tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"knots": 3},
        {"knots": 10_000},
        {"knots": 160.0},
        {"decay": 1.1},
        {"decay": 0.0},
        {"decay": -1.0},
        {"decay": 20.0, "low": 1e-43},
        {"decay": "1"},
        {"decay": 10**400},
        {"low": 0.1},
        {"low": 0.0},
        {"low": True},
        {"high": 1.5},
        {"high": 0.8},
        {"alpha": 1.0},
        {"more": 1},
    ],
)
def test_a_radial_table_that_does_not_cover_the_distances_is_refused(files, tmp_path, change):
    expect_refused(with_text(files["float"], "radial", lambda radial: radial | change), tmp_path)


@pytest.mark.parametrize("key", ["domain", "repulsion"])
def test_a_wall_and_a_domain_of_nothing_are_refused(files, tmp_path, key):
    expect_refused(with_text(files["float"], key, lambda _: {"frames": 1}), tmp_path)


def test_without_an_engine_keys_and_types_are_checked(files, monkeypatch):
    def none(*arguments, **options):
        raise NotAvailable("no engine")

    monkeypatch.setattr(packed_file, "NativeEngine", none)
    meant = with_array(files["frame"], "radii", put(-1.0))
    assert checked_model(meant, "file").arrays["radii"][0] == -1.0
    with pytest.raises(BadFile, match="'embedding' is missing"):
        checked_model(with_array(files["frame"], "embedding", lambda a: None), "file")


def test_a_model_that_no_engine_opens_is_not_written(tmp_path):
    native_library()
    model = packed(preset("frame-w4a8"))
    write_checked(tmp_path / "m.gaq", model)
    assert from_bytes((tmp_path / "m.gaq").read_bytes(), "m").slots == model.slots
    before = (tmp_path / "m.gaq").read_bytes()
    model.arrays["radii"][0] = -1.0
    with pytest.raises(BadFile, match="radii"):
        write_checked(tmp_path / "m.gaq", model)
    assert (tmp_path / "m.gaq").read_bytes() == before
