"""A configuration out of range is refused with the name of the key; the example files are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaq.config import commented, dump, load
from gaq.errors import BadFile, ConfigError
from gaq.train.config import TrainConfig, find_config, shipped_configs
from house.tree import REPOSITORY

CONFIGS = list(shipped_configs().values())


@pytest.fixture
def empty(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("seed = 1\n")
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_configuration_is_read(path, tmp_path):
    settings = load(path, TrainConfig)
    if path.stem.startswith("rmd17"):
        assert settings.data.train <= 1000, "its authors: never train on more"
    (tmp_path / "copy.toml").write_text(dump(settings))
    assert load(tmp_path / "copy.toml", TrainConfig) == settings


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("model.chanels=8", "unknown key model.chanels .*Did you mean 'channels'"),
        ("model.degrees=4", "model.degrees is 4"),
        ("model.architecture=pain", "expected architecture to be one of 'transformer', 'painn'"),
        ("model.architecture=3", "expected architecture to be one of 'transformer', 'painn'"),
        ("model=3", "expected architecture to be one of"),
        ("model.heads=3", r"channels \(64\) must be a multiple of heads \(3\)"),
        ("model.attention=softmax", "model.attention is \"softmax\".*'cosine' or 'dot'"),
        ("epochs=-1", "epochs is -1"),
        ("optimizer.ema=1.0", "optimizer.ema is 1.0"),
        ("optimizer.lr=nan", "optimizer.lr is NaN"),
        ("dtype=float16", "dtype is \"float16\".*'float32' or 'float64'"),
        ("data.train=0", "data.train is 0"),
        ("batch=2.5", "batch is 2.5"),
    ],
)
def test_what_does_not_fit_is_told_by_its_name(empty, override, text):
    with pytest.raises(ConfigError, match=text):
        load(empty, TrainConfig, [override])


def test_a_section_is_of_the_architecture_that_it_names(empty, tmp_path):
    settings = load(empty, TrainConfig, ["model.architecture=painn", "model.channels=32"])
    assert (settings.model.architecture, settings.model.channels) == ("painn", 32)
    (tmp_path / "copy.toml").write_text(commented(settings))
    assert load(tmp_path / "copy.toml", TrainConfig) == settings
    assert load(empty, TrainConfig, ["model.channels=32"]).model.architecture == "transformer"
    for other, said in (("heads=4", "unknown key model.heads"), ("layers=0", "model.layers is 0")):
        with pytest.raises(ConfigError, match=said):
            load(empty, TrainConfig, ["model.architecture=painn", f"model.{other}"])


def test_the_configurations_of_the_tree_are_those_of_the_package():
    assert len(CONFIGS) > 4
    assert sorted(path.name for path in (REPOSITORY / "configs").iterdir()) == sorted(path.name for path in CONFIGS)


@pytest.mark.parametrize("before", ["", "configs/"])
@pytest.mark.parametrize("behind", ["", ".toml"])
@pytest.mark.parametrize("name", shipped_configs())
def test_a_configuration_of_gaq_is_found_by_name_from_any_folder(tmp_path, monkeypatch, before, name, behind):
    monkeypatch.chdir(tmp_path)
    assert find_config(f"{before}{name}{behind}") == shipped_configs()[name]


def test_a_file_of_the_user_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("configs").mkdir()
    for mine in ("configs/water-fp32.toml", "water-fp32.toml"):
        Path(mine).touch()
        assert find_config(mine) == Path(mine)
    assert find_config("water-fp32") == shipped_configs()["water-fp32"]


@pytest.mark.parametrize(
    "name", ["mine/water-fp32.toml", "/no/such/water-fp32", "../configs/water-fp32.toml", "water-fp32.xyz"]
)
def test_other_paths_are_left_alone(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == Path(name)
    with pytest.raises(BadFile, match=f"there is no file {name}"):
        load(find_config(name), TrainConfig)


@pytest.mark.parametrize(
    ("name", "hint"), [("rmd17-ethanl-fp32", "Did you mean 'rmd17-ethanol-fp32'"), ("x.toml", "It has acac-fp32")]
)
def test_a_name_that_is_neither_is_refused_with_those_of_gaq(tmp_path, monkeypatch, name, hint):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadFile, match=f"no file {name}, and gaq has no such configuration.*{hint}"):
        find_config(name)
