"""Settings chosen from data: what was asked for stays, and everything else follows from the frames."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Structure
from gaq.config import checked, commented, load
from gaq.data.dataset import Dataset
from gaq.errors import UsageError
from gaq.train.config import TrainConfig
from gaq.train.suggested import expected_share, force_rms, steps_per_epoch, suggested_config


def dataset(frames: int, atoms: int = 9, name: str = "mine") -> Dataset:
    rng = np.random.default_rng(0)
    structures = tuple(Structure.molecule([1] * atoms, rng.normal(size=(atoms, 3))) for _ in range(frames))
    return Dataset(name, structures, tuple(Labels(0.0, np.full((atoms, 3), 2.0)) for _ in structures), "")


@pytest.mark.parametrize("frames", [2, 3, 10, 100, 1000, 20_000])
def test_every_size_of_data_has_settings_that_use_all_frames(frames):
    found = suggested_config(dataset(frames, atoms=2), TrainConfig())
    assert found.data.train + found.data.validation == frames
    assert 1 <= found.data.validation <= 100
    assert 10 <= found.epochs <= 500
    assert found == TrainConfig.model_validate(found.model_dump())


def test_what_is_asked_for_stays():
    asked = checked({}, TrainConfig, ["epochs=7", "model.channels=16", "data.validation=3", "data.train=40", "batch=9"])
    found = suggested_config(dataset(100), asked)
    assert (found.epochs, found.batch, found.model.channels, found.model.layers) == (7, 9, 16, 2)
    assert (found.data.train, found.data.validation) == (40, 3)
    assert steps_per_epoch(found) == 5


def test_large_frames_get_a_smaller_network_and_smaller_batches():
    found = suggested_config(dataset(50, atoms=192), TrainConfig())
    assert (found.batch, found.model.channels, found.model.layers) == (1, 32, 2)
    assert suggested_config(dataset(3, atoms=1000), TrainConfig()).batch == 1


def test_rmd17_is_not_trained_on_beyond_what_its_authors_allow():
    assert suggested_config(dataset(3000, 2, "rmd17/ethanol"), TrainConfig()).data.train == 1000


def test_one_frame_cannot_be_split():
    with pytest.raises(UsageError, match="mine has 1 frame; training needs two or more"):
        suggested_config(dataset(1), TrainConfig())


def test_more_frames_and_more_steps_promise_a_smaller_error():
    few, many = (expected_share(suggested_config(dataset(n), TrainConfig())) for n in (20, 2000))
    assert 0.002 <= many < few <= 1
    assert force_rms(dataset(3)) == 2.0


def test_a_commented_configuration_is_read_back(tmp_path):
    for settings in (TrainConfig(), suggested_config(dataset(30), checked({}, TrainConfig, ["data.file=a b.xyz"]))):
        (tmp_path / "c.toml").write_text(commented(settings))
        assert load(tmp_path / "c.toml", TrainConfig) == settings
    assert "\nlr = 0.01  # of the matrices\n" in commented(settings)
    assert "\n# train =  # training frames; all that are left when not given\n" in commented(TrainConfig())
