"""Mixed precision: a recipe whose bits are chosen slot by slot under a budget, from what each slot costs."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gaq.cost.budget import BitsChoice, Budget, coarsest, finest, within_error, within_size
from gaq.cost.parts import alone
from gaq.cost.sensitivity import FloatReference, OnPart, Trial, costs_of, force_cost, reference_of
from gaq.engine.packing import packed_in_memory
from gaq.errors import UsageError
from gaq.quant.install import install_
from gaq.quant.observe import AbsMax, MeanSquare
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.size import weight_footprint
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Identity, uniform_part, with_bits
from gaq.train.calibrate import quantized_copy

WEIGHT_BITS = (8, 4)
FLOAT = 32
FEATURE_BITS = (FLOAT, 16, 8)
TRIES = 8  # measurements of whole recipes under a limit of force
ROOM = 0.97  # a force error this near to its limit is near enough


@dataclass(frozen=True)
class Allotment:
    """The chosen recipe, its bits by slot, what each slot costs alone, and what the whole was measured to be."""

    recipe: Recipe
    bits: dict[str, int]
    choices: tuple[BitsChoice, ...]
    alone: dict[str, tuple[float, ...]]  # force error of each slot at each of its options, meV/Å
    force: float  # meV/Å off the parent, without training
    predicted: float  # the same, were the errors of slots independent
    bits_per_weight: float


def allot(trial: Trial, budget: Budget, on_progress: OnPart = lambda slot, done, total: None) -> Allotment:
    """Return bits per slot under a budget: weights 4 or 8, features 8, 16 or float, kinds of quantizers as in the
    recipe.

    A limit on size chooses among the weights alone, for features take no room in the file. A limit on force chooses
    among all, and is held against the measured error of the whole recipe, not against the prediction.
    Raises `UsageError` for a budget that cannot be had, with the nearest that can.
    """
    reference = reference_of(trial)
    sized = budget.measure != "force"
    offered = _offered(trial, sized)
    if sized:
        _check_size(trial, budget, offered)
    else:
        _check_force(trial, budget, offered, reference)
    choices, forces = _measured(trial, reference, offered, on_progress)
    bits = _sized(trial, choices, budget) if sized else _accurate(trial, reference, choices, budget)
    recipe = _with_bits(trial, bits, f"{trial.recipe.name}-{budget}")
    return Allotment(
        recipe=recipe,
        bits=bits,
        choices=choices,
        alone=forces,
        force=force_cost(trial, recipe, reference),
        predicted=math.sqrt(sum(forces[c.slot][c.bits.index(bits[c.slot])] ** 2 for c in choices)),
        bits_per_weight=_bits_per_weight(trial, recipe),
    )


def _options(rule: Rule, slot: Slot) -> tuple[int, ...]:
    """Return the bits that a slot could have; none for a slot that the recipe leaves in float or codes by direction."""
    if uniform_part(rule.spec) is None:
        return ()
    return WEIGHT_BITS if slot.role in WEIGHTS else FEATURE_BITS


def _rule(slot: Slot, rule: Rule, bits: int) -> Rule:
    """Return the rule of a slot with other bits, in force from the same epoch."""
    if bits == FLOAT:
        return Rule(slot.name, Identity(), from_epoch=rule.from_epoch)
    observer = rule.calibrate
    if slot.role in WEIGHTS:
        # Below eight bits, clipping the largest weights a little lets the others be finer.
        observer = MeanSquare() if bits < 8 else AbsMax()
    return Rule(slot.name, with_bits(rule.spec, bits), observer, rule.from_epoch)


def _with_bits(trial: Trial, bits: Mapping[str, int], name: str) -> Recipe:
    """Return the recipe with a rule of its own for every slot that gets other bits than it would."""
    rules = trial.recipe.resolve(trial.slots)
    wanted = [
        (rules[slot.name], _rule(slot, rules[slot.name], bits[slot.name])) for slot in trial.slots if slot.name in bits
    ]
    changed = [new for old, new in wanted if (old.spec, old.calibrate) != (new.spec, new.calibrate)]
    about = f"{trial.recipe.description}; bits chosen slot by slot"
    return replace(trial.recipe.with_rules(*changed), name=name, description=about)


Offered = dict[Slot, tuple[int, ...]]


def _offered(trial: Trial, sized: bool) -> Offered:
    """Return every slot whose bits are open; under a limit of size, weights alone."""
    rules = trial.recipe.resolve(trial.slots)
    found = {slot: _options(rules[slot.name], slot) for slot in trial.slots if slot.role in WEIGHTS or not sized}
    found = {slot: options for slot, options in found.items() if options}
    if not found:
        raise UsageError(
            f"recipe {trial.recipe.name!r} has no slot whose bits could be chosen; take such as frame-w4a8."
        )
    return found


def _measured(
    trial: Trial, reference: FloatReference, offered: Offered, on_progress: OnPart
) -> tuple[tuple[BitsChoice, ...], dict[str, tuple[float, ...]]]:
    """Return what each slot costs alone at each of its options, and the force errors in it.

    The square error to choose by is that of the force plus that of the energy, 1 meV/Å counting like 1 meV: the input
    of the last layer does nothing to forces, which pass it straight through, and the most to energies.
    """
    slots, rules = trial.slots, trial.recipe.resolve(trial.slots)
    multiplied = _multiplied(slots)
    choices: list[BitsChoice] = []
    forces: dict[str, tuple[float, ...]] = {}
    for done, (slot, options) in enumerate(offered.items()):
        on_progress(slot.name, done, len(offered))
        costs = []
        for bits in options:
            only = trial.recipe.with_rules(_rule(slot, rules[slot.name], bits))
            nothing = (0.0, 0.0)
            costs.append(nothing if bits == FLOAT else costs_of(trial, alone(only, slots, [slot.name]), reference))
        forces[slot.name] = tuple(force for force, _ in costs)
        errors = tuple(force**2 + energy**2 for force, energy in costs)
        choices.append(BitsChoice(slot.name, options, errors, multiplied[slot.name]))
    return tuple(choices), forces


def _multiplied(slots: list[Slot]) -> dict[str, int]:
    """Entries of each weight, and for the input of a layer of the weight that it meets; of others, their own."""
    entries = {slot.name: math.prod(size or 1 for size in slot.shape) for slot in slots}
    return {name: entries.get(name.removesuffix(".input") + ".weight", own) for name, own in entries.items()}


def _sized(trial: Trial, choices: tuple[BitsChoice, ...], budget: Budget) -> dict[str, int]:
    """Savings are whole bits of weights, and what is left of a file does not depend on them."""
    widest = _size(trial, finest(choices), budget)
    weights = sum(choice.worth for choice in choices)
    per_unit = _weights(trial.slots) if budget.measure == "bits" else 8000  # bits of storage in a unit of the limit
    bits = within_size(choices, (widest - budget.limit) * per_unit)
    while _size(trial, bits, budget) > budget.limit and bits != coarsest(choices):  # a file pads its arrays
        bits = within_size(choices, sum((8 - bits[c.slot]) * c.worth for c in choices) + max(1, weights // 1000))
    return bits


def _accurate(
    trial: Trial, reference: FloatReference, choices: tuple[BitsChoice, ...], budget: Budget
) -> dict[str, int]:
    """Return the fewest bits whose measured error is within the limit, found by moving the limit of the prediction."""

    best = finest(choices)
    below, above, target = 0.0, math.inf, budget.limit**2
    for _ in range(TRIES):
        bits = within_error(choices, target)
        found = force_cost(trial, _with_bits(trial, bits, trial.recipe.name), reference)
        if found <= budget.limit:
            best, below = bits, target
            if found >= ROOM * budget.limit or bits == coarsest(choices):
                break
        else:
            above = target
        if below and math.isfinite(above):
            target = math.sqrt(below * above)
        else:
            ratio = (budget.limit / max(found, 1e-9)) ** 2
            target *= min(ratio, 10.0) if found <= budget.limit else max(0.8 * ratio, 0.1)
    return best


def _check_size(trial: Trial, budget: Budget, offered: Offered) -> None:
    """Raise `UsageError` for a size that even four bits everywhere do not reach."""
    least = _size(trial, {slot.name: options[-1] for slot, options in offered.items()}, budget)
    if least > budget.limit:
        raise UsageError(
            f"`budget` {budget}: with every weight that recipe {trial.recipe.name!r} quantizes at "
            f"{WEIGHT_BITS[-1]} bits there are {least:.4g}, scales counted in. The nearest possible is "
            f"{budget.measure}={math.ceil(least * 1000) / 1000:g}."
        )


def _check_force(trial: Trial, budget: Budget, offered: Offered, reference: FloatReference) -> None:
    """Raise `UsageError` for a force error that even the most bits everywhere exceed."""
    widest = _with_bits(trial, {slot.name: options[0] for slot, options in offered.items()}, trial.recipe.name)
    least = force_cost(trial, widest, reference)
    if least > budget.limit:
        raise UsageError(
            f"`budget` {budget}: with weights at {WEIGHT_BITS[0]} bits and features in float the force error is "
            f"{least:.3g} meV/Å already. The nearest possible is force={math.ceil(least * 1000) / 1000:g}; training "
            f"(`epochs`) brings it down later, but is not counted here."
        )


def _size(trial: Trial, bits: Mapping[str, int], budget: Budget) -> float:
    recipe = _with_bits(trial, bits, trial.recipe.name)
    if budget.measure == "bits":
        return _bits_per_weight(trial, recipe)
    return len(packed_in_memory(quantized_copy(trial.parent, recipe, trial.calibration), recipe)) / 1000


def _bits_per_weight(trial: Trial, recipe: Recipe) -> float:
    network = copy.deepcopy(trial.parent)
    install_(network.quantizers(), recipe)
    return weight_footprint(network.quantizers())["bits_per_weight"]


def _weights(slots: list[Slot]) -> int:
    return sum(math.prod(size or 0 for size in slot.shape) for slot in slots if slot.role in WEIGHTS)
