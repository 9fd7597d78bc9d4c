"""What `gaq show` finds in a file, packed or not."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from gaq.cli.contents import contents_of, in_words
from gaq.errors import BadFile
from gaq.files import sha256_of
from gaq.pack.format import write_packed
from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from packed import packed
from tiny import checkpoint, config

ROW = {"metric": "force_mae", "value": 1.5, "unit": "meV/Å", "data": "test", "n": 10}


@pytest.fixture
def file(tmp_path):
    write_packed(tmp_path / "m.gaq", packed(preset("frame-w4a8"), accuracy=[ROW, {"odd": 1}, 7]))
    return tmp_path / "m.gaq"


@pytest.fixture
def parent(tmp_path):
    save_checkpoint(tmp_path / "m.ckpt", checkpoint(config(), preset("frame-w4a8")))
    return tmp_path / "m.ckpt"


def test_facts_of_a_packed_file(file):
    facts = dict(contents_of(file).facts)
    assert facts["network"] == "transformer, 2 layers, 8 channels, 2 heads, vectors up to degree 1, cutoff 5 Å"
    assert facts["elements"] == "H C N O"
    assert facts["recipe"] == "frame-w4a8: vectors in the local frame of their atom"
    assert facts["backward pass"] == "16 bits"
    told = [value for name, value in contents_of(file).facts if name == "accuracy"]
    assert told == ["force_mae 1.5 meV/Å (test, n = 10)", "and 2 more rows"]
    assert facts["golden frames"].startswith("3 of C2H6O, ")
    assert facts["SHA-256"] == sha256_of(file)


def test_groups_are_the_whole_file(file, parent):
    for path in (file, parent):
        contents = contents_of(path)
        assert sum(contents.groups.values()) == contents.file_bytes == path.stat().st_size


def test_layers_of_a_packed_file_and_of_its_checkpoint_say_the_same(file, parent):
    schemes = contents_of(file).schemes
    assert sorted(schemes) == sorted(contents_of(parent).schemes)
    assert (
        "layers.*.update.mix1",
        "4 bits per channel",
        "8 bits per row, in the local frame, beside 4 directions",
    ) in schemes
    assert ("readout.hidden", "8 bits per channel", "16 bits per row") in schemes


def test_a_layer_that_differs_has_a_line_of_its_own(tmp_path):
    from gaq.quant.observe import AbsMax
    from gaq.quant.recipe import Rule
    from gaq.quant.spec import Identity

    recipe = preset("w4").with_rules(Rule("layers.1.update.hidden.weight", Identity(), AbsMax()))
    write_packed(tmp_path / "m.gaq", packed(recipe))
    schemes = {layer: weight for layer, weight, _ in contents_of(tmp_path / "m.gaq").schemes}
    assert schemes["layers.0.update.hidden"] == "4 bits per channel"
    assert schemes["layers.1.update.hidden"] == "float"
    assert schemes["layers.*.update.gates"] == "4 bits per channel"


def test_rows_add_up(file):
    rows = {row.metric: row.value for row in contents_of(file).rows()}
    assert rows["file_bytes"] == sum(value for metric, value in rows.items() if metric.startswith("bytes_"))
    assert rows["weight_bytes"] == rows["bytes_weights"] + rows["bytes_scales"]
    assert 4 < rows["bits_per_weight"] < 12


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ({"kind": "identity"}, "float"),
        ({"kind": "uniform", "bits": 8, "per": "tensor", "framed": False}, "8 bits per tensor"),
        (
            {"kind": "polar", "bits": 8, "per": "atom", "magnitude": "log", "directions": "octahedral"}
            | {"direction_bits": 16},
            "8 bits per atom (log magnitude), direction 16-bit octahedral",
        ),
    ],
)
def test_schemes_in_words(scheme, words):
    assert in_words(scheme) == words


def test_another_safetensors_file_is_refused(tmp_path):
    save_file({"a": np.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(BadFile, match="is a safetensors file, but no model of gaq"):
        contents_of(tmp_path / "other.safetensors")
