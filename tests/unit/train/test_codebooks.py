"""Codebooks move once a step, in every layer, and only where the recipe says so."""

from __future__ import annotations

import pytest
import torch

from gaq.quant.directions import LearnedBook
from gaq.quant.install import preset
from gaq.train.codebooks import move_
from gaq.train.parallel import World
from gaq.train.penalties import auxiliary_losses
from gaq.train.session import quantize
from tiny import batch_of, config, molecules, network


@pytest.mark.parametrize(("recipe", "moves"), [("svq-kmeans-ste", True), ("svq-kmeans", False)])
def test_books_with_a_decay_move(recipe, moves):
    model = quantize(network(config()), preset(recipe), molecules())
    books = [m for m in model.modules() if isinstance(m, LearnedBook)]
    before = [book.points.clone() for book in books]
    with auxiliary_losses(model.quantizers()):
        model.energies(batch_of(molecules(0.1)))
    assert all(torch.equal(b.points, p) for b, p in zip(books, before, strict=True)), "not before the end of the step"
    move_(model.quantizers(), World())
    assert len(books) == 2
    assert all(torch.equal(b.points, p) is not moves for b, p in zip(books, before, strict=True))
    assert all(float((b.points.norm(dim=-1) - 1).abs().max()) < 1e-6 for b in books)
    again = [book.points.clone() for book in books]
    move_(model.quantizers(), World())
    assert all(torch.equal(b.points, p) for b, p in zip(books, again, strict=True)), "nothing was heard since"
