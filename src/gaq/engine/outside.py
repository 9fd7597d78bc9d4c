"""Structures outside of the training data: a warning, once for each engine, or an error where it is strict."""

from __future__ import annotations

import warnings

from gaq.errors import OutsideData, OutsideWarning


def outside_sentence(model: str, sentence: str) -> str:
    """Return what users read; `sentence` names atoms and what is odd about them."""
    return f"{model} was not trained on structures like this: {sentence}. Energies and forces may be wrong."


def warn_outside(model: str, sentence: str) -> None:
    """Warn of a structure outside of the training data."""
    warnings.warn(outside_sentence(model, sentence), OutsideWarning, stacklevel=2)


def refuse_outside(model: str, sentence: str, index: int) -> None:
    """Raise OutsideData."""
    raise OutsideData(f"structure {index}: {outside_sentence(model, sentence)}")
