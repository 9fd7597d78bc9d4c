"""PTQ passes: what is done to weights between the float parent and the quantized model, as plain data for `train`."""

from __future__ import annotations

from dataclasses import dataclass

from gaq.errors import RecipeError
from gaq.quant.plain import Plain, from_plain, to_plain


@dataclass(frozen=True)
class Smooth:
    """Moves range from features to weights, channel by channel: x/a and a·W with a = max|x|^α / max|W|^(1-α).

    Of vectors max‖v_c‖ counts, which no rotation changes. Source: Xiao et al., SmoothQuant, ICML 2023, eq. 4.
    """

    strength: float = 0.5

    def __post_init__(self) -> None:
        _check_number(self, "strength", self.strength, 0, 1)


@dataclass(frozen=True)
class ActivationAware:
    """Finer steps for channels with large inputs: a = rms(x)^α, α from `grid` values with the least output error.

    Source: Lin et al., AWQ, MLSys 2024, section 3.2.
    """

    grid: int = 20

    def __post_init__(self) -> None:
        _check_count(self, "grid", self.grid)


@dataclass(frozen=True)
class Gptq:
    """Rounds weights one input at a time; the remaining inputs compensate the error.

    The Hessian is Σ x xᵀ, for a channel mixing Σ_m V_m V_mᵀ, which no rotation changes; `damp` times its mean
    diagonal is added to it. Source: Frantar et al., GPTQ, ICLR 2023.
    """

    damp: float = 0.01

    def __post_init__(self) -> None:
        _check_number(self, "damp", self.damp, 1e-6, 1)


@dataclass(frozen=True)
class Reconstruct:
    """Trains layer after layer, a message with its update at a time, to give what the float layer gives.

    `learn` is "rounding" (up or down for each weight, AdaRound, and learned steps of features) or "weights".
    `drop` is the share of features that pass in float in each step (QDrop). With `same_input` the float layer is
    asked about the input that the quantized one has (ZeroQuant), otherwise about its own.
    Sources: Nagel et al., AdaRound, ICML 2020; Wei et al., QDrop, ICLR 2022; Yao et al., ZeroQuant, NeurIPS 2022.
    """

    steps: int = 200
    learn: str = "rounding"
    drop: float = 0.0
    same_input: bool = False

    def __post_init__(self) -> None:
        _check_count(self, "steps", self.steps)
        _check_number(self, "drop", self.drop, 0, 1)
        if self.learn not in ("rounding", "weights"):
            raise RecipeError(f"reconstruct: learn is {self.learn!r}; expected rounding or weights")


PtqPass = Smooth | ActivationAware | Gptq | Reconstruct

PTQ_PASSES = (Smooth, ActivationAware, Gptq, Reconstruct)


def ptq_pass_to_dict(ptq_pass: PtqPass) -> Plain:
    """Return plain data for JSON."""
    return to_plain(ptq_pass)


def ptq_pass_from_dict(data: object, what: str) -> PtqPass:
    """Invert `ptq_pass_to_dict`; RecipeError when something in `data` is unknown or does not fit."""
    ptq_pass: PtqPass = from_plain(data, PTQ_PASSES, what)
    return ptq_pass


def _check_number(owner: object, key: str, value: object, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise RecipeError(f"{type(owner).__name__}: {key} is {value!r}; expected a number from {least} to {most}")


def _check_count(owner: object, key: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise RecipeError(f"{type(owner).__name__}: {key} is {value!r}; expected an integer of at least 1")
