"""Means over frames with an honest standard error, and predictions over long lists with a progress report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Engine

OnProgress = Callable[[int, int], None]  # steps done, steps in all


def silent(done: int, total: int) -> None:
    """A progress report that says nothing."""


def predict(
    engine: Engine, structures: Sequence[Structure], progress: OnProgress = silent, chunk: int = 64
) -> list[Prediction]:
    """Return predictions of a long list, `chunk` structures a call, so that progress can be told."""
    done = 0

    def on_progress(count: int) -> None:
        nonlocal done
        done += count
        progress(done, len(structures))

    lists = [structures[start : start + chunk] for start in range(0, len(structures), chunk)]
    return [prediction for found in predict_lists(engine, lists, on_progress) for prediction in found]


def predict_lists(
    engine: Engine, lists: Sequence[Sequence[Structure]], on_progress: Callable[[int], None] = lambda count: None
) -> list[list[Prediction]]:
    """Return predictions of several lists, each in the batches of a call of its own, all at once where an engine can do
    that.

    `on_progress` hears of so many more structures.
    """
    at_once = getattr(engine, "evaluate_lists", None)
    if at_once is not None:
        everything: list[list[Prediction]] = at_once(lists, on_progress)
        return everything
    found: list[list[Prediction]] = []
    for structures in lists:
        found.append(engine.evaluate(structures))
        on_progress(len(structures))
    return found


def mean_by_frames(sums: np.ndarray, counts: np.ndarray) -> tuple[float, float | None]:
    """Return the mean Σs/Σc over all samples of all frames, and its standard error with frames as the independent
    units.

    `sums` [frame] are sums over the samples of each frame, `counts` [frame] how many those were. The error is
    that of the ratio estimator, √(F/(F−1) Σ_f (s_f − m c_f)²) / Σc, and None for a single frame. Cochran,
    Sampling Techniques, eq. 6.4.
    """
    frames, total = len(sums), float(np.sum(counts))
    mean = float(np.sum(sums) / total)
    if frames < 2:
        return mean, None
    spread = math.sqrt(frames / (frames - 1) * float(np.sum((sums - mean * counts) ** 2)))
    return mean, spread / total


def root_by_frames(sums: np.ndarray, counts: np.ndarray) -> tuple[float, float | None]:
    """√ of `mean_by_frames` of squares, with the error carried over: σ(√m) = σ(m) / 2√m."""
    mean, error = mean_by_frames(sums, counts)
    root = math.sqrt(mean) if mean >= 0 else math.nan
    return root, None if error is None else (error / (2 * root) if root > 0 else 0.0)
