"""Messages between neighbours: vectors carried into the receiver's axes, and sums over the neighbours of an atom."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.model.geometry import Geometry
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot


def scalar_message_slot(name: str, channels: int) -> Slot:
    """Return the slot of the scalars [atom, channel] that atoms send."""
    return Slot(f"{name}.scalar", Role.SCALAR_MESSAGE, (None, channels))


def vector_message_slot(name: str, degree: int, channels: int) -> Slot:
    """Return the slot of the vectors [atom, 2l+1, channel] that atoms send."""
    return Slot(f"{name}.vector.l{degree}", Role.VECTOR_MESSAGE, (None, 2 * degree + 1, channels), degree)


def carried(slot: Quantizer, degree: int, v: Tensor, geometry: Geometry) -> Tensor:
    """Return the senders' features [edge, 2l+1, channel] behind their slot, in the receivers' axes.

    Degree 0 is for pseudoscalars, which are the same in every frame.
    """
    frame = geometry.frames[degree - 1] if geometry.frames is not None and slot.wants_frame and degree else None
    if frame is not None:
        v = torch.matmul(frame, slot(torch.matmul(frame.transpose(-1, -2), v)).value)
    else:
        v = slot(v).value
    sent = v.index_select(0, geometry.sender)
    return sent if geometry.transport is None or not degree else torch.matmul(geometry.transport[degree - 1], sent)


def summed(message: Tensor, receiver: Tensor, atoms: int) -> Tensor:
    """Return the sum over the neighbours of each atom, in the canonical order of the edges: [edge, ...] → [atom,
    ...].
    """
    total = torch.zeros((atoms, *message.shape[1:]), dtype=message.dtype, device=message.device)
    return total.index_add(0, receiver, message)
