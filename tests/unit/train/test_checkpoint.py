"""A checkpoint comes back bit for bit, quantized or not, and a damaged one is told from a whole one."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from gaq.errors import BadFile
from gaq.formats import container
from gaq.formats.checksum import BLANK, sealed
from gaq.formats.container import payload_of, read_container, to_bytes
from gaq.geometry.vectors import limited
from gaq.model.geometry import Gauge
from gaq.quant.direction_spec import KMeans
from gaq.quant.presets import all_presets, w4
from gaq.quant.spec import Polar
from gaq.train.checkpoint import Checkpoint, as_dtype, load_checkpoint, save_checkpoint
from gaq.version import __version__
from packed import with_array, with_text
from tiny import batch_of, checkpoint, config, molecules, nequip, painn

RECIPES = {name: build() for name, build in all_presets().items()} | {
    "learned": w4(learn_step=True, group=4),
    "k-means": all_presets()["gaq-w4a8"]().with_rules(),
}


def contents(path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    with safe_open(path, framework="pt") as file:
        return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "model.ckpt"
    save_checkpoint(path, checkpoint(config(degrees=2), w4(learn_step=True)))
    return path.read_bytes()


@pytest.fixture
def good(tmp_path, content):
    path = tmp_path / "model.ckpt"
    path.write_bytes(content)
    return path


def assert_same(one: Checkpoint, other: Checkpoint) -> None:
    assert other.model.config == one.model.config
    assert other.model.species == one.model.species
    assert other.recipe == one.recipe
    assert other.manifest == one.manifest
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert theirs[name].dtype == tensor.dtype, name
        assert torch.equal(theirs[name], tensor), name
    gauge = Gauge.LOCAL if one.model.framed() else Gauge.LAB
    batch = batch_of(molecules())
    assert torch.equal(other.model.energies(batch, gauge), one.model.energies(batch, gauge))


@pytest.mark.parametrize("name", RECIPES)
def test_round_trip(name, tmp_path):
    recipe = RECIPES[name]
    if name == "k-means":
        vectors = next(rule for rule in recipe.rules if isinstance(rule.spec, Polar))
        recipe = recipe.with_rules(type(vectors)(vectors.where, Polar(8, KMeans(4))))
    before = checkpoint(config(degrees=1 if name == "k-means" else 2), recipe)
    with torch.no_grad():
        for parameter_name, p in before.model.named_parameters():
            if parameter_name.endswith("factor"):
                p.mul_(1.1)
    save_checkpoint(tmp_path / "a.ckpt", before)
    after = load_checkpoint(tmp_path / "a.ckpt")
    assert_same(before, after)
    save_checkpoint(tmp_path / "b.ckpt", after)
    assert (tmp_path / "a.ckpt").read_bytes() == (tmp_path / "b.ckpt").read_bytes()


def test_painn_says_what_it_is(tmp_path):
    path = tmp_path / "model.ckpt"
    saved = checkpoint(painn(), w4(learn_step=True))
    save_checkpoint(path, saved)
    assert contents(path)[0]["architecture"] == "painn"
    assert_same(saved, load_checkpoint(path))


def test_float64_and_a_training_state(tmp_path):
    before = checkpoint(config())
    as_dtype(before.model, torch.float64)
    state = {"optimizer.0.step": torch.tensor(3.0), "average.x": torch.arange(4.0)}
    save_checkpoint(tmp_path / "a.ckpt", Checkpoint(before.model, before.recipe, {"run": {"step": 3}}, state))
    after = load_checkpoint(tmp_path / "a.ckpt")
    assert after.model.embedding.dtype == torch.float64
    assert after.manifest == {"run": {"step": 3}}
    assert after.state.keys() == state.keys()
    assert all(torch.equal(after.state[name], state[name]) for name in state)


def test_there_is_no_code_in_it(good):
    header, tensors = contents(good)
    assert json.loads(header["recipe"])["name"] == "w4"
    assert json.loads(header["config"])["degrees"] == 2
    assert all(isinstance(value, str) for value in header.values())
    assert b"pickle" not in good.read_bytes()
    assert len(tensors) > 20


def text(key, value):
    """A damage with a right checksum: this text of the header is another, or gone where None is given."""
    return lambda content: with_text(content, key, lambda _: value)


def array(name, change):
    """A damage with a right checksum: this array of the model is another, or gone."""
    return lambda content: with_array(content, f"model.{name}", change)


def more(name, values):
    """A damage with a right checksum: one array more."""

    def damage(content):
        file = container.parse(content, "file")
        entries, payload = container.payload_of(file.tensors | {name: values})
        return sealed(container.to_bytes(file.metadata, entries, payload))

    return damage


def with_new_text(content, key, value):
    file = container.parse(content, "file")
    entries, payload = container.payload_of(file.tensors)
    return sealed(container.to_bytes(file.metadata | {key: value}, entries, payload))


def recipe(*rules):
    return text("recipe", json.dumps({"name": "x", "rules": rules}))


def edited(**changes):
    """A damage with a right checksum: the numbers of the network are others."""
    return lambda content: with_text(content, "config", lambda numbers: numbers | changes)


def with_nan(values):
    values.flat[0] = np.nan
    return values


def written(write, *arguments):
    """What a writer of another format leaves."""

    def damage(content):
        stream = io.BytesIO()
        write(stream, *arguments)
        return stream.getvalue()

    return damage


UNUSABLE = "its header cannot be used"
MISFIT = "do not fit its header"

DAMAGES = {
    "empty": (lambda c: b"", "is empty"),
    "truncated": (lambda c: c[:-100], "has .* bytes of tensors"),
    "header-only": (lambda c: c[:40], "ends after 40 bytes, inside its header"),
    "text": (lambda c: b"weights = 3", "is not a model file"),
    "long-header": (lambda c: b"\xff" * 64, "is not a model file"),
    "npz": (written(np.savez, np.zeros(3)), "is not a model file"),
    "torch": (lambda c: written(lambda stream: torch.save({"x": torch.zeros(3)}, stream))(c), "is not a model file"),
    "other-safetensors": (lambda c: save({"x": torch.zeros(3)}), "not a gaq checkpoint"),
    "packed": (text("format", "gaq-packed"), "is a packed model, not a checkpoint"),
    "future": (text("format_version", "7"), "has checkpoint version '7'; .* reads versions 2 to 5"),
    "no-checksum": (lambda c: with_text(c, "checksum", lambda _: None), "its header lacks checksum"),
    "before-checksums": (text("format_version", "1"), "version 1, which has no checksum"),
    "unknown-text": (lambda c: with_new_text(c, "charge", "1"), "unknown key 'charge'"),
    "unknown-architecture": (text("architecture", "pain"), "holds a 'pain'; expected one of .* Did you mean 'painn'"),
    "another-architecture": (text("architecture", "painn"), f"{UNUSABLE} .*degrees is 2"),
    "no-config": (text("config", None), "its header lacks config"),
    "config-not-json": (text("config", "{"), "config in its header is not JSON"),
    "config-is-a-list": (text("config", "[]"), "config in its header is list; expected dict"),
    "deep-config": (text("config", "[" * 100_000), "config in its header is not JSON .it is nested too deep"),
    "deep-manifest": (text("manifest", '{"a":' * 100 + "1" + "}" * 100), "nested more than 64 deep"),
    "huge-integer": (text("manifest", f'{{"a":{"9" * 5000}}}'), "an integer has 5000 digits"),
    "infinite": (text("manifest", '{"a":1e999}'), "beyond the range of numbers"),
    "unknown-number": (edited(chanels=8), f"{UNUSABLE} .*chanels"),
    "a-number-as-text": (edited(channels="8"), f"{UNUSABLE} .*channels"),
    "heads-do-not-divide": (edited(heads=3), f"{UNUSABLE} .*multiple of heads"),
    "many-channels": (edited(channels=1024), f"embedding' is float32 .4, 8.; expected float32 .4, 1024.: .*{MISFIT}"),
    "more-layers": (edited(layers=32), f"gates.weight. is float32 .24, 8.; expected float32 .56, 8.: .*{MISFIT}"),
    "fewer-layers": (edited(layers=1), f"gates.weight. is float32 .56, 8.; expected float32 .24, 8.: .*{MISFIT}"),
    "many-heads": (edited(heads=8), MISFIT),
    "large-basis": (edited(basis=128), MISFIT),
    "large-hidden": (edited(hidden=4096), MISFIT),
    "too-many-layers": (edited(layers=33), f"{UNUSABLE} .*layers"),
    "too-large-hidden": (edited(hidden=10**9), f"{UNUSABLE} .*hidden"),
    "more-degrees": (edited(degrees=3), MISFIT),
    "no-species": (text("species", None), "its header lacks species"),
    "wrong-dtype": (text("dtype", "int8"), "dtype is 'int8'; expected float32 or float64"),
    "other-dtype": (text("dtype", "float64"), f"is float32 .*; expected float64 .*{MISFIT}"),
    "no-recipe": (text("recipe", None), "its header lacks recipe"),
    "strange-recipe": (recipe({"slot": "a"}), f"{UNUSABLE} .*lacks a spec"),
    "short-recipe": (recipe({"role": "query-key", "spec": {"kind": "identity"}}), f"{UNUSABLE} .*no rule"),
    "another-recipe": (text("recipe", json.dumps(all_presets()["gaq-w4a8"]().to_dict())), MISFIT),
    "manifest-is-a-number": (text("manifest", "3"), "manifest in its header is int"),
    "tensor-missing": (array("embedding", lambda a: None), "'embedding' is missing"),
    "tensor-too-many": (more("model.spare", np.zeros(2)), "'spare' is unknown"),
    "nan-in-a-weight": (array("embedding", with_nan), "'embedding' holds numbers that are not finite"),
    "infinite-reference": (array("reference", lambda a: a * np.inf), "'reference' holds numbers that are not finite"),
    "nan-in-a-state": (more("average.x", np.full(2, np.nan)), "'average.x' holds numbers that are not finite"),
    "another-type": (array("embedding", lambda a: a.astype(np.int32)), "is int32 .4, 8.; expected float32"),
    "transposed": (array("embedding", lambda a: a.T), "is float32 .8, 4.; expected float32 .4, 8."),
    "row-out-of-range": (array("row", lambda a: a + 1000), "'row' does not belong to the species"),
} | {
    f"species {value}": (text("species", value), "species is .*; expected atomic numbers from 1 to 118, ascending")
    for value in (
        "[1, 6, 7, 700]",
        '["H"]',
        "[8, 7, 6, 1]",
        "[1.5, 6, 7, 8]",
        "[-1, 6, 7]",
        "[1, 6, 6]",
        "[]",
        "[0, 1]",
    )
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_told(good, name):
    damage, sentence = DAMAGES[name]
    good.write_bytes(damage(good.read_bytes()))
    with pytest.raises(BadFile, match=f"{good.name}.*{sentence}") as told:
        load_checkpoint(good)
    assert len(str(told.value)) < 600 + len(str(good))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("version", ["2", "3"])
def test_a_transformer_of_the_first_generation_is_refused(good, version):
    good.write_bytes(with_text(good.read_bytes(), "format_version", lambda _: version))
    with pytest.raises(
        BadFile, match=rf"{good.name} holds a transformer of the first generation .version {version} .*"
    ) as told:
        load_checkpoint(good)
    assert f"this gaq ({__version__}) has the second, from version 4 on" in str(told.value)
    assert "Train it again with this gaq, or use the gaq that wrote it" in str(told.value)


def test_a_transformer_without_limits_is_what_it_was(good, tmp_path):
    """Version 4 has no limits: features that are far beyond those of today pass."""
    file = read_container(good)
    arrays = {name: array for name, array in file.tensors.items() if not name.endswith(".limits")}
    assert len(arrays) == len(file.tensors) - 2
    entries, payload = payload_of(arrays)
    texts = dict(file.metadata) | {"format_version": "4", "checksum": BLANK}
    old = tmp_path / "old.ckpt"
    old.write_bytes(sealed(to_bytes(texts, entries, payload)))
    huge = torch.full((3, 8), 1e6)
    for path, passes in ((old, True), (good, False)):
        limits = load_checkpoint(path).model.layers[0].update.limits
        assert torch.equal(limited(huge, limits[0]), huge) is passes


@pytest.mark.parametrize("parities", ["both", "natural", "ignored"])
def test_a_nequip_is_what_it_was(tmp_path, parities):
    saved = checkpoint(nequip(layers=3, parities=parities, degrees=3, vector_channels=[4, 3, 2]), w4(learn_step=True))
    save_checkpoint(tmp_path / "model.ckpt", saved)
    assert contents(tmp_path / "model.ckpt")[0]["architecture"] == "nequip"
    assert_same(saved, load_checkpoint(tmp_path / "model.ckpt"))


@pytest.mark.parametrize("version", ["3", "4", "5"])
def test_a_painn_is_what_it_was(tmp_path, version):
    path, saved = tmp_path / "model.ckpt", checkpoint(painn())
    save_checkpoint(path, saved)
    path.write_bytes(with_text(path.read_bytes(), "format_version", lambda _: version))
    assert_same(saved, load_checkpoint(path))


def test_a_resealed_file_is_read(good):
    """The damages above are refused for what they are, not for their checksum."""
    good.write_bytes(with_text(good.read_bytes(), "manifest", lambda _: {"note": "another"}))
    assert load_checkpoint(good).manifest == {"note": "another"}


def test_one_flipped_bit_anywhere_is_refused(good):
    content = good.read_bytes()
    for place in np.random.default_rng(0).choice(len(content), 300, replace=False):
        for bit in (0, 5):
            broken = bytearray(content)
            broken[place] ^= 1 << bit
            good.write_bytes(broken)
            with pytest.raises(BadFile):
                load_checkpoint(good)


def test_a_folder_and_a_missing_file_are_no_checkpoints(tmp_path):
    with pytest.raises(BadFile, match="is a folder"):
        load_checkpoint(tmp_path)
    with pytest.raises(BadFile, match="there is no file"):
        load_checkpoint(tmp_path / "none.ckpt")


def test_numbers_that_json_lacks_are_texts_in_the_manifest(tmp_path):
    model = checkpoint(config())
    save_checkpoint(tmp_path / "a.ckpt", replace(model, manifest={"a": [float("nan"), float("inf"), 1.0]}))
    assert load_checkpoint(tmp_path / "a.ckpt").manifest == {"a": ["NaN", "Infinity", 1.0]}


def test_the_old_file_stays_when_the_new_one_cannot_be_written(good, monkeypatch):
    before = good.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(BadFile, match="no space left on device. The file that was there is as it was."):
        save_checkpoint(good, checkpoint(config()))
    assert good.read_bytes() == before
    assert [p.name for p in good.parent.iterdir()] == [good.name]


def test_precision_leaves_constants_of_the_scheme_alone():
    model = checkpoint(config(), w4(learn_step=True)).model
    as_dtype(model, torch.float64)
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    assert model.reference.dtype == torch.float64
    assert {b.dtype for name, b in model.named_buffers() if name.endswith("start")} == {torch.float32}
