"""Which spec goes on which slot, calibrated how, and from which epoch: rules, recipes, and their resolution.

In a TOML file:

    name = "mine"
    description = "eight bits, the readout in float"

    [[rules]]
    role = "scalar-weight"                     # every slot of a role,
    tag = "readout"                            # every slot with a tag; with a role, those of both; or
    slot = "layers.*.update.gates.weight"      # one slot by its full name; one * stands for one segment
    spec = { kind = "uniform", bits = 8, per = "channel" }
    calibrate = { kind = "abs-max" }           # the default
    from_epoch = 5                             # the default is 0
    protect = [0.0, 0.1]                       # the default is none; see `Rule`

    [[treatments]]                             # the default is none; see ptq.py
    kind = "gptq"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomli_w

from gaq.errors import BadFile, RecipeError, nearest
from gaq.formats.texts import read_toml, shown
from gaq.quant.observe import AbsMax, Observer, observer_from_dict, observer_to_dict
from gaq.quant.plain import Plain
from gaq.quant.ptq import PtqPass, ptq_pass_from_dict, ptq_pass_to_dict
from gaq.quant.slot import Role, Slot
from gaq.quant.slot_checks import check_fit
from gaq.quant.spec import Spec
from gaq.quant.stored_spec import spec_from_dict, spec_to_dict

RULE_KEYS = ("role", "tag", "slot", "spec", "calibrate", "from_epoch", "protect")
MOST_RULES = 4096
MOST_PTQ_PASSES = 16
LONGEST_NAME = 256
RECIPE_KEYS = ("name", "description", "rules", "treatments")


@dataclass(frozen=True)
class Tagged:
    """The slots with a tag, such as those of the readout; with a role, those of them that have it."""

    tag: str
    role: Role | None = None


@dataclass(frozen=True)
class Rule:
    """A spec for the slots of a role, for slots with a tag, or for slots by name; `calibrate` finds its parameters.

    A name may hold one `*`, which stands for exactly one segment between dots, such as the number of a layer.
    In training, atoms pass a slot with `protect` in float by chance: with the first probability those with the fewest
    neighbours, with the second those with the most (Degree-Quant).
    """

    where: Role | Tagged | str
    spec: Spec
    calibrate: Observer = field(default_factory=AbsMax)
    from_epoch: int = 0
    protect: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if isinstance(self.where, str) and (self.where.count("*") > 1 or ("*" in self.where and not _starred(self))):
            raise RecipeError(f"rule for slot {self.where!r}: one '*' may stand for one whole segment, no more")
        if isinstance(self.from_epoch, bool) or not isinstance(self.from_epoch, int) or self.from_epoch < 0:
            raise RecipeError(f"rule for {self.target}: from_epoch is {self.from_epoch!r}; expected 0 or more")
        low, high = self.protect
        if not 0 <= low <= high <= 1:
            raise RecipeError(f"rule for {self.target}: protect is {self.protect!r}; expected 0 ≤ low ≤ high ≤ 1")

    @property
    def target(self) -> str:
        """How the rule is spoken of."""
        if isinstance(self.where, Tagged):
            role = "" if self.where.role is None else f" and role {self.where.role.value!r}"
            return f"tag {self.where.tag!r}{role}"
        return f"role {self.where.value!r}" if isinstance(self.where, Role) else f"slot {self.where!r}"

    @property
    def strength(self) -> int:
        """From weak to strong: a role, a tag, a tag with a role, a name with a star, a full name."""
        if isinstance(self.where, Role):
            return 0
        if isinstance(self.where, Tagged):
            return 1 if self.where.role is None else 2
        return 3 if "*" in self.where else 4

    def applies_to(self, slot: Slot) -> bool:
        """Return true when the rule speaks of this slot."""
        if isinstance(self.where, Role):
            return slot.role is self.where
        if isinstance(self.where, Tagged):
            return self.where.tag in slot.tags and self.where.role in (None, slot.role)
        ours, theirs = self.where.split("."), slot.name.split(".")
        return len(ours) == len(theirs) and all(a in ("*", b) for a, b in zip(ours, theirs, strict=True))


@dataclass(frozen=True)
class Recipe:
    """A quantization of a whole model: rules that give every slot exactly one spec.

    `ptq_passes` are carried out once, in this order, when the parent is quantized, and want calibration data.
    """

    name: str
    rules: tuple[Rule, ...]
    description: str = ""
    ptq_passes: tuple[PtqPass, ...] = ()

    def resolve(self, slots: Sequence[Slot]) -> dict[str, Rule]:
        """Return the rule for each slot name, the strongest that applies to it (`Rule.strength`).

        Raises RecipeError for a slot without a rule, for two rules of equal strength, for a name or a tag that no slot
        has, and for a spec that does not fit its slot. A role that a model does not use is no error: the
        roles are a closed list, so it cannot be a misspelling, and one recipe serves many networks.
        """
        tags = {tag for slot in slots for tag in slot.tags}
        for rule in self.rules:
            if isinstance(rule.where, str) and not any(rule.applies_to(slot) for slot in slots):
                hint = _nearest_slot(rule.where, slots)
                raise RecipeError(f"recipe {self.name!r}: no slot is named {rule.where!r}.{hint}")
            if isinstance(rule.where, Tagged) and rule.where.tag not in tags:
                there = f"The tags are {', '.join(map(repr, sorted(tags)))}." if tags else "No slot has any tag."
                raise RecipeError(
                    f"recipe {self.name!r}: no slot has the tag {shown(rule.where.tag)}."
                    f"{nearest(rule.where.tag, tags)} {there}"
                )
        return {slot.name: self._rule_for(slot) for slot in slots}

    def _rule_for(self, slot: Slot) -> Rule:
        claims = [rule for rule in self.rules if rule.applies_to(slot)]
        if not claims:
            raise RecipeError(
                f"recipe {self.name!r} has no rule for slot {slot.name!r} (role {slot.role.value}); "
                f"add a rule for that role, or Identity() to leave it in float"
            )
        strongest = max(rule.strength for rule in claims)
        winners = [rule for rule in claims if rule.strength == strongest]
        if len(winners) > 1:
            raise RecipeError(
                f"recipe {self.name!r} has {len(winners)} rules of equal strength for slot {slot.name!r}: "
                f"{'; '.join(rule.target for rule in winners)}; keep one of them"
            )
        try:
            check_fit(winners[0].spec, slot)
        except RecipeError as misfit:
            raise RecipeError(f"recipe {self.name!r}, rule for {winners[0].target}: {misfit}") from None
        return winners[0]

    def with_rules(self, *rules: Rule) -> Recipe:
        """This recipe with rules added; one for a target that already has a rule replaces it."""
        replaced = {rule.where for rule in rules}
        kept = tuple(rule for rule in self.rules if rule.where not in replaced)
        return replace(self, rules=kept + rules)

    def to_dict(self) -> Plain:
        """Return plain data for JSON."""
        plain: Plain = {
            "name": self.name,
            "description": self.description,
            "rules": [_rule_to_dict(rule) for rule in self.rules],
        }
        ptq_passes = [ptq_pass_to_dict(ptq_pass) for ptq_pass in self.ptq_passes]
        return plain | ({"treatments": ptq_passes} if ptq_passes else {})

    def to_toml(self) -> str:
        """Return the recipe as the text of a TOML file, which `from_toml` reads back."""
        return tomli_w.dumps(_without_none(self.to_dict()))

    @classmethod
    def from_dict(cls, data: object, what: str = "recipe") -> Recipe:
        """Invert `to_dict`; RecipeError when something is unknown, lacking or does not fit."""
        table = _table(data, RECIPE_KEYS, what)
        name, rules = table.get("name"), table.get("rules")
        if not isinstance(name, str) or not name:
            raise RecipeError(f"{what} has name {shown(name)}; expected a text")
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise RecipeError(f"{what} has name {shown(name)}; expected one line of at most {LONGEST_NAME} characters")
        if not isinstance(rules, list | tuple) or not rules:
            raise RecipeError(f"{what} {name!r} has rules {shown(rules)}; expected a list of at least one rule")
        if len(rules) > MOST_RULES:
            raise RecipeError(f"{what} {name!r} has {len(rules)} rules; no network has more than {MOST_RULES} slots")
        parsed = tuple(_rule_from_dict(rule, f"{what} {name!r}, rule {i + 1}") for i, rule in enumerate(rules))
        given = table.get("treatments", ())
        if not isinstance(given, list | tuple) or len(given) > MOST_PTQ_PASSES:
            raise RecipeError(
                f"{what} {name!r} has treatments {shown(given)}; expected a list of tables, a few at most"
            )
        ptq_passes = tuple(ptq_pass_from_dict(t, f"{what} {name!r}, PTQ pass {i + 1}") for i, t in enumerate(given))
        description = table.get("description", "")
        if not isinstance(description, str):
            raise RecipeError(f"{what} {name!r} has description {shown(description)}; expected a text")
        return cls(name, parsed, description, ptq_passes)

    @classmethod
    def from_toml(cls, path: str | Path) -> Recipe:
        """Read a recipe from a TOML file; RecipeError names the file and what is wrong in it."""
        try:
            data = read_toml(path)
        except BadFile as fault:
            raise RecipeError(f"recipe file {path} cannot be read: {fault}") from None
        except ValueError as fault:
            raise RecipeError(f"recipe file {path} is not TOML: {fault}") from None
        return cls.from_dict(data, f"recipe file {path}:")


def _without_none(thing: Any) -> Any:
    """TOML has no word for nothing: what is None is left out, and is None again when it is read."""
    if isinstance(thing, dict):
        return {key: _without_none(value) for key, value in thing.items() if value is not None}
    return [_without_none(value) for value in thing] if isinstance(thing, list) else thing


def _starred(rule: Rule) -> bool:
    return isinstance(rule.where, str) and "*" in rule.where.split(".")


def _nearest_slot(name: str, slots: Iterable[Slot]) -> str:
    names = [slot.name for slot in slots]
    if "*" in name:
        at = name.split(".").index("*")
        names = sorted({".".join("*" if i == at else s for i, s in enumerate(n.split("."))) for n in names})
    return nearest(name, names) or f" The slots are {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"


def _rule_to_dict(rule: Rule) -> Plain:
    where = _where_to_dict(rule.where)
    extra: Plain = {"protect": list(rule.protect)} if rule.protect[1] > 0 else {}
    return {
        **where,
        "spec": spec_to_dict(rule.spec),
        "calibrate": observer_to_dict(rule.calibrate),
        "from_epoch": rule.from_epoch,
        **extra,
    }


def _where_to_dict(where: Role | Tagged | str) -> Plain:
    if isinstance(where, Role):
        return {"role": where.value}
    if isinstance(where, Tagged):
        return {"tag": where.tag} | ({} if where.role is None else {"role": where.role.value})
    return {"slot": where}


def _rule_from_dict(data: object, what: str) -> Rule:
    table = _table(data, RULE_KEYS, what)
    if ("role" in table or "tag" in table) == ("slot" in table):
        raise RecipeError(f"{what} needs a key 'role', 'tag' or both, or a key 'slot'; it has {sorted(table)}")
    if "spec" not in table:
        raise RecipeError(f"{what} lacks a spec; write {{ kind = 'identity' }} to leave the slot in float")
    where = _where_from_dict(table, what)
    spec = spec_from_dict(table["spec"], f"{what}, spec")
    calibrate = observer_from_dict(table["calibrate"], f"{what}, calibrate") if "calibrate" in table else AbsMax()
    from_epoch: Any = table.get("from_epoch", 0)
    return Rule(where, spec, calibrate, from_epoch, _chances(table.get("protect", (0.0, 0.0)), what))


def _where_from_dict(table: Mapping[str, object], what: str) -> Role | Tagged | str:
    role = _role(table["role"], what) if "role" in table else None
    if "tag" in table:
        if not isinstance(table["tag"], str) or not table["tag"]:
            raise RecipeError(f"{what} has tag {shown(table['tag'])}; expected a text")
        return Tagged(table["tag"], role)
    if role is not None:
        return role
    if not isinstance(table["slot"], str):
        raise RecipeError(f"{what} has slot {shown(table['slot'])}; expected the name of a slot")
    return table["slot"]


def _chances(given: object, what: str) -> tuple[float, float]:
    pair = tuple(given) if isinstance(given, list | tuple) else ()
    if len(pair) != 2 or any(isinstance(p, bool) or not isinstance(p, int | float) for p in pair):
        raise RecipeError(f"{what} has protect {shown(given)}; expected two probabilities such as [0.0, 0.1]")
    return float(pair[0]), float(pair[1])


def _role(name: object, what: str) -> Role:
    names = [role.value for role in Role]
    if name not in names:
        hint = nearest(str(name), names)
        raise RecipeError(f"{what} has role {shown(name)}; expected one of {', '.join(names)}.{hint}")
    return Role(name)


def _table(data: object, keys: Sequence[str], what: str) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise RecipeError(f"{what} is {shown(data)}; expected a table with the keys {', '.join(keys)}")
    for key in data:
        if key not in keys:
            raise RecipeError(f"{what} has an unknown key {shown(key)}.{nearest(str(key), keys)}")
    return data
