"""Where quantizers and presets are registered: those of gaq, of published methods, and your own.

    @dataclass(frozen=True)
    class Dithered(Wrapper): ...              # what it is: plain data

    class DitheredStep(CalibratedQuantizer): ...   # what it does

    register_quantizer(Dithered, lambda slot, spec, observer: DitheredStep(slot, spec, observer))
    register_preset("dithered-w8a8", dithered_w8a8)

From then on recipes, TOML files and checkpoints know `kind = "dithered"`, and `preset("dithered-w8a8")` finds the
recipe. `methods/` does nothing else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gaq.errors import RecipeError
from gaq.quant.plain import kind_of
from gaq.quant.spec import Spec

if TYPE_CHECKING:
    from gaq.quant.calibrated import CalibratedQuantizer
    from gaq.quant.observe import Observer
    from gaq.quant.recipe import Recipe
    from gaq.quant.slot import Slot

# From a slot, a spec and an observer to the module that carries the spec out; none for what stays in float.
Fit = Callable[["Slot", Any, "Observer"], "CalibratedQuantizer | None"]
Build = Callable[[], "Recipe"]

# What registers itself when it is imported. By name, so that nothing here depends on any method.
BUILT_IN = ("gaq.quant.built_in", "gaq.quant.methods")

_FITS: dict[type[Spec], Fit] = {}
_KEYS: dict[str, type[Spec]] = {}
_PRESETS: dict[str, Build] = {}


def register_quantizer(family: type[Spec], fit: Fit, stored_key: str = "") -> None:
    """Make a class of specs known to slots, recipes and checkpoints.

    `fit` takes a slot, a spec of this class and an observer, and returns the module that carries it out.
    `stored_key` is for wrappers that files store as a key of the uniform scheme; others are stored as a table of their
    own. Raises RecipeError when another class has the same kind.
    """
    clash = next((k for k in _FITS if k is not family and kind_of(k) == kind_of(family)), None)
    if clash is not None:
        raise RecipeError(
            f"the kind {kind_of(family)!r} belongs to {clash.__module__}.{clash.__name__}; "
            f"name {family.__module__}.{family.__name__} otherwise"
        )
    _FITS[family] = fit
    if stored_key:
        _KEYS[stored_key] = family


def register_preset(name: str, build: Build) -> None:
    """Make a recipe known by name; RecipeError when another function has this name."""
    if _PRESETS.get(name, build) is not build:
        raise RecipeError(f"there is a preset {name!r} already; name yours otherwise")
    _PRESETS[name] = build


def fit(slot: Slot, spec: Spec, observer: Observer) -> CalibratedQuantizer | None:
    """Return the module that carries out `spec` in a slot, None for what stays in float; RecipeError if unregistered.

    Wrappers call it for their inner scheme.
    """
    _load()
    for family in type(spec).__mro__:
        if family in _FITS:
            return _FITS[family](slot, spec, observer)
    raise RecipeError(f"slot {slot.name!r}: {type(spec).__name__} is not registered; call `register_quantizer` first")


def fit_inner(slot: Slot, spec: Spec, observer: Observer) -> CalibratedQuantizer:
    """Return the module of a scheme that a wrapper changes, which is never float."""
    inner = fit(slot, spec, observer)
    assert inner is not None
    return inner


def families() -> tuple[type[Spec], ...]:
    """Return every registered class of specs."""
    _load()
    return tuple(_FITS)


def stored_keys() -> dict[str, type[Spec]]:
    """Return the wrappers that are stored as a key of the uniform scheme, by that key."""
    _load()
    return dict(_KEYS)


def registered_presets() -> dict[str, Build]:
    """Return every registered preset by its name, callable without arguments."""
    _load()
    return dict(_PRESETS)


def _load() -> None:
    for name in BUILT_IN:
        importlib.import_module(name)
