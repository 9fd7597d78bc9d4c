"""From a checkpoint to a packed file, as a user does it."""

from __future__ import annotations

from gaq.quant.install import preset
from gaq.train.checkpoint import save_checkpoint
from tiny import checkpoint, config


def test_export_and_inspect(run_gaq, tmp_path):
    save_checkpoint(tmp_path / "model.ckpt", checkpoint(config(), preset("frame-w4a8")))
    exported = run_gaq("export", "model.ckpt", "--data", "embedded")
    assert exported.returncode == 0, exported.stderr
    assert exported.stdout.startswith("model.gaq  recipe frame-w4a8, backward pass in 16 bits")
    shown = run_gaq("show", "model.gaq")
    assert shown.returncode == 0, shown.stderr
    assert "3 of C2H6O" in shown.stdout
    again = run_gaq("export", "model.gaq")
    assert again.returncode == 2
    assert again.stderr.startswith("UsageError: model.gaq is packed already.")
