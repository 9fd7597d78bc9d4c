"""Time of a training step: gradients and optimizers.

python -m benchmarks.speed.training --data PATH/rmd17
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.common.places import LEDGERS, model_file
from benchmarks.common.setup import frames_of, on_one_core, parser_of
from gaq.measure.ledger import Row, write_rows
from gaq.measure.speed import Candidate, TimedSubject, interleaved, speed_rows, speedup_row
from gaq.model.transformer.network import Transformer
from gaq.train.checkpoint import load_checkpoint
from gaq.train.compiled import compiled_for
from gaq.train.config import LossConfig
from gaq.train.frames import TrainFrames, prepare
from gaq.train.gradients import Gradients, TrainBatch
from gaq.train.muon import Muon
from gaq.train.optimizer import is_matrix

MODELS = (("azobenzene", "fp32"), ("azobenzene", "frame-w4a8"), ("ethanol", "fp32"), ("ethanol", "frame-w4a8"))
BATCH, FRAMES, SECONDS = 10, 60, 8.0
EAGER, COMPILED, OURS, THEIRS = "step-by-step", "compiled", "muon-float32", "muon-torch"


def main() -> None:
    arguments = parser_of(__doc__).parse_args()
    on_one_core()
    rows: list[Row] = []
    for molecule, recipe in MODELS:
        checkpoint = load_checkpoint(model_file(f"rmd17-{molecule}-{recipe}.ckpt"))
        frames = prepare(frames_of(arguments.data, molecule, "train", FRAMES), 5.0)
        about = (molecule, recipe, len(frames.dataset.structures[0]))
        step = {EAGER: Gradients(), COMPILED: compiled_for(checkpoint.recipe, wait=True)}
        calls = {name: gradients(checkpoint.model, frames, how) for name, how in step.items()}
        rows += compared(calls, EAGER, about)
        if recipe == "fp32":
            rows += compared(optimizers(checkpoint.model), THEIRS, about)
        print(molecule, recipe, *(f"{r.engine} {r.value:.3g}" for r in rows if r.metric == "speedup"), flush=True)
    write_rows(LEDGERS / "training-speed.jsonl", rows)


def gradients(model: Transformer, frames: TrainFrames, how: Gradients) -> Callable[[int], object]:
    """Compute gradients batch by batch, preparation included."""

    def call(number: int) -> object:
        first = BATCH * number % (len(frames) - BATCH + 1)
        batch, target = frames.batch(range(first, first + BATCH))
        model.zero_grad(set_to_none=True)
        return how(model, TrainBatch(batch, target, (BATCH, len(batch.species))), LossConfig())

    return call


def optimizers(model: Transformer) -> dict[str, Callable[[int], object]]:
    """Update all matrices with given gradients."""
    calls: dict[str, Callable[[int], object]] = {}
    for name, make in ((OURS, Muon), (THEIRS, torch.optim.Muon)):
        matrices = [p.detach().clone().requires_grad_() for n, p in model.named_parameters() if is_matrix(n, p)]
        for matrix in matrices:
            matrix.grad = torch.randn_like(matrix)
        optimizer = make(matrices, lr=1e-6, weight_decay=0.0)
        calls[name] = lambda number, optimizer=optimizer: optimizer.step()
    return calls


def compared(calls: dict[str, Callable[[int], object]], control: str, about: tuple[str, str, int]) -> list[Row]:
    molecule, recipe, atoms = about
    timings = interleaved([Candidate.calling(name, call) for name, call in calls.items()], SECONDS, visit=1.0)
    rows: list[Row] = []
    for name, timing in timings.items():
        subject = TimedSubject(f"rmd17-{molecule}-{recipe}.ckpt", recipe, name, molecule, atoms, BATCH)
        rows += speed_rows(subject, timing)
        rows += [] if name == control else [speedup_row(subject, timing, timings[control], control)]
    return rows


if __name__ == "__main__":
    main()
