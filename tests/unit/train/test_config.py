"""A configuration out of range is refused with the name of the key; the example files are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaq.config import dump, load
from gaq.errors import ConfigError
from gaq.train.config import TrainConfig

CONFIGS = sorted((Path(__file__).resolve().parents[3] / "configs").glob("*.toml"))


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
