"""The loop learns, is a function of its seed, and goes on bit for bit after a stop anywhere."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from gaq.errors import Diverged
from gaq.quant.methods.degree_quant import degree_quant
from gaq.quant.methods.pact import pact
from gaq.quant.methods.svq import svq_kmeans_ste
from gaq.quant.presets import frame_w4a8, gaq_w4a8
from gaq.quant.recipe import Recipe
from gaq.train import fit as fit_module
from gaq.train.checkpoint import Checkpoint, load_checkpoint
from gaq.train.fit import Task, TrainProgress, fit
from gaq.train.frames import TrainFrames
from gaq.train.interrupt import Interrupt
from gaq.train.quantization import QuantizationPlan, run_quantization
from gaq.train.session import finish_training, prepare_training
from gaq.train.validation import validate
from tiny import dataset, nequip, train_config

STEPS = 3  # per epoch: six frames in batches of two

RECIPES = {
    "float": None,
    "framed": frame_w4a8(warmup=1, learn_step=True),
    "codebook": gaq_w4a8(warmup=2, learn_step=True),
    "moving": svq_kmeans_ste(),
    "protected": degree_quant(),
    "clipped": pact(),
}


class StopAfter:
    """Asks for an interrupt once `step` steps are done."""

    def __init__(self, step: int) -> None:
        self.step, self.interrupt = step, Interrupt()

    def __call__(self, progress: TrainProgress) -> None:
        self.interrupt.asked = progress.step >= self.step


def train(
    out: Path, recipe: Recipe | None = None, stop: StopAfter | None = None, resume=False, **changes
) -> Checkpoint:
    """Four epochs of a float network, or of one quantized by a recipe, as the command line does it."""
    out.mkdir(exist_ok=True)
    settings = train_config(**{"epochs": 4} | changes)
    watch = {"interrupt": stop.interrupt, "show": stop} if stop else {}
    if recipe is None:
        prepared = prepare_training(settings, dataset(), out)
        return finish_training(fit(prepared.start, prepared.task, resume=resume, **watch), prepared.task)
    parent = prepare_training(settings, dataset(), out).start
    plan = QuantizationPlan(recipe, epochs=4, batch=2, distill=0.3, symmetry=0.01)
    return run_quantization(parent, dataset(), plan, out, resume=resume, **watch)


def tensors(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def curve(out: Path) -> list[dict]:
    lines = [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def assert_same_run(one: Path, other: Path) -> None:
    for name in ("model.ckpt", "last.ckpt"):
        ours, theirs = tensors(one / name), tensors(other / name)
        assert ours.keys() == theirs.keys()
        different = [key for key in ours if not torch.equal(ours[key], theirs[key])]
        assert different == [], name
    assert (one / "model.ckpt").read_bytes() == (other / "model.ckpt").read_bytes()
    assert curve(one) == curve(other)


@pytest.mark.parametrize("parities", ["both", "ignored"])
def test_a_nequip_learns(tmp_path, parities):
    model = nequip(parities=parities).model_dump()
    settings = train_config(epochs=6, data={"train": 32, "validation": 8}, model=model, optimizer={"ema": 0.9})
    prepared = prepare_training(settings, dataset(40), tmp_path)
    before = validate(prepared.start.model, prepared.task.validation)
    best = fit(prepared.start, prepared.task)
    assert validate(best.model, prepared.task.validation).forces < 0.85 * before.forces


def test_the_loss_goes_down(tmp_path):
    shown: list[TrainProgress] = []
    rates = {"ema": 0.9, "lr": 0.02, "adam_lr": 0.007}
    settings = train_config(epochs=8, data={"train": 32, "validation": 8}, optimizer=rates)
    prepared = prepare_training(settings, dataset(40), tmp_path)
    before = validate(prepared.start.model, prepared.task.validation)
    best = fit(prepared.start, prepared.task, show=shown.append)
    lines = curve(tmp_path)
    assert lines[-1]["loss"] < 0.7 * lines[0]["loss"]
    assert validate(best.model, prepared.task.validation).forces < 0.85 * before.forces
    assert [p.step for p in shown] == list(range(1, 8 * 16 + 1))
    assert {p.steps for p in shown} == {8 * 16}
    assert shown[0].last is None
    last = {key: value for key, value in asdict(shown[-1].last).items() if key != "stress_mae"}  # no frame has one
    assert last | {"seconds": 0} == lines[-1] | {"seconds": 0}
    assert [line["epoch"] for line in lines] == list(range(8))


def test_the_best_averaged_weights_are_kept(tmp_path):
    prepared = prepare_training(train_config(epochs=6), dataset(), tmp_path)
    best = fit(prepared.start, prepared.task)
    found = validate(best.model, prepared.task.validation, centred=True)
    energy, force = found.energy, found.forces
    scores = [0.1 * line["energy_mae"] + line["force_mae"] for line in curve(tmp_path)]
    assert 0.1 * energy + force == pytest.approx(min(scores), rel=1e-6)
    best_so_far = [score == min(scores[: k + 1]) for k, score in enumerate(scores)]
    assert [line["best"] for line in curve(tmp_path)] == best_so_far
    last = load_checkpoint(tmp_path / "last.ckpt")
    assert not torch.equal(last.model.embedding, last.state["average.embedding"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, Path]:
    """A run of each recipe from beginning to end, whatever was done with the global generator before."""
    torch.manual_seed(1)
    folders = {name: tmp_path_factory.mktemp(name) for name in RECIPES}
    for name, recipe in RECIPES.items():
        train(folders[name], recipe)
    return folders


@pytest.mark.parametrize("name", RECIPES)
def test_a_run_is_a_function_of_its_seed(name, whole, tmp_path):
    torch.manual_seed(2)
    train(tmp_path, RECIPES[name])
    assert_same_run(whole[name], tmp_path)


def test_another_seed_is_another_run(whole, tmp_path):
    train(tmp_path, seed=1)
    assert curve(tmp_path) != curve(whole["float"])


def test_training_leaves_the_global_generator_alone(tmp_path):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    train(tmp_path / "a", RECIPES["framed"])
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("float", 1),
        ("float", 4),
        ("float", 5),
        ("framed", 4),
        ("codebook", 4),
        ("moving", 4),
        ("protected", 4),
        ("clipped", 4),
    ],
)
def test_a_run_that_was_stopped_goes_on_bit_for_bit(name, step, whole, tmp_path):
    """A stop is noticed in the step after it was asked for: 2 and 5 of 12 are within an epoch, 6 ends one."""
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, RECIPES[name], StopAfter(step))
    assert load_checkpoint(tmp_path / "last.ckpt").manifest["run"]["step"] == step + 1
    train(tmp_path, RECIPES[name], resume=True)
    assert_same_run(whole[name], tmp_path)


def test_stopped_three_times(whole, tmp_path):
    recipe = RECIPES["codebook"]
    for k, step in enumerate((2, 4, 9)):
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, recipe, StopAfter(step), resume=k > 0)
    train(tmp_path, recipe, resume=True)
    assert_same_run(whole["codebook"], tmp_path)


def test_a_stop_in_the_last_step_is_an_end(whole, tmp_path):
    train(tmp_path, stop=StopAfter(4 * STEPS - 1))
    assert_same_run(whole["float"], tmp_path)


def test_resuming_what_is_finished_changes_nothing(tmp_path):
    first = train(tmp_path)
    again = train(tmp_path, resume=True)
    ours, theirs = first.model.state_dict(), again.model.state_dict()
    assert all(torch.allclose(ours[k], theirs[k], rtol=1e-12) for k in ours)


def test_only_complete_stages_are_kept(whole):
    """Before the warm-up of vectors has ended, a model is not what the recipe says."""
    lines = curve(whole["codebook"])
    assert [line["complete"] for line in lines] == [False, False, True, True]
    assert [line["best"] for line in lines[:3]] == [False, False, True]


def test_learned_steps_are_learned_and_averaged(whole):
    model = load_checkpoint(whole["framed"] / "model.ckpt").model
    factors = [p for name, p in model.named_parameters() if name.endswith("factor")]
    assert len(factors) > 5
    assert any((f != 1).any() for f in factors)
    averaged = tensors(whole["framed"] / "last.ckpt").keys()
    assert "average.layers.0.attention.project.weight_quantizer.calibrated.factor" in averaged
    assert "average.readout.hidden.weight_quantizer.calibrated.factor" not in averaged, (
        "the readout has fixed steps of eight bits"
    )


def spoiled(task: Task) -> TrainFrames:
    """The training frames with a force that is no number in each."""
    bad = copy.deepcopy(task.frames.dataset)
    for label in bad.labels:
        label.forces[0, 0] = float("inf")  # NaN would be a label that is unknown
    return replace(task.frames, dataset=bad)


def test_numbers_that_are_none_end_the_run_and_leave_the_best(tmp_path):
    """The labels turn into NaN after the first epoch."""
    prepared = prepare_training(train_config(epochs=4), dataset(), tmp_path)
    task, bad = prepared.task, spoiled(prepared.task)

    def spoil(progress: TrainProgress) -> None:
        if progress.step == STEPS:
            object.__setattr__(task, "frames", bad)

    with pytest.raises(Diverged, match=r"loss of step 3 \(epoch 1\) is (nan|inf). .*model.ckpt is the best so far"):
        fit(prepared.start, task, show=spoil)
    kept = load_checkpoint(tmp_path / "model.ckpt")
    found = validate(kept.model, task.validation)
    assert torch.isfinite(torch.tensor([found.energy, found.forces])).all()
    assert len(curve(tmp_path)) == 1


def test_a_quantized_run_that_diverges_stops_and_keeps_the_best(tmp_path):
    """A weight blows up after the second of six epochs, as too large a learning rate makes it do."""
    parent = prepare_training(train_config(), dataset(), tmp_path).start
    plan = QuantizationPlan(frame_w4a8(warmup=0), epochs=6, batch=2)
    kept: list[bytes] = []

    def blow_up(progress: TrainProgress) -> None:
        if progress.step == 2 * STEPS:
            kept.append((tmp_path / "model.ckpt").read_bytes())
            steps = [p for name, p in running[0].named_parameters() if name.endswith("factor")]
            with torch.no_grad():
                steps[0].fill_(float("inf"))

    running = []
    seen = fit_module._train_step_

    def watched(run, task, interrupt):
        running[:] = [run.checkpoint.model]
        return seen(run, task, interrupt)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_module, "_train_step_", watched)
        with pytest.raises(
            Diverged, match=r"epoch 2\) is nan. .*model.ckpt is the best so far. Lower the learning rate"
        ):
            run_quantization(parent, dataset(), plan, tmp_path, show=blow_up)
    assert (tmp_path / "model.ckpt").read_bytes() == kept[0]
    best = load_checkpoint(tmp_path / "model.ckpt")
    assert best.recipe.name == "frame-w4a8"
    assert len(curve(tmp_path)) == 2


def test_numbers_that_are_none_from_the_start_leave_nothing(tmp_path):
    prepared = prepare_training(train_config(), dataset(), tmp_path)
    text = r"loss of step 0 \(epoch 0\) is (nan|inf). No epoch was completed. Lower the learning rate \(now 0.01\)"
    with pytest.raises(Diverged, match=text):
        fit(prepared.start, replace(prepared.task, frames=spoiled(prepared.task)))
    assert not (tmp_path / "model.ckpt").exists()


def test_no_epochs_leave_the_model_as_it_began(tmp_path):
    prepared = prepare_training(train_config(epochs=0), dataset(), tmp_path)
    start = {k: t.clone() for k, t in prepared.start.model.state_dict().items()}
    found = fit(prepared.start, prepared.task)
    assert all(torch.equal(t, start[k]) for k, t in found.model.state_dict().items())


def test_the_model_of_an_earlier_run_is_not_taken_for_this_one(tmp_path):
    """Also when no epoch was better than nothing: validation labels that are NaN make every score NaN."""
    train(tmp_path)
    old = (tmp_path / "model.ckpt").read_bytes()
    prepared = prepare_training(train_config(epochs=1, seed=5), dataset(), tmp_path)
    blind = dataset()
    for label in blind.labels:
        label.forces[:] = float("inf")
    task = replace(prepared.task, validation=replace(prepared.task.validation, dataset=blind.subset(range(2))))
    fit(prepared.start, task)
    assert (tmp_path / "model.ckpt").read_bytes() != old


def test_an_epoch_takes_every_frame_once_in_an_order_of_its_own(tmp_path, monkeypatch):
    prepared = prepare_training(train_config(epochs=3), dataset(), tmp_path)
    taken: list[int] = []

    def recorded(frames: TrainFrames, indices):
        if frames is prepared.task.frames:
            taken.extend(indices)
        return batch(frames, indices)

    batch = TrainFrames.batch
    monkeypatch.setattr(TrainFrames, "batch", recorded)
    fit(prepared.start, prepared.task)
    orders = [taken[6 * epoch : 6 * (epoch + 1)] for epoch in range(3)]
    assert [sorted(order) for order in orders] == [[0, 1, 2, 3, 4, 5]] * 3
    assert len({tuple(order) for order in orders}) == 3
