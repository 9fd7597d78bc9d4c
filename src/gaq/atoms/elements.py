"""Symbols and names of the elements, by atomic number."""

from __future__ import annotations

from gaq.errors import BadFile

_SYMBOLS = (
    "X H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr "
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr "
    "Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)

_NAMES = (
    "unknown hydrogen helium lithium beryllium boron carbon nitrogen oxygen fluorine neon sodium magnesium "
    "aluminium silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium "
    "chromium manganese iron cobalt nickel copper zinc gallium germanium arsenic selenium bromine krypton "
    "rubidium strontium yttrium zirconium niobium molybdenum technetium ruthenium rhodium palladium silver "
    "cadmium indium tin antimony tellurium iodine xenon caesium barium lanthanum cerium praseodymium "
    "neodymium promethium samarium europium gadolinium terbium dysprosium holmium erbium thulium ytterbium "
    "lutetium hafnium tantalum tungsten rhenium osmium iridium platinum gold mercury thallium lead bismuth "
    "polonium astatine radon francium radium actinium thorium protactinium uranium neptunium plutonium "
    "americium curium berkelium californium einsteinium fermium mendelevium nobelium lawrencium "
    "rutherfordium dubnium seaborgium bohrium hassium meitnerium darmstadtium roentgenium copernicium "
    "nihonium flerovium moscovium livermorium tennessine oganesson"
)

# Both start with a place for number 0, which is no element.
SYMBOLS = tuple(_SYMBOLS.split())
NAMES = tuple(_NAMES.split())
HEAVIEST = len(SYMBOLS) - 1


def formula(species: list[int]) -> str:
    """Carbon, hydrogen, then the rest by symbol (Hill order), for example `C2H6O`."""
    counts: dict[str, int] = {}
    for number in species:
        counts[SYMBOLS[number]] = counts.get(SYMBOLS[number], 0) + 1
    first = [symbol for symbol in ("C", "H") if symbol in counts and "C" in counts]
    rest = sorted(symbol for symbol in counts if symbol not in first)
    return "".join(symbol + (str(counts[symbol]) if counts[symbol] > 1 else "") for symbol in [*first, *rest])


def species_in_file(species: object, name: str) -> tuple[int, ...]:
    """Return the atomic numbers that a model file lists: integers from 1 to 118, ascending, each once.

    `name` is what the sentence calls the file. Raises BadFile for anything else.
    """
    whole = isinstance(species, list) and all(type(z) is int and 1 <= z <= HEAVIEST for z in species)
    if not isinstance(species, list) or not species or not whole or species != sorted(set(species)):
        shown = str(species)[:60]
        raise BadFile(f"{name}: species is {shown}; expected atomic numbers from 1 to {HEAVIEST}, ascending.")
    return tuple(species)
