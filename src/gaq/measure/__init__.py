"""Measurements: each takes an `Engine` and returns rows of the ledger. None knows which engine it was
given.
"""

from gaq.measure.accuracy import accuracy, fidelity
from gaq.measure.check import check
from gaq.measure.conservation import finite_difference, jacobian_asymmetry, open_path_work, path_work
from gaq.measure.dynamics import drift
from gaq.measure.invariance import permutation, translation
from gaq.measure.ledger import Row, read_rows, write_rows
from gaq.measure.smoothness import cutoff_jumps
from gaq.measure.symmetry import balance, lie_derivative, reflection, symmetry

__all__ = [
    "Row",
    "accuracy",
    "balance",
    "check",
    "cutoff_jumps",
    "drift",
    "fidelity",
    "finite_difference",
    "jacobian_asymmetry",
    "lie_derivative",
    "open_path_work",
    "path_work",
    "permutation",
    "read_rows",
    "reflection",
    "symmetry",
    "translation",
    "write_rows",
]
