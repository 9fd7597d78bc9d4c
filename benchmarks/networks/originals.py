"""The programs that networks come from: each in its own environment, evaluating the same arrays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.peers.run import Peer


@dataclass(frozen=True)
class Original:
    """A peer, and the variable by which it finds the arrays."""

    peer: Peer
    variable: str

    def given(self, arrays: Path) -> Peer:
        """Return the peer, which will read these arrays."""
        os.environ[self.variable] = str(arrays.absolute())
        return self.peer


# By the name of the network in the table.
ORIGINALS: dict[str, tuple[Original, ...]] = {
    "painn": (
        Original(Peer("schnetpack-eager", "painn", "run_painn.py", "eager"), "PAINN_ARRAYS"),
        Original(Peer("schnetpack-compiled", "painn", "run_painn.py", "compiled"), "PAINN_ARRAYS"),
    ),
    # It reads the checkpoint in its wheel, which the arrays are of.
    "sevennet-0": (Original(Peer("sevenn-ase", "sevennet", "run_sevennet.py", "ase"), "SEVENNET_ARRAYS"),),
}
