"""The slope of a record in time, and how far it can be trusted when neighbouring values are not independent."""

from __future__ import annotations

import math

import numpy as np

BLOCKS = 20
ALIKE = 1.3  # von Neumann's ratio of 20 independent means is below this in one case of twenty


def slope_with_error(time: np.ndarray, values: np.ndarray, blocks: int = BLOCKS) -> tuple[float, float]:
    """Slope of the least squares line, and its standard error from the means of up to `blocks` blocks of records.

    Means that scatter independently about the line give σ√(12/n)/T. The energy of rounded forces walks at random
    instead: its means are alike, by von Neumann's ratio of successive differences to variance, and the slope of a
    walk of variance B a time has the error √(6B/5T), some times larger. B follows from both: the variance of the means
    about the line is BT/15 + σ², half that of their differences BT/3n + σ².
    """
    centred = time - time.mean()
    slope = float(centred @ values / (centred @ centred))
    rest = values - values.mean() - slope * centred
    count = min(blocks, len(time))
    means = np.array([part.mean() for part in np.array_split(rest, count)])
    middles = np.array([part.mean() for part in np.array_split(centred, count)])
    variance = float(means @ means) / (count - 2)
    independent = variance / float(middles @ middles)
    if count < BLOCKS:
        return slope, math.sqrt(independent)
    half_differences = float(np.mean(np.diff(means) ** 2)) / 2
    if 2 * half_differences >= ALIKE * variance:
        return slope, math.sqrt(independent)
    length = float(time[-1] - time[0])
    walked = (variance - half_differences) / (1 / 15 - 1 / (3 * count))  # BT
    return slope, math.sqrt(1.2 * walked / length**2 + half_differences * 12 / (count * length**2))
