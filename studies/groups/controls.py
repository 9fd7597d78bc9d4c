"""Controls: quantizers that treat x and −x differently, and left-handed frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

import gaq.model.geometry
import gaq.quant.calibrated
from gaq.geometry.frames import FrameChoice, build_frames
from gaq.quant.scheme import encode_uniform


@contextmanager
def floor_in_the_place_of_round() -> Iterator[None]:
    """Round codes downwards: a rotated copy still has the same codes in its local frames, a mirror image has not."""

    def downwards(x: Tensor, inverse_step: Tensor, high: int) -> Tensor:
        return torch.floor(x * inverse_step).clamp_(-high, high)

    gaq.quant.calibrated.encode_uniform = downwards
    try:
        yield
    finally:
        gaq.quant.calibrated.encode_uniform = encode_uniform


@contextmanager
def left_handed_frames() -> Iterator[None]:
    """Turn the third axis of every local frame about."""

    def turned(unit: Tensor, key: Tensor, choice: FrameChoice) -> Tensor:
        return build_frames(unit, key, choice) * torch.tensor([1.0, 1.0, -1.0], dtype=unit.dtype)

    gaq.model.geometry.build_frames = turned
    try:
        yield
    finally:
        gaq.model.geometry.build_frames = build_frames
