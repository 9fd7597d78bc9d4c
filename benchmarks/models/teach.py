"""The float model of a molecule: taught by a wide one, which learned from its own dynamics. A stopped run continues.

    python -m benchmarks.models.teach azobenzene --data PATH/rmd17

Every stage is a command of gaq that can be typed too; it is printed, and left out where its result is there.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.places import HERE
from benchmarks.common.setup import parser_of

GAQ = (sys.executable, "-P", "-m", "gaq")
DYNAMICS = ["--ensemble", "nvt", "--temperature", "500", "--relaxation", "200", "--steps", "500000", "--every", "25"]
GENTLE = ("--lr", "5e-3", "--set", "optimizer.adam_lr=5e-4", "--compile")  # from a model that has learned already
REAL = ("--recipe", "fp32", "--lr", "1e-3", "--compile")  # the real frames alone


@dataclass(frozen=True)
class Stage:
    """A command, and the file that it makes."""

    made: Path
    command: tuple[str | Path, ...]

    def run(self) -> None:
        """Run the command unless its file is there."""
        words = [str(word) for word in self.command]
        print("#" if self.made.exists() else "$", *words[words.index("-m") + 1 :], flush=True)
        if not self.made.exists():
            subprocess.run(words, check=True, cwd=HERE)


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("molecule")
    parser.add_argument("--out", type=Path, default=Path("runs/taught"))
    arguments = parser.parse_args()
    frames = arguments.data / f"rmd17_{arguments.molecule}_train_01.npz"
    for stage in stages(frames.resolve(), (arguments.out / arguments.molecule).resolve()):
        stage.run()


def stages(frames: Path, out: Path) -> Iterator[Stage]:
    """Yield teacher, its dynamics, the teacher once more on them, their labels by it, and the student."""
    data, own, better = ("--data", frames), out / "own.traj", out / "better.traj"
    yield trained(out / "teacher", "rmd17-teacher", *data, "--compile")
    yield packed(out / "teacher")
    yield Stage(own, (*GAQ, "md", out / "teacher.gaq", frames, *DYNAMICS, "-o", own))
    start = ("--start", out / "teacher" / "model.ckpt")
    yield trained(out / "wide", "rmd17-teacher", *data, "--more", own, *start, "--epochs", "4", *GENTLE)
    yield on_real_frames(out / "wide-real", out / "wide", frames, "120")
    yield packed(out / "wide-real")
    label = (sys.executable, "-m", "benchmarks.models.label", own, out / "wide-real.gaq", "--out", better)
    yield Stage(better, label)
    yield trained(out / "student", frames, "--more", better, "--validation", "50", "--epochs", "14", "--compile")
    yield on_real_frames(out / "real", out / "student", frames, "80")


def trained(folder: Path, begin: str | Path, *words: str | Path) -> Stage:
    """`begin` is a configuration, or frames for the ordinary one."""
    resume = (folder / "last.ckpt").exists()  # with the configuration that is in the folder
    said = ("--resume", "--compile") if resume else (begin, *words)
    return Stage(folder / "model.ckpt", (*GAQ, "train", *said, "--out", folder))


def on_real_frames(folder: Path, parent: Path, frames: Path, epochs: str) -> Stage:
    resume = ("--resume",) if (folder / "last.ckpt").exists() else ()
    words = ("quantize", parent / "model.ckpt", "--data", frames, *REAL, "--epochs", epochs, "--out", folder)
    return Stage(folder / "model.ckpt", (*GAQ, *words, *resume))


def packed(folder: Path) -> Stage:
    target = folder.with_suffix(".gaq")
    return Stage(target, (*GAQ, "export", folder / "model.ckpt", "-o", target))


if __name__ == "__main__":
    main()
