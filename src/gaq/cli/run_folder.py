"""The output folder of a training: an earlier run is not replaced by accident."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gaq.claims import Inputs

MODEL, STATE, CURVE, CONFIG = "model.ckpt", "last.ckpt", "curve.jsonl", "config.toml"
RUN = (MODEL, STATE, CURVE)


def expect_new_run(out: Path, resume: bool, overwrite: bool, names: Sequence[str] = RUN, inputs: Inputs = ()) -> None:
    """Raise `UsageError` if `out` holds one of the files `names` and neither option is given.

    Inputs of the command do not count. Raises `BadFile` if there is nothing to resume.
    """
    from gaq.claims import FileKind, claim, never
    from gaq.errors import BadFile, UsageError

    if resume and overwrite:
        raise UsageError("--resume continues a run and --overwrite starts it again; choose one.")
    if resume and not (out / STATE).exists():
        raise BadFile(f"{out} has no {STATE} to resume from. Leave out --resume to start a new run there.")
    inputs = [] if resume else list(inputs)
    for name in names:
        claim(out / name, FileKind("a run", never), overwrite=True, inputs=inputs)
    found = [out / name for name in names if (out / name).exists()]
    if not found or resume or overwrite:
        return
    way = "--resume continues it, --overwrite replaces it" if (out / STATE).exists() else "--overwrite replaces it"
    raise UsageError(f"{found[0]} exists: {out} holds an earlier run. {way}; or choose another --out.")


def remove_run(out: Path) -> None:
    """Remove the state and curve of an earlier run, which would not match the new model."""
    for name in (STATE, CURVE, MODEL):
        (out / name).unlink(missing_ok=True)
