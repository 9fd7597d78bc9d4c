"""The folder of a demo: contents, recognition, and restart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from gaq.demo.plan import DEMO_MODELS
from gaq.errors import BadFile, UsageError
from gaq.files import writable_folder, write_atomically
from gaq.formats.texts import read_json
from gaq.locks import lock_path

MANIFEST = "manifest.json"
LEDGER = "ledger.jsonl"
PAGE = "report.html"
FRESH, HELD_OUT = "fresh-frames.npz", "held-out-frames.npz"
# In the folder of a candidate:
MODEL, ROWS, PREDICTIONS, CURVE = "model.ckpt", "rows.jsonl", "predictions.npz", "curve.jsonl"
TRAJECTORY = "nve.xyz"

KIND = "gaq demo"


def start_anew(out: Path, facts: dict[str, Any]) -> None:
    """Create an empty folder with a manifest that marks it as a demo.

    Files of an earlier demo are removed, and nothing else. Raises `UsageError` for a folder with
    other contents and no demo, `BadFile` for one that cannot be written.
    """
    if out.is_dir() and any(found != lock_path(out) for found in out.iterdir()) and not is_demo(out):
        raise UsageError(
            f"`out` {out} has files in it that are not of a demo. Choose another folder, or empty this one."
        )
    writable_folder(out)
    for candidate in DEMO_MODELS:
        shutil.rmtree(out / candidate.name, ignore_errors=True)
    for pattern in (LEDGER, PAGE, f"{FRESH}*", HELD_OUT):
        for file in out.glob(pattern):
            file.unlink()
    write_manifest(out, facts)


def is_demo(out: Path) -> bool:
    """Return whether a demo was started in this folder."""
    try:
        found = read_json(out / MANIFEST, "")
    except BadFile:
        return False
    return isinstance(found, dict) and found.get("kind") == KIND


def write_manifest(out: Path, facts: dict[str, Any]) -> None:
    """Write settings, versions and data of the demo."""
    text = json.dumps({"kind": KIND, **facts}, indent=2, ensure_ascii=False) + "\n"
    write_atomically(out / MANIFEST, lambda temporary: temporary.write_text(text, encoding="utf-8"))
