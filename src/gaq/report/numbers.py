"""Numbers with their error, to the digits that the error allows."""

from __future__ import annotations

import math


def with_spread(value: float, error: float | None = None, digits: int = 3) -> str:
    """Return `6.44 ± 0.03`: the error to one digit, or two if it begins with 1, and the value to the same place.

    Without an error the value has `digits` significant ones; outside 10⁻³ … 10⁶ it is written with an
    exponent.
    """
    if not math.isfinite(value):
        return "not finite"
    if error is None or not math.isfinite(error) or error <= 0:
        return significant(value, digits)
    if max(abs(value), error) < 1e-3:
        return f"{_exponent(value, 1)} ± {_exponent(error, 0)}"
    leading = math.floor(math.log10(error))
    places = max(-leading + (1 if error / 10**leading < 1.95 else 0), 0)
    return f"{value:.{min(places, 6)}f} ± {error:.{min(places, 6)}f}"


def significant(value: float, digits: int = 3) -> str:
    """Return a number with that many significant digits: `0.0312`, `12.4`, `2.1e-13`."""
    if not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -3 or size > 5:
        return _exponent(value, 1)
    return f"{value:.{max(digits - 1 - size, 0)}f}"


def _exponent(value: float, places: int) -> str:
    """Return `2.1e-4` instead of `2.1e-04` for narrow tables."""
    digits, _, power = f"{value:.{places}e}".partition("e")
    return f"{digits}e{int(power)}"
