"""gaq.config: what a mistake in a configuration is answered with."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, model_validator

from gaq.config import Frozen, dump, load
from gaq.errors import BadFile, ConfigError, UsageError


class Optimizer(enum.Enum):
    MUON = "muon"
    ADAM = "adam"


class Stage(Frozen):
    epoch: int = Field(ge=0)
    factor: float


class Training(Frozen):
    epochs: int = Field(gt=0)
    learning_rate: float = Field(default=1e-2, gt=0)
    optimizer: Optimizer = Optimizer.MUON
    shuffle: bool = True
    weights: tuple[float, ...] = ()
    stages: tuple[Stage, ...] = ()

    @model_validator(mode="after")
    def _stages_end(self) -> Training:
        if any(stage.epoch >= self.epochs for stage in self.stages):
            raise ValueError("a stage begins after the last epoch")
        return self


class Example(Frozen):
    training: Training
    data: str = "a.xyz"
    device: Literal["cpu", "cuda"] = "cpu"
    out: Path | None = None


GOOD = """
data = "ethanol.npz"
[training]
epochs = 10
learning_rate = 1
optimizer = "adam"
weights = [1.0, 2.0]
stages = [{epoch = 3, factor = 0.5}]
"""


@pytest.fixture
def config(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "run.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refusal(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, Example, overrides)
    assert "run.toml" in str(caught.value)
    return str(caught.value)


def test_a_file_is_read_with_its_types(config):
    example = load(config(GOOD), Example)
    assert example.training.optimizer is Optimizer.ADAM
    assert example.training.weights == (1.0, 2.0)
    assert example.training.learning_rate == 1.0
    assert isinstance(example.training.learning_rate, float)
    assert example.training.stages == (Stage(epoch=3, factor=0.5),)
    assert example.device == "cpu"


def test_overrides_are_values_of_toml_or_texts(config):
    example = load(
        config(GOOD),
        Example,
        [
            "training.epochs=20",
            "data=b=c.xyz",
            "training.shuffle = false",
            "training.weights=[3]",
            "out='a b'",
        ],
    )
    assert example.training.epochs == 20
    assert example.data == "b=c.xyz"
    assert example.training.shuffle is False
    assert example.training.weights == (3.0,)
    assert example.out == Path("a b")


def test_an_override_makes_a_section_that_was_not_there(config):
    assert load(config('data = "a"'), Example, ["training.epochs=3"]).training.epochs == 3


def test_an_override_cannot_smuggle_in_a_second_key(config):
    assert load(config(GOOD), Example, ["data=1\ndevice = 'cuda'"]).device == "cpu"


@pytest.mark.parametrize("text", ["training.epochs", "=3", "training.=3", ".epochs=3"])
def test_an_override_of_another_form_is_refused(config, text):
    with pytest.raises(UsageError, match="section.key=value"):
        load(config(GOOD), Example, [text])


def test_an_override_below_a_value_is_refused(config):
    with pytest.raises(ConfigError, match=r"training\.epochs is a value, not a section"):
        load(config(GOOD), Example, ["training.epochs.x=3"])


def test_an_unknown_key_has_a_hint(config):
    text = refusal(config(GOOD + "epoch = 3\n[training.stage]\n"))
    assert "unknown key training.epoch. Did you mean 'epochs'?" in text
    assert "unknown key training.stage. Did you mean 'stages'?" in text


def test_an_unknown_key_far_from_any_lists_the_known_ones(config):
    assert "Known here: data, device, out, training." in refusal(config("zzz = 1\n" + GOOD))


def test_the_hint_is_found_inside_lists_too(config):
    text = refusal(config("[training]\nepochs = 9\nstages = [{epoch = 1, factr = 2}]"))
    assert "training.stages.0.factor is missing" in text
    assert "unknown key training.stages.0.factr. Did you mean 'factor'?" in text


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("training.epochs=ten", 'training.epochs is "ten" (given by `overrides`); expected a valid integer.'),
        ("training.epochs=0", "training.epochs is 0 (given by `overrides`); expected greater than 0."),
        ("training.epochs=3.0", "training.epochs is 3.0 (given by `overrides`); expected a valid integer."),
        ("training.shuffle=1", "training.shuffle is 1 (given by `overrides`); expected a valid boolean."),
        (
            "training.learning_rate=nan",
            "training.learning_rate is NaN (given by `overrides`); expected a finite number.",
        ),
        ("training.optimizer=sgd", "expected 'muon' or 'adam'."),
        ("device=tpu", "device is \"tpu\" (given by `overrides`); expected 'cpu' or 'cuda'."),
        ("data=3", "data is 3 (given by `overrides`); expected a valid string."),
        ("training=3", "training is 3 (given by `overrides`); expected an object."),
        ("training.epoch=3", "unknown key training.epoch (given by `overrides`). Did you mean 'epochs'?"),
        ("training.epochs=2", "a stage begins after the last epoch."),
    ],
)
def test_a_wrong_value_is_named_with_what_came_and_what_was_expected(config, override, sentence):
    assert sentence in refusal(config(GOOD), override)


def test_what_came_from_the_file_is_not_blamed_on_an_override(config):
    text = refusal(config(GOOD.replace("10", "-1")), "device=tpu")
    assert "training.epochs is -1; expected greater than 0." in text


def test_a_missing_key_is_named(config):
    assert "training is missing." in refusal(config("data = 'a'"))


def test_all_faults_are_told_at_once(config):
    text = refusal(config("dataa = 'a'\n[training]\nepochs = 'x'\nshuffle = 3"))
    assert text.count("\n") == 2


def test_a_broken_line_is_named(config):
    assert "line 3" in refusal(config("a = 1\nb = 2\nc = = 3"))


def test_what_is_no_toml_file_at_all(config, tmp_path):
    with pytest.raises(BadFile, match="there is no file"):
        load(tmp_path / "missing.toml", Example)
    with pytest.raises(BadFile, match="is a folder"):
        load(tmp_path, Example)
    with pytest.raises(BadFile, match="is not a text file"):
        load(config(b"\x89PNG\r\n\xff\xfe\x00"), Example)
    with pytest.raises(BadFile, match="is empty"):
        load(config(""), Example)


def test_a_configuration_cannot_be_changed(config):
    example = load(config(GOOD), Example)
    with pytest.raises(ValidationError, match="frozen"):
        example.data = "b"


@given(
    training=st.builds(
        Training,
        epochs=st.integers(101, 10**6),
        learning_rate=st.floats(1e-300, 1e300),
        optimizer=st.sampled_from(Optimizer),
        shuffle=st.booleans(),
        weights=st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple),
        stages=st.lists(st.builds(Stage, epoch=st.integers(0, 100), factor=st.floats(-1e9, 1e9))).map(tuple),
    ),
    data=st.text(st.characters(codec="utf-8", exclude_characters="\r")),
    out=st.none() | st.just(Path("runs/a")),
)
def test_what_is_dumped_is_read_back(tmp_path_factory, training, data, out):
    example = Example(training=training, data=data, out=out)
    path = tmp_path_factory.mktemp("dump") / "run.toml"
    path.write_text(dump(example), encoding="utf-8")
    assert load(path, Example) == example
