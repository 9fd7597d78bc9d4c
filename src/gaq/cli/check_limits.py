"""Options of `gaq check` that set limits, with defaults from the table of limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from gaq.measure.limits import LIMITS, Limit, read_limits, with_limits

DEFAULTS = {limit.metric: limit for limit in LIMITS}


@dataclass(frozen=True)
class LimitOption:
    """The limit that an option sets."""

    metrics: tuple[str, ...]
    about: str
    unit: str = ""

    @property
    def help(self) -> str:
        """Return the help text: the limited quantity and the default."""
        values = ", ".join(f"{metric} = {DEFAULTS[metric].value:g}" for metric in self.metrics)
        return f"{self.about}. Default: {values}{f' {self.unit}' if self.unit else ''}."


OPTIONS = {
    "least_force": LimitOption(("force_norm",), "Smallest mean force, so that a model of zeros fails", "meV/Å"),
    "lee": LimitOption(("lee_max",), "Force error when the structure is rotated", "meV/Å"),
    "reflection": LimitOption(("lee_reflection",), "Force error when it is mirrored", "meV/Å"),
    "energy_change": LimitOption(
        ("energy_invariance", "translation_energy", "permutation_energy"),
        "Energy change when it is rotated, moved, or its atoms are reordered",
        "meV",
    ),
    "force_change": LimitOption(
        ("translation_force", "permutation_force"), "Force change when it is moved or its atoms are reordered", "meV/Å"
    ),
    "net_force": LimitOption(("net_force",), "Sum of all forces", "meV/Å"),
    "torque": LimitOption(("net_torque",), "Torque on the whole structure", "meV"),
    "slope_error": LimitOption(("finite_difference",), "Force against the slope of the energy", "meV/Å"),
    "relative_slope_error": LimitOption(("finite_difference_relative",), "The same as a share of the force"),
    "path_work": LimitOption(("path_work",), "Work on small closed paths, per length", "meV/Å"),
    "open_work": LimitOption(("path_work_open",), "Work against energy on open paths, per length", "meV/Å"),
    "asymmetry": LimitOption(("jacobian_asymmetry",), "Relative asymmetry of the force Jacobian"),
    "energy_jump": LimitOption(("cutoff_energy_jump",), "Energy jump where atoms come within the cutoff", "meV"),
    "force_jump": LimitOption(("cutoff_force_jump",), "Force jump there", "meV/Å"),
    "drift": LimitOption(("drift",), "Drift of the total energy in the run", "meV/atom/ps"),
    "momentum": LimitOption(("momentum_change",), "Momentum gained in the run", "amu Å/fs"),
    "angular_momentum": LimitOption(("angular_momentum_change",), "Angular momentum gained in the run", "amu Å²/fs"),
    "force_error": LimitOption(("force_mae",), "Mean absolute error of forces against the labels of --data", "meV/Å"),
    "relative_force_error": LimitOption(
        ("force_mae_relative",), "The same as a share of the root mean square force of the labels"
    ),
}


# Parameter of the command for each option.
PARAMETERS = {name if name.startswith("least_") else f"max_{name}": option for name, option in OPTIONS.items()}


def limit(name: str) -> Any:
    """Return the typer option of this name."""
    return typer.Option(min=0.0, metavar="X", rich_help_panel="Limits", help=OPTIONS[name].help, show_default=False)


def chosen(parameters: Mapping[str, float | None], file: Path | None) -> tuple[Limit, ...]:
    """Return all limits: defaults, then those of a file, then those of command-line parameters.

    Raises `UsageError` and `BadFile`.
    """
    overrides = {} if file is None else read_limits(file)
    for name, value in parameters.items():
        if value is not None:
            overrides |= dict.fromkeys(PARAMETERS[name].metrics, value)
    return with_limits(overrides)
