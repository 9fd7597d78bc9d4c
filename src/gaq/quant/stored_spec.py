"""Specs as plain data and back, for recipes, checkpoints and packed files.

A uniform scheme is stored flat, as one table that has a key for each wrapper: files of every version have this form.
A wrapper without a key there is a table of its own, with the scheme that it changes under `inner`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar

from gaq.errors import RecipeError
from gaq.quant import registry
from gaq.quant.direction_spec import DIRECTIONS
from gaq.quant.plain import Plain, from_plain, kind_of, to_plain
from gaq.quant.spec import Framed, Identity, Polar, Spec, Uniform, UniformSpec, Wrapper, wrappers_of

# Keys of the flat form, from the innermost wrapper to the outermost.
INNERMOST_FIRST = ("learn_step", "learn_clip", "squash", "principal", "centred", "rotate")


@dataclass(frozen=True)
class StoredUniform:
    """The flat form: a uniform scheme with the wrappers that have a key of their own. Files fix names and order."""

    stored_kind: ClassVar[str] = "uniform"

    bits: int
    per: str = "tensor"
    group: int | None = None
    learn_step: bool = False
    learn_clip: bool = False
    squash: bool = False
    rotate: bool = False
    centred: bool = False
    principal: int = 0


def spec_to_dict(spec: Spec) -> Plain:
    """Return plain data for JSON; defaults are written out."""
    if isinstance(spec, UniformSpec) and {type(wrapper) for wrapper in wrappers_of(spec)} <= set(_keys()):
        return to_plain(_flat(spec))
    plain: Plain = {"kind": kind_of(type(spec))}
    for field in fields(spec):  # type: ignore[arg-type]
        value = getattr(spec, field.name)
        if isinstance(value, Spec):
            value = spec_to_dict(value)
        plain[field.name] = to_plain(value) if is_dataclass(value) else value
    return plain


def spec_from_dict(data: object, what: str = "spec") -> Spec:
    """Invert `spec_to_dict`; RecipeError when something in `data` is unknown or does not fit."""
    added = tuple(family for family in registry.families() if _has_a_table(family))
    families = (Identity, StoredUniform, Framed, Polar, *added)
    spec = from_plain(data, families + DIRECTIONS, what, _built)
    if not isinstance(spec, Spec):
        names = ("Identity", "Uniform", "Framed", "Polar", *(family.__name__ for family in added))
        raise RecipeError(f"{what} is {data!r}; expected one of {', '.join(names)}")
    return spec


def _keys() -> dict[type[Spec], str]:
    return {family: key for key, family in registry.stored_keys().items()}


def _has_a_table(family: type[Spec]) -> bool:
    return family not in (Identity, Uniform, Framed, Polar) and family not in _keys()


def _flat(spec: UniformSpec) -> StoredUniform:
    keys = _keys()
    uniform = spec.uniform if isinstance(spec, Wrapper) else spec
    marks = {keys[type(wrapper)]: _mark(wrapper) for wrapper in wrappers_of(spec)}
    return StoredUniform(uniform.bits, uniform.per, uniform.group, **marks)


def _mark(wrapper: Wrapper) -> Any:
    """Return the number that a wrapper has beside its inner scheme, or true."""
    return next((getattr(wrapper, field.name) for field in fields(wrapper) if field.name != "inner"), True)


def _built(family: type, values: Plain) -> Any:
    """Return the object that a table describes; what is stored flat becomes nested again."""
    if family is not StoredUniform:
        return family(**values)
    flat = StoredUniform(**values)
    spec: UniformSpec = Uniform(flat.bits, flat.per, flat.group)
    for key in INNERMOST_FIRST:
        mark = getattr(flat, key)
        if mark:
            wrapper: Any = registry.stored_keys()[key]
            spec = wrapper(spec) if mark is True else wrapper(spec, mark)
    return spec
