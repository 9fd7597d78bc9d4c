"""What stands on the page of the Python names, from `gaq` itself; mkdocstrings adds signatures and docstrings."""

from __future__ import annotations

import gaq
import gaq.measure

# What the names above take and give, and what somebody with a network or an engine of their own meets.
BESIDE = (
    ("Structures and data", ("gaq.atoms.structure.Structure", "gaq.atoms.structure.Labels")),
    ("", ("gaq.atoms.structure.Prediction", "gaq.data.dataset.Dataset")),
    ("Engines", ("gaq.engine.protocol.Engine", "gaq.engine.native.NativeEngine", "gaq.engine.pytorch.TorchEngine")),
    ("Quantizers and slots", ("gaq.quant.slot.Slot", "gaq.quant.slot.Role", "gaq.quant.quantizer.Quantizer")),
    ("", ("gaq.quant.recipe.Rule", "gaq.quant.spec.Identity", "gaq.quant.spec.Uniform", "gaq.quant.spec.Polar")),
    ("", ("gaq.quant.spec.Framed", "gaq.quant.observe")),
    ("Networks", ("gaq.model.protocol", "gaq.model.linear.Linear", "gaq.model.invariants")),
    ("Training", ("gaq.train.session.load", "gaq.train.quantization.QuantizationPlan", "gaq.train.config")),
    ("Errors", ("gaq.errors",)),
)


def python_names() -> str:
    """Public names first, in the order of `gaq.__all__`; then the types that they speak of."""
    parts = []
    for name in gaq.__all__:
        if name == "__version__":
            parts.append(
                f"## gaq.{name}\n\nThe version of this package, a text: `{gaq.__version__}` when this was built."
            )
            continue
        module, attribute = gaq._WHERE[name]
        whole = module if attribute is None else f"{module}.{attribute}"
        parts.append(f"## gaq.{name}\n\n{_entry(whole, heading=attribute is not None)}")
        if name == "measure":
            parts[-1] += "\n\n" + "\n\n".join(_entry(_home(one)) for one in gaq.measure.__all__)
    parts += [_section(title, names) for title, names in BESIDE]
    return "\n\n".join(parts)


def _section(title: str, names: tuple[str, ...]) -> str:
    text = "\n\n".join(_entry(name) for name in names)
    return f"## {title}\n\n{text}" if title else text


def _home(name: str) -> str:
    found = getattr(gaq.measure, name)
    return f"{found.__module__}.{found.__qualname__}"


def _entry(name: str, heading: bool = True) -> str:
    return f"::: {name}" if heading else f"::: {name}\n    options:\n      show_root_heading: false"
