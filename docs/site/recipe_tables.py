"""Tables of the presets, from the recipes themselves."""

from __future__ import annotations

from gaq.quant.presets import all_presets
from gaq.quant.recipe import Recipe, Rule, Tagged
from gaq.quant.rules import READOUT_INPUTS, READOUT_WEIGHTS
from gaq.quant.slot import Role
from gaq.quant.spec import Framed, Identity, Polar, Spec, bits_of, has, uniform_part
from gaq.quant.wrappers import Learned

Place = Role | Tagged | str

COLUMNS: tuple[tuple[str, Place], ...] = (
    ("weights of scalars", Role.SCALAR_WEIGHT),
    ("weights of vectors", Role.VECTOR_WEIGHT),
    ("weights of the readout", READOUT_WEIGHTS),
    ("scalars", Role.SCALAR_FEATURE),
    ("vectors", Role.VECTOR_FEATURE),
    ("queries, keys", Role.QUERY_KEY),
    ("input of the readout", READOUT_INPUTS),
)
INSTEAD = {READOUT_WEIGHTS: Role.SCALAR_WEIGHT, READOUT_INPUTS: Role.SCALAR_FEATURE}


def overview() -> str:
    """Bits of every preset, a column a place."""
    rows = [("recipe", *(title for title, _ in COLUMNS)), ("---", *("---:" for _ in COLUMNS))]
    for name, build in all_presets().items():
        recipe = build()
        rows.append((f"[{name}](#{name})", *(_bits(_rule(recipe, where).spec) for _, where in COLUMNS)))
    return "\n".join(_row(row) for row in rows)


def rules_of(name: str) -> str:
    """The rules of one preset, in words; the roles that stay in float in one line."""
    recipe = all_presets()[name]()
    floats = [_place(rule.where) for rule in recipe.rules if isinstance(rule.spec, Identity)]
    rounded = [rule for rule in recipe.rules if not isinstance(rule.spec, Identity)]
    lines = []
    if rounded:
        lines = ["| where | what | calibrated by | from epoch |", "|---|---|---|---:|"]
        lines += [
            _row((_place(r.where), said(r.spec), f"`{type(r.calibrate).__name__}`", str(r.from_epoch))) for r in rounded
        ]
    if floats:
        lines += ["", f"In float: {', '.join(floats)}."]
    return "\n".join(lines)


def said(spec: Spec) -> str:
    """A spec in words."""
    if isinstance(spec, Identity):
        return "float"
    if isinstance(spec, Framed):
        return f"in the frame of the atom: {said(spec.inner)}"
    if isinstance(spec, Polar):
        return f"magnitude with {spec.bits} bits ({spec.magnitude}), direction by `{spec.directions}`"
    uniform, learned = uniform_part(spec), ", learned" if has(spec, Learned) else ""
    assert uniform is not None
    group = f" of {uniform.group} inputs" if uniform.group else ""
    return f"{uniform.bits} bits, a step per {uniform.per}{group}{learned}"


def _rule(recipe: Recipe, where: Place) -> Rule:
    found = {rule.where: rule for rule in recipe.rules}
    return found[where] if where in found else found[INSTEAD[where]]  # type: ignore[index]


def _bits(spec: Spec) -> str:
    if isinstance(spec, Polar):
        return f"{spec.bits} + {spec.directions.bits}"
    if isinstance(spec, Framed):
        return f"{bits_of(spec.inner)}, framed"
    return "float" if isinstance(spec, Identity) else str(bits_of(spec))


def _place(where: Place) -> str:
    if isinstance(where, Tagged):
        return f"{_place(where.role)} of the {where.tag}" if where.role else where.tag.replace("-", " ")
    return where.value.replace("-", " ") if isinstance(where, Role) else f"`{where}`"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
