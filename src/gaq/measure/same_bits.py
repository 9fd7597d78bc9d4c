"""Do two computations of the same structures give the same bits?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gaq.atoms.structure import Prediction
from gaq.engine.protocol import Engine
from gaq.errors import UsageError
from gaq.measure.ledger import Row, row


def same_bits(
    engine: Engine, first: Sequence[Prediction], second: Sequence[Prediction], control: str, data: str = ""
) -> Row:
    """Return the share of structures whose energy and every force component are equal to the last bit.

    `first` is what `engine` said, `second` what the `control` said. Raises `UsageError` for lists that are empty or of
    different lengths.
    """
    if len(first) != len(second) or not first:
        raise UsageError(f"{len(first)} and {len(second)} predictions cannot be compared one by one")
    pairs = zip(first, second, strict=True)
    equal = sum(a.energy == b.energy and a.forces.tobytes() == b.forces.tobytes() for a, b in pairs)
    return replace(row(engine, data, "same_bits", equal / len(first), "share", len(first)), control=control)
