"""Structures unlike the training data: a warning, once per engine, or an error if strict."""

from __future__ import annotations

import warnings

from gaq.errors import OutsideData, OutsideWarning


def outside_sentence(model: str, sentence: str) -> str:
    """Return the message for users; `sentence` names the atoms and the deviation."""
    return f"{model} was not trained on structures like this: {sentence}. Energies and forces may be wrong."


def warn_outside(model: str, sentence: str) -> None:
    """Warn about a structure unlike the training data."""
    warnings.warn(outside_sentence(model, sentence), OutsideWarning, stacklevel=2)


def refuse_outside(model: str, sentence: str, index: int) -> None:
    """Raise OutsideData."""
    raise OutsideData(f"structure {index}: {outside_sentence(model, sentence)}")
