"""What stands on the page of the Python names, from `gaq` itself; mkdocstrings adds signatures and docstrings."""

from __future__ import annotations

import json
from typing import Any

import gaq
import gaq.errors
import gaq.measure

# What the names above take and give, and what somebody with a network or an engine of their own meets.
BESIDE: dict[str, tuple[str, ...]] = {
    "Structures and data": (
        *(f"gaq.atoms.structure.{name}" for name in ("Structure", "Labels", "Prediction")),
        "gaq.data.dataset.Dataset",
    ),
    "Engines": ("gaq.engine.protocol.Engine", "gaq.engine.native.NativeEngine", "gaq.engine.pytorch.TorchEngine"),
    "Quantizers and slots": (
        *("gaq.quant.slot.Slot", "gaq.quant.slot.Role", "gaq.quant.quantizer.Quantizer", "gaq.quant.recipe.Rule"),
        *(f"gaq.quant.spec.{name}" for name in ("Identity", "Uniform", "Polar", "Framed")),
        *(f"gaq.quant.observe.{name}" for name in ("AbsMax", "Percentile", "MeanSquare", "MeanMagnitude", "UnitRange")),
    ),
    "Networks": (
        *("gaq.model.protocol.ForceField", "gaq.model.protocol.Network", "gaq.model.linear.Linear"),
        *(f"gaq.model.geometry.{name}" for name in ("Gauge", "Geometry", "describe")),
    ),
    "Training": (
        *("gaq.train.config.TrainConfig", "gaq.train.config.LossConfig", "gaq.train.config.OptimizerConfig"),
        *("gaq.train.loss.total_loss", "gaq.train.stages.set_stage_", "gaq.train.quantization.QuantizationPlan"),
    ),
    "Errors": tuple(
        f"gaq.errors.{name}"
        for name, kind in vars(gaq.errors).items()
        if isinstance(kind, type) and issubclass(kind, gaq.errors.GaqError)
    ),
}


def python_names() -> str:
    """Public names first, in the order of `gaq.__all__`; then the types that they speak of."""
    parts = []
    for name in gaq.__all__:
        shown = f"gaq.{name}"
        if name == "errors":  # a section of its own
            continue
        if name not in gaq._WHERE:
            parts.append(f"## {shown}".replace("__", "\\_\\_") + f"\n\n`{getattr(gaq, name)!r}`")
            continue
        module, attribute = gaq._WHERE[name]
        whole = module if attribute is None else f"{module}.{attribute}"
        if name == "train":  # a package that can be called
            whole = "gaq.api.train"
        parts.append(_entry(whole, heading=shown, members=name != "measure"))
        if name == "measure":
            parts += [_entry(_home(one)) for one in gaq.measure.__all__]
    parts += [_section(title, names) for title, names in BESIDE.items()]
    return "\n\n".join(parts)


def _section(title: str, names: tuple[str, ...]) -> str:
    text = "\n\n".join(_entry(name) for name in names)
    return f"## {title}\n\n{text}"


def _home(name: str) -> str:
    found = getattr(gaq.measure, name)
    return f"{found.__module__}.{found.__qualname__}"


def _entry(name: str, heading: str = "", members: bool = True) -> str:
    """A mark for mkdocstrings; one with a heading of its own stands a level higher."""
    options: dict[str, Any] = {"heading": heading, "toc_label": heading, "heading_level": 2} if heading else {}
    if not members:
        options["members"] = False
    lines = [f"::: {name}", *(["    options:"] if options else [])]
    return "\n".join([*lines, *(f"      {key}: {json.dumps(value)}" for key, value in options.items())])
