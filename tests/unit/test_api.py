"""The public functions: a model is trained, quantized, saved, exported and loaded by the names of `gaq` alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import gaq
from built import native_library
from gaq import api
from gaq.errors import BadFile, BadStructure, NotAvailable, UsageError
from tiny import config, dataset, molecules, network, train_config

pytestmark = pytest.mark.filterwarnings("ignore::gaq.errors.OutsideWarning")  # six frames train, others are tried

SMALL = {"epochs": 1, "batch": 2, "model.channels": 8, "model.layers": 1, "model.heads": 2, "data.validation": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return api.train(dataset(), tmp_path_factory.mktemp("run") / "a", settings=SMALL)


def water() -> list:
    return [s for s in dataset().structures if len(s) == 3]


def energies(model) -> list[float]:
    return [p.energy for p in model.evaluate(water())]


def test_a_model_goes_through_all_of_them(trained, tmp_path):
    native_library()
    quantized = gaq.quantize(trained, gaq.presets.w8(), calibration=dataset())
    assert (trained.recipe, quantized.recipe) == ("fp32", "w8")
    assert energies(quantized) != energies(trained)
    gaq.save(quantized, tmp_path / "a.ckpt")
    assert energies(gaq.load(tmp_path / "a.ckpt")) == energies(quantized)
    gaq.export(quantized, tmp_path / "a.gaq", water())
    packed = gaq.load(tmp_path / "a.gaq")
    assert np.allclose(energies(packed), energies(quantized), atol=1e-3)
    gaq.save(packed, tmp_path / "b.gaq")
    assert (tmp_path / "b.gaq").read_bytes() == (tmp_path / "a.gaq").read_bytes()
    for model in (trained, quantized, packed):
        assert gaq.Calculator(model).engine is model
        assert gaq.measure.symmetry(model, water(), rotations=2)


def test_the_export_of_a_model_is_that_of_its_file(trained, tmp_path):
    from gaq.cli.main import outcome

    trained.save(tmp_path / "model.ckpt")
    gaq.export(trained, tmp_path / "python.gaq")
    assert outcome(["export", str(tmp_path / "model.ckpt"), "-o", str(tmp_path / "verb.gaq")]) == 0
    assert (tmp_path / "python.gaq").read_bytes() == (tmp_path / "verb.gaq").read_bytes()


def test_a_training_chooses_its_settings_from_the_data_or_takes_those_given(trained, tmp_path):
    config_of = trained.checkpoint.manifest["config"]
    assert (config_of["epochs"], config_of["data"]["train"], config_of["model"]["cutoff"]) == (1, 6, 5.0)
    given = api.train(dataset(), tmp_path / "b", config=train_config(), settings={"seed": 5})
    assert given.checkpoint.manifest["config"]["seed"] == 5
    assert given.checkpoint.manifest["config"]["model"] == train_config().model.model_dump(mode="json")


def test_a_training_reads_files_and_tells_how_far_it_is(tmp_path):
    seen = []
    settings = SMALL | {"data.train": 4}
    api.train("embedded", tmp_path / "a", settings=settings, on_progress=seen.append)
    assert [progress.step for progress in seen][-1] == 2
    assert (tmp_path / "a" / "model.ckpt").is_file()


def test_an_earlier_run_is_not_replaced_and_can_be_resumed(tmp_path):
    first = api.train(dataset(), tmp_path / "a", settings=SMALL)
    content = (tmp_path / "a" / "model.ckpt").read_bytes()
    with pytest.raises(UsageError, match="holds an earlier run. Choose another folder, or resume=True"):
        api.train(dataset(), tmp_path / "a", settings=SMALL)
    assert (tmp_path / "a" / "model.ckpt").read_bytes() == content
    again = energies(api.train(dataset(), tmp_path / "a", settings=SMALL, resume=True))
    assert again == pytest.approx(energies(first), rel=0, abs=1e-10), "the references are fitted again, to round-off"
    with pytest.raises(BadFile, match=r"no last.ckpt to resume from"):
        api.train(dataset(), tmp_path / "b", settings=SMALL, resume=True)


@pytest.mark.parametrize("settings", [{"epochs": "many"}, {"epoch": 1}, {"model.channels": [1]}])
def test_settings_that_do_not_fit_are_named(tmp_path, settings):
    with pytest.raises(gaq.errors.ConfigError, match=next(iter(settings)).rpartition(".")[2]):
        api.train(dataset(), tmp_path / "a", settings=settings)


def test_a_recipe_may_be_named_and_any_network_will_do(trained):
    assert gaq.quantize(trained, "w8").recipe == "w8"
    assert gaq.quantize(trained, calibration=dataset()).recipe.startswith("mixed-w4a16")
    net = network(config())
    made = gaq.quantize(net, "w8", molecules())
    assert type(made) is type(net)
    assert made is not net
    with pytest.raises(gaq.errors.RecipeError, match="there is no recipe 'w9'"):
        gaq.quantize(trained, "w9")


def test_what_cannot_be_quantized_or_exported_is_said(trained, tmp_path):
    native_library()
    quantized = gaq.quantize(trained, "w8")
    with pytest.raises(UsageError, match="already quantized .recipe 'w8'"):
        gaq.quantize(quantized, "w8")
    gaq.export(trained, tmp_path / "a.gaq")
    packed = gaq.load(tmp_path / "a.gaq")
    with pytest.raises(UsageError, match=r"a.gaq is a packed model and cannot be quantized. Load the checkpoint"):
        gaq.quantize(packed, "w8")
    with pytest.raises(UsageError, match=r"a.gaq is a packed model and cannot be exported"):
        gaq.export(packed, tmp_path / "b.gaq")
    with pytest.raises(UsageError, match="Transformer cannot be exported"):
        gaq.export(network(config()), tmp_path / "b.gaq")
    with pytest.raises(BadStructure):
        gaq.quantize(trained, "frame-w4a8", [water()[0].moved(water()[0].positions * np.nan)])
    assert not (tmp_path / "b.gaq").exists()


def test_a_file_that_is_there_is_replaced_on_request_only(trained, tmp_path):
    for write, name in ((gaq.save, "a.ckpt"), (gaq.export, "a.gaq")):
        file = tmp_path / name
        file.write_text("expensive")
        with pytest.raises(BadFile, match=r"is there already. Choose another name, or replace it with overwrite=True"):
            write(trained, file)
        assert file.read_text() == "expensive"
        write(trained, file, overwrite=True)
        assert gaq.load(file).recipe == "fp32"


def test_without_torch_each_function_names_the_extra(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for call in (
        lambda: api.train(dataset(), tmp_path / "a"),
        lambda: gaq.quantize(trained, "w8"),
        lambda: gaq.export(trained, tmp_path / "a.gaq"),
    ):
        with pytest.raises(NotAvailable, match=r"PyTorch is not installed.*\[train\]"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_train_is_a_function_before_and_after_its_package_is_imported():
    code = (
        "import sys, gaq\n"
        "first = gaq.train\n"
        "import gaq.train.config\n"
        "from gaq import train\n"
        "assert gaq.train is first is train and callable(train)\n"
        "try: train()\n"
        "except TypeError as error: sys.exit('data' not in str(error))\n"
        "sys.exit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
