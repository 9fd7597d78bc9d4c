"""Write scheme.txt: codes, decoded values and pullbacks by the scheme in Python, of numbers at its steps.

A case is a line of words that say the scheme, then one line each of values, codes, directions (polar only), decoded
values, and (polar only) a gradient and its pullback. Floats are the hexadecimal of their 32 bits, so none is rounded.
Features are [atom][component][channel]. Run as `python native/tests/golden/write_scheme.py`, or by `make golden`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "tests"))

from gaq.engine.replay import encoded  # noqa: E402
from gaq.quant.calibrated import set_step  # noqa: E402
from gaq.quant.direction_spec import Component, Fibonacci, Octahedral  # noqa: E402
from gaq.quant.directions import FixedBook, LearnedBook, OctahedralGrid  # noqa: E402
from gaq.quant.mddq import PolarCode  # noqa: E402
from gaq.quant.observe import AbsMax  # noqa: E402
from gaq.quant.quantizer import Quantizer  # noqa: E402
from gaq.quant.scheme import encode_uniform  # noqa: E402
from gaq.quant.slot import Role, Slot  # noqa: E402
from gaq.quant.spec import Polar, Spec, Uniform  # noqa: E402
from parity.directions import around_thresholds, drawn, hard  # noqa: E402
from parity.floats import at_place, beside_steps  # noqa: E402

LANES = 16  # channels come in multiples of it, as in the engine
MOST_STEPS = 100  # of one staircase
POLAR_CHANNELS = 16
CODES = (Octahedral(4), Octahedral(16), Fibonacci(4), Component(8))


def main() -> None:
    """All cases in one file."""
    lines = [line for case in (*uniform_cases(), *dynamic_cases(), *polar_cases()) for line in case]
    (HERE / "scheme.txt").write_text("\n".join(lines) + "\n")


def uniform_cases() -> Iterator[list[str]]:
    """Fixed steps: both floats beside steps of the staircase, with a step of a power of two and with an awkward one."""
    for bits, step in ((2, 1.0), (4, 0.1), (5, 1 / 3), (8, 2.0**-5), (8, 0.013), (11, 777.0), (16, 3e-5), (16, 1e30)):
        quantizer = in_slot(Uniform(bits), 0, step)
        inverse, high = torch.tensor(1.0) / torch.tensor(step), Uniform(bits).high
        codes = torch.arange(1 - high, high + 1)
        chosen = codes[:: max(1, len(codes) // MOST_STEPS)]
        edges = beside_steps(lambda x, i=inverse, h=high: encode_uniform(x, i, h), chosen)
        ends = at_place(torch.tensor([-0x7F7FFFFF, -1, 0, 1, 0x7F7FFFFF]))
        yield case(quantizer, filled(torch.cat((edges, ends))).reshape(1, 1, -1))


def dynamic_cases() -> Iterator[list[str]]:
    """Steps from the data, of rows from nothing to the largest."""
    draw = torch.Generator().manual_seed(1)
    for bits, per, components in ((8, "row", 1), (8, "row", 3), (16, "row", 5), (4, "atom", 3), (8, "vector", 3)):
        x = torch.randn(9, components, 2 * LANES, generator=draw)
        sizes = torch.tensor([1.0, 0.1, 777.0, 0.0, 2.0**-100, 2.0**-101, 3e-38, 1e30, 127.0])
        x = x * sizes[:, None, None]
        x[-1] = torch.arange(2 * LANES) * 0.5  # ties, with a largest entry that makes the step a power of two
        x[-1, :, -1] = 127.0
        yield case(in_slot(Uniform(bits, per=per), (components - 1) // 2), x)


def polar_cases() -> Iterator[list[str]]:
    """Directions at their codewords, between them, on the axes; lengths at their thresholds."""
    for code in CODES:
        schemes = [(Polar(8, code), 0.013), (Polar(4, code, magnitude="log"), 3.3), (Polar(5, code, per="atom"), None)]
        for spec, step in (*schemes, (Polar(4, code, magnitude="log", per="atom", gradient="plain"), None)):
            quantizer = in_slot(spec, 1, step)
            draw = torch.Generator().manual_seed(7)
            fitted = quantizer.calibrated
            assert isinstance(fitted, PolarCode)
            table = fitted.directions.points if not isinstance(code, Component) else torch.eye(3)
            some = hard(table[:: max(1, len(table) // 16)])
            pieces = [some[:: max(1, len(some) // 60)], drawn(30, draw), around_thresholds(0.013, 40, draw)[::8]]
            yield case(quantizer, in_atoms(torch.cat(pieces)))
    draw = torch.Generator().manual_seed(8)
    yield case(in_slot(Polar(8, Component(8)), 2, 0.02), torch.randn(3, 5, POLAR_CHANNELS, generator=draw))
    yield case(
        in_slot(Polar(4, Component(4), magnitude="log"), 3, 5.0), torch.randn(2, 7, POLAR_CHANNELS, generator=draw)
    )


def in_slot(spec: Spec, degree: int, step: float | None = None) -> Quantizer:
    """A quantizer as if calibration had found its step."""
    role = Role.VECTOR_FEATURE if degree else Role.SCALAR_FEATURE
    shape = (None, 2 * degree + 1, None) if degree else (None, None)
    quantizer = Quantizer(Slot("a slot", role, shape, degree))
    quantizer.install(spec, AbsMax())
    fitted = quantizer.calibrated
    assert fitted is not None
    if step is not None:
        set_step(fitted.step, fitted.inverse_step, step)
    fitted.ready = True
    return quantizer


def case(quantizer: Quantizer, x: Tensor) -> list[str]:
    """The lines of one case, for features [atom, component, channel]."""
    features = x if quantizer.slot.degree else x[:, 0]
    found = encoded(quantizer, features.numpy())
    assert found is not None
    lines = [said(quantizer, x.shape), hexed(x), whole(found.codes)]
    if found.directions is not None:
        lines.append(whole(found.directions))
    lines.append(hexed(found.decoded))
    if not isinstance(quantizer.spec, Polar):
        return lines
    gradient = torch.randn(x.shape, generator=torch.Generator().manual_seed(5))
    leaf = features.clone().requires_grad_()
    (pullback,) = torch.autograd.grad(quantizer(leaf).value, leaf, gradient)
    return [*lines, hexed(gradient), hexed(pullback)]


def said(quantizer: Quantizer, shape: torch.Size) -> str:
    """kind bits per step inverse_step atoms components channels, and for polar schemes what else there is."""
    spec, fitted = quantizer.spec, quantizer.calibrated
    assert isinstance(spec, Uniform | Polar)
    fixed = not spec.dynamic
    steps = hexed(torch.stack((fitted.step, fitted.inverse_step)) if fixed else torch.zeros(2))
    words = f"{type(spec).__name__.lower()} {spec.bits} {spec.per} {steps} {' '.join(map(str, shape))}"
    if not isinstance(spec, Polar):
        return words
    assert isinstance(fitted, PolarCode)
    directions, code = fitted.directions, spec.direction_code(quantizer.slot.degree)
    book = isinstance(directions, FixedBook | LearnedBook)
    kind = "codebook" if book else "octahedral" if isinstance(directions, OctahedralGrid) else "component"
    words += f" {spec.magnitude} {spec.gradient} {kind} {code.bits}"
    if spec.magnitude == "log":
        words += f" {hexed(fitted.levels)} {hexed(fitted.thresholds)}"
    if book:
        cells, candidates = directions.cells.shape
        words += f" {len(directions.points)} {hexed(directions.points)} {cells} {candidates} {whole(directions.cells)}"
    return words


def filled(numbers: Tensor) -> Tensor:
    """With zeros up to a multiple of the lanes."""
    return torch.cat((numbers, torch.zeros(-len(numbers) % LANES)))


def in_atoms(vectors: Tensor) -> Tensor:
    """Vectors [vector, 3] as [atom, 3, channel], filled up with zeros."""
    whole_atoms = torch.cat((vectors, torch.zeros(-len(vectors) % POLAR_CHANNELS, 3)))
    return whole_atoms.reshape(-1, POLAR_CHANNELS, 3).transpose(1, 2).contiguous()


def hexed(numbers: Tensor | np.ndarray) -> str:
    """Float32 by the hexadecimal of their bits."""
    return " ".join(f"{bits:x}" for bits in np.asarray(numbers, dtype=np.float32).ravel().view(np.uint32))


def whole(numbers: Iterable[int] | Tensor | np.ndarray) -> str:
    """Integers as they are."""
    return " ".join(str(int(n)) for n in np.asarray(numbers).ravel())


if __name__ == "__main__":
    main()
