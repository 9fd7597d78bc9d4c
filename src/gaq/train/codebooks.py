"""Codebooks that move in training: the end of a step, on all processes alike."""

from __future__ import annotations

from collections.abc import Iterable

from gaq.quant.directions import LearnedBook
from gaq.quant.mddq import PolarCode
from gaq.quant.quantizer import Quantizer
from gaq.train.parallel import World


def move_(quantizers: Iterable[Quantizer], world: World) -> None:
    """Lets every codebook with a decay take in what its codewords stood for in this step.

    Source: van den Oord et al., Neural Discrete Representation Learning, NeurIPS 2017, appendix A.1.
    """
    laws = [q.fitted for q in quantizers if isinstance(q.fitted, PolarCode) and q.active]
    books = [law.directions for law in laws if isinstance(law.directions, LearnedBook) and law.directions.moves]
    world.sum_([book.heard for book in books])
    for book in books:
        book.move()
