"""Arrays of other programs become checkpoints, and files that are none of those are refused by name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from gaq.engine.open import open_engine
from gaq.engine.packing import pack_and_open
from gaq.engine.pytorch import TorchEngine
from gaq.errors import BadFile, UsageError
from gaq.formats.container import payload_of, read_container, to_bytes
from gaq.model.foreigners import FOREIGNERS
from gaq.model.protocol import dtype_of
from gaq.quant.install import preset
from gaq.train.checkpoint import load_checkpoint, save_checkpoint
from gaq.train.importing import SETTINGS, import_arrays
from gaq.train.quantization import QuantizationPlan, run_quantization
from tiny import checkpoint, config, molecule

REFERENCES = Path(__file__).parents[2] / "references"
SEVENNET, SCHNETPACK = (
    REFERENCES / "sevennet" / "unit-l3",
    REFERENCES / "schnetpack" / "gaussians" / "painn.safetensors",
)


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    path.write_bytes(to_bytes({}, *payload_of(arrays)))
    return path


@pytest.fixture
def file(tmp_path):
    """A small SevenNet with its settings, in a folder of its own."""
    shutil.copytree(SEVENNET, tmp_path / "net")
    return next((tmp_path / "net").glob("*.safetensors"))


def test_a_checkpoint_is_what_was_imported(file, tmp_path):
    made = import_arrays(file)
    assert made.settings == file.with_name("config.json")
    save_checkpoint(tmp_path / "a.ckpt", made.checkpoint)
    again = load_checkpoint(tmp_path / "a.ckpt")
    assert again.manifest["imported"]["from"] == "SevenNet"
    one = molecule("CH3CH2OH")
    (found,) = open_engine(tmp_path / "a.ckpt").evaluate([one])
    assert np.isfinite(found.forces).all()
    assert np.abs(found.forces).max() > 1e-3


def test_the_architecture_may_be_named(file):
    assert import_arrays(file, "nequip").foreign is import_arrays(file).foreign
    with pytest.raises(UsageError, match=r"'nequipp': expected one of .*Did you mean 'nequip'"):
        import_arrays(file, "nequipp")


def test_elements_are_for_files_that_do_not_say_theirs(file):
    with pytest.raises(UsageError, match=r"`elements`: .* says itself which elements it knows \(H, C, O, Cu\)"):
        import_arrays(file, elements=(1, 6))


def test_every_byte_that_is_missing_is_noticed(file):
    content = file.read_bytes()
    for length in (0, 7, 100, len(content) // 2, len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises(BadFile, match=r"empty|too few|ends after|ends at|cut short"):
            import_arrays(file)


def test_an_array_of_another_name_is_missed_and_found(file):
    arrays = dict(read_container(file).tensors)
    arrays["1_self_interaction_3.linear.weight"] = arrays.pop("1_self_interaction_1.linear.weight")
    write_arrays(file, arrays)
    with pytest.raises(BadFile, match=r"as SevenNet: array '1_self_interaction_1\.linear\.weight' is missing.*Did you"):
        import_arrays(file)


def test_an_array_without_a_place_is_named(file):
    write_arrays(file, dict(read_container(file).tensors) | {"charges.weight": np.ones(3, np.float32)})
    with pytest.raises(BadFile, match=r"no place in a SevenNet .*'charges\.weight'"):
        import_arrays(file)


@pytest.mark.parametrize("change", ["shape", "nan", "integers"])
def test_an_array_of_other_numbers_is_named(file, change):
    arrays = dict(read_container(file).tensors)
    name = "1_self_interaction_1.linear.weight"
    one = arrays[name].copy()
    one[0] = np.nan
    arrays[name] = {"shape": arrays[name][:-1], "nan": one, "integers": arrays[name].astype(np.int32)}[change]
    write_arrays(file, arrays)
    with pytest.raises(BadFile, match=rf"'{name}' (has shape|holds)".replace(".", r"\.")):
        import_arrays(file)


def test_an_unknown_network_is_refused_with_those_that_are_known(tmp_path):
    path = write_arrays(tmp_path / "a.safetensors", {"gates.0.weight": np.ones((2, 3), np.float32)})
    with pytest.raises(BadFile, match=r"no network that gaq recognises.*gates\.0\.weight") as found:
        import_arrays(path)
    assert all(foreign.name in str(found.value) for foreign in FOREIGNERS)


def test_a_pickle_is_not_loaded(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "best_model")
    with pytest.raises(BadFile, match=r"is a pickle.*can run code.*safetensors\.torch\.save_file"):
        import_arrays(tmp_path / "best_model")


def test_files_of_gaq_and_files_without_arrays_are_refused(tmp_path):
    save_checkpoint(tmp_path / "a.ckpt", checkpoint(config()))
    with pytest.raises(BadFile, match="a model of gaq already"):
        import_arrays(tmp_path / "a.ckpt")
    with pytest.raises(BadFile, match="holds no arrays"):
        import_arrays(write_arrays(tmp_path / "b.safetensors", {}))
    (tmp_path / "c.safetensors").write_text("Once upon a time there was a molecule.\n")
    with pytest.raises(BadFile, match="does not begin as a safetensors file"):
        import_arrays(tmp_path / "c.safetensors")


@pytest.mark.parametrize("text", ["{", "[1]", "[]", '{"a": NaN}', '{"a": 1, "a": 2}'])
def test_settings_that_are_no_object_are_refused(file, text):
    file.with_name("config.json").write_text(text)
    with pytest.raises(BadFile, match=r"config\.json"):
        import_arrays(file)


def test_settings_of_yaml_are_those_of_json(file):
    expected = import_arrays(file).checkpoint.model.state_dict()
    said = json.loads(file.with_name("config.json").read_text())
    file.with_name("config.json").rename(file.with_name("kept"))
    import yaml

    file.with_name("config.yaml").write_text(yaml.safe_dump(said))
    made = import_arrays(file)
    assert made.settings == file.with_name("config.yaml")
    found = made.checkpoint.model.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_the_order_of_settings_is_that_of_the_page():
    page = (Path(__file__).parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
    assert ", ".join(f"`{name}`" for name in SETTINGS) in page
    assert [foreign.name for foreign in FOREIGNERS if foreign.name not in page] == []


def test_what_was_imported_in_float64_is_quantized_and_packed_in_float32(tmp_path):
    made = import_arrays(SCHNETPACK, elements=(1, 6, 8)).checkpoint
    assert dtype_of(made.model) == torch.float64
    one = [molecule("CH3CH2OH")]
    expected = TorchEngine(made.model, "m", "fp32").evaluate(one)[0].forces
    packed = pack_and_open(made.model, made.recipe, "m").evaluate(one)[0].forces
    assert np.abs(packed - expected).max() < 1e-5 * np.abs(expected).max()
    quantized = run_quantization(made, None, QuantizationPlan(preset("w8")), tmp_path)
    assert dtype_of(quantized.model) == torch.float32
    eight = pack_and_open(quantized.model, quantized.recipe, "m").evaluate(one)[0].forces
    assert 1e-5 < np.abs(eight - expected).max() / np.abs(expected).max() < 0.2
