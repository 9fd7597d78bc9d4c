"""Quantize a network by the recipes of the table of networks, those of 4-bit weights with a short training.

    python -m benchmarks.networks.quantize painn painn.ckpt --data PATH/rmd17_ethanol_train_01.npz

Training is on structures of the data, displaced and labelled by the float network itself. Models are written to
runs/networks/NAME/RECIPE; those that are there stay.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gaq.cli.main import outcome

RUNS = Path("runs", "networks")
TRAINED = {"w4a16+gptq", "frame-w4a8+gptq"}
RECIPES = ("gptq-w8", "frame-w8a8+gptq", "w4a16+gptq", "frame-w4a8+gptq", "naive-int8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", help="what the table calls the network")
    parser.add_argument("model", type=Path, help="float checkpoint")
    parser.add_argument("--data", required=True, help="frames to calibrate and train on; labels are not used")
    parser.add_argument("--recipes", nargs="*", default=RECIPES)
    parser.add_argument("--epochs", type=int, default=12, help="of recipes that train")
    asked = parser.parse_args()
    for recipe in asked.recipes:
        out = RUNS / asked.name / recipe
        if (out / "model.ckpt").exists():
            continue
        epochs = asked.epochs if recipe in TRAINED else 0
        words = ["quantize", str(asked.model), "--recipe", recipe, "--data", asked.data, "--epochs", str(epochs)]
        if code := outcome([*words, "--distill", "1" if epochs else "0", "--out", str(out), "--overwrite"]):
            sys.exit(code)


if __name__ == "__main__":
    main()
