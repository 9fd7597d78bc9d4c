"""Codebooks that move in training: the end of a step, on all processes alike."""

from __future__ import annotations

from collections.abc import Iterable

from gaq.quant.directions import LearnedBook
from gaq.quant.mddq import PolarCode
from gaq.quant.quantizer import Quantizer
from gaq.train.parallel import World


def move_(quantizers: Iterable[Quantizer], world: World) -> None:
    """Let every codebook with a decay take in what its codewords stood for in this step.

    Source: van den Oord et al., Neural Discrete Representation Learning, NeurIPS 2017, appendix A.1.
    """
    schemes = [q.calibrated for q in quantizers if isinstance(q.calibrated, PolarCode) and q.active]
    books = [
        scheme.directions
        for scheme in schemes
        if isinstance(scheme.directions, LearnedBook) and scheme.directions.moves
    ]
    heard = [book.heard.to(book.points.device) for book in books]
    world.sum_(heard)
    for book, of_all in zip(books, heard, strict=True):
        book.heard.copy_(of_all)
        book.move()
