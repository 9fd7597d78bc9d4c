"""A packed file says what the model said, to the bit, and is refused when it is not as it was written."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from gaq import __version__
from gaq.errors import BadFile
from gaq.formats import container
from gaq.formats.checksum import sealed
from gaq.pack.format import KEYS, finite, from_bytes, read_packed, to_bytes, write_packed
from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from packed import file_of, packed, with_array, with_text
from tiny import checkpoint, config, painn

NO_TORCH = """
import sys
from gaq.pack.format import read_packed
from gaq.pack.sizes import bytes_by_group
assert bytes_by_group(read_packed(sys.argv[1]))
sys.exit("torch" in sys.modules)
"""


@pytest.fixture(scope="module")
def model():
    return packed(preset("frame-w4a8"), accuracy=[{"metric": "force_mae", "value": 1.5}])


@pytest.fixture(scope="module")
def content(model):
    return to_bytes(model)


def test_every_number_survives_to_the_bit(model, content, tmp_path):
    write_packed(tmp_path / "m.gaq", model)
    found = read_packed(tmp_path / "m.gaq")
    assert (tmp_path / "m.gaq").read_bytes() == content
    assert set(found.arrays) == set(model.arrays)
    for name, array in model.arrays.items():
        assert found.arrays[name].dtype == array.dtype, name
        assert found.arrays[name].tobytes() == array.tobytes(), name
    same = ("config", "species", "recipe_name", "recipe", "backward_bits", "radial", "slots", "manifest", "accuracy")
    for name in same:
        assert getattr(found, name) == getattr(model, name), name


def test_equal_models_are_equal_files(content):
    assert to_bytes(packed(preset("frame-w4a8"), accuracy=[{"metric": "force_mae", "value": 1.5}])) == content


def test_the_header_has_exactly_its_keys(content):
    assert set(container.parse(content, "file").metadata) == set(KEYS)


def test_reading_needs_no_torch(tmp_path, content):
    (tmp_path / "m.gaq").write_bytes(content)
    command = [sys.executable, "-c", NO_TORCH, str(tmp_path / "m.gaq")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == 0, result.stderr


def test_a_failed_write_leaves_the_old_file(tmp_path, model):
    (tmp_path / "m.gaq").write_text("old")
    wrong = replace(model, arrays={k: v for k, v in model.arrays.items() if k != "embedding"})
    with pytest.raises(BadFile, match="'embedding' is missing"):
        write_packed(tmp_path / "m.gaq", wrong)
    assert (tmp_path / "m.gaq").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["m.gaq"]


def test_a_flipped_bit_in_any_byte_is_noticed(rng):
    """In the length, the header, its padding, the checksum itself, the arrays."""
    content = file_of(settings=config(channels=4, layers=1, heads=2, hidden=4, basis=4))
    for place in range(len(content)):
        broken = bytearray(content)
        broken[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(BadFile, match=r"^file.*\.$"):
            from_bytes(bytes(broken), "file")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"recipe_name":"frame-w4a8"', b'"recipe_name":"frame-w4a9"'),
        (b"force_mae", b"force_mad"),
        (b"}  ", b"}\n "),
        (b'"golden.energies"', b'"\\u0067olden.energies"'),
    ],
)
def test_a_change_that_still_parses_is_noticed(content, old, new):
    """A header that says something else, or the same in other bytes, right in every other respect."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = content[8:end].rstrip() + 8 * b" "
    whole = sealed(len(header).to_bytes(8, "little") + header + content[end:])
    assert from_bytes(whole, "file").recipe_name == "frame-w4a8"
    changed = header.replace(old, new)
    assert changed != header
    broken = len(changed).to_bytes(8, "little") + changed + content[end:]
    with pytest.raises(BadFile, match=r"is damaged: it does not have the checksum in its header"):
        from_bytes(broken, "file")
    assert from_bytes(sealed(broken), "file").arrays


@pytest.mark.parametrize("key", KEYS)
def test_every_key_must_be_there(content, key):
    with pytest.raises(BadFile, match="no packed model|format version None|lacks"):
        from_bytes(with_text(content, key, lambda _: None), "file")


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("format", "other", "no packed model"),
        ("format_version", "7", f"has format version 7; this gaq .{__version__}. reads version 6"),
        ("format_version", "4", "holds a transformer of the first generation .version 4 of its format.*from version 6"),
        ("format_version", "1", "Train it again with this gaq, or use the gaq that wrote it"),
        ("architecture", "nequip", "holds a 'nequip'; this gaq knows 'transformer' and 'painn'"),
        ("units", {"length": "nm", "energy": "eV"}, "is in units"),
        ("backward_bits", "4", "expected 8, 16 or 32"),
        ("backward_bits", " 8", "expected 8, 16 or 32"),
        ("recipe", "[]", "recipe in the header is list; expected dict"),
        ("recipe", "{", "recipe in the header is not JSON"),
        ("accuracy", "{}", "accuracy in the header is dict; expected list"),
        ("manifest", "null", "manifest in the header is NoneType"),
        ("recipe_name", "a\nb", "expected one line"),
        ("recipe_name", "n" * 300, "expected one line of at most 256 bytes"),
        ("gaq_version", "", "expected one line"),
        ("checksum", "sha256:0", "is damaged"),
        ("species", [6, 1], "atomic numbers from 1 to 118, ascending"),
    ],
)
def test_a_wrong_text_is_refused_in_words(content, key, value, sentence):
    with pytest.raises(BadFile, match=sentence):
        from_bytes(with_text(content, key, lambda _: value), "file")


def test_an_older_painn_is_exported_anew():
    content = file_of(None, painn())
    with pytest.raises(
        BadFile, match=r"has format version 4; .* Export its checkpoint anew, gaq export MODEL.ckpt, or"
    ):
        from_bytes(with_text(content, "format_version", lambda _: "4"), "file")


def test_an_unknown_key_is_refused(content):
    file = container.parse(content, "file")
    entries, payload = container.payload_of(file.tensors)
    with pytest.raises(BadFile, match="unknown key 'colour'"):
        from_bytes(sealed(container.to_bytes(file.metadata | {"colour": "red"}, entries, payload)), "file")


def test_a_checkpoint_is_sent_to_export(tmp_path):
    save_checkpoint(tmp_path / "m.ckpt", checkpoint(config()))
    with pytest.raises(BadFile, match=r"is a checkpoint, not a packed model. Make one of it: gaq export .*m.ckpt"):
        read_packed(tmp_path / "m.ckpt")


def test_unchanged_copies_are_read():
    """The tools of these tests change nothing else."""
    content = file_of()
    assert from_bytes(with_text(content, "manifest", lambda m: m | {"more": 1}), "file").manifest["more"] == 1
    assert from_bytes(with_array(content, "embedding", lambda a: 2 * a), "file").arrays["embedding"].shape[1] == 8


def test_numbers_that_json_has_not_become_texts(model):
    said = finite({"a": [float("nan"), float("inf"), -float("inf"), 1.0], "b": np.float64("nan")})
    assert said == {"a": ["NaN", "Infinity", "-Infinity", 1.0], "b": "NaN"}
    assert from_bytes(to_bytes(replace(model, manifest={"loss": float("nan")})), "file").manifest == {"loss": "NaN"}
