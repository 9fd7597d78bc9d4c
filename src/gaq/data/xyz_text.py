"""Extended XYZ as found in practice, converted to what ASE's reader accepts; errors name the line.

Accepted: a byte order mark, UTF-16, CRLF, tabs, blank lines before and between frames, `1.0D-3`,
symbols in lower case or as atomic numbers, keys in another case (`lattice=`), a stress of six numbers, i-PI's cell.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gaq.atoms.elements import HEAVIEST, SYMBOLS
from gaq.data.ipi_header import ipi_header
from gaq.errors import BadFile, BadLabels, nearest

_KNOWN = frozenset(SYMBOLS)  # including X: dummy atoms are refused with a specific message
_CANONICAL = {"lattice": "Lattice", "pbc": "pbc", "properties": "Properties"}
_KEY = re.compile(r"(?<![^\s])(lattice|pbc|properties)(?=\s*=)", re.IGNORECASE)
_NINE = re.compile(r"(?<![^\s])(Lattice|stress|virial)\s*=\s*([\"'{\[])([^\"'}\]]*)([\"'}\]])")
_PBC = re.compile(r"(?<![^\s])pbc\s*=\s*(?:[\"'{\[]([^\"'}\]]*)[\"'}\]]|(\S+))")
_CELL = re.compile(r"(?<![^\s])(cell|box|unit_cell)\s*=\s*[\"'{\[][-+.\deE\s,]+[\"'}\]]", re.IGNORECASE)
_PROPERTIES = re.compile(r"(?<![^\s])Properties\s*=\s*[\"']?([^\s\"']+)")
_FORTRAN = re.compile(r"(?<![\w.])([-+]?(?:\d+\.\d*|\.\d+))[dD]([-+]?\d+)(?![\w.])")
_BOOLEANS = {"T", "F", "t", "f", "True", "False", "true", "false", "TRUE", "FALSE", "0", "1"}


def read_text(path: Path) -> str:
    """Return the text of a file, without a byte order mark and with line feeds only. Raises BadFile."""
    from ase.io.formats import open_with_compression

    with open_with_compression(str(path), "rb") as stream:
        raw = stream.read()
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} cannot be read as text ({error}). It is damaged or another kind of file.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tidied(text: str, where: str, limit: int | None = None) -> tuple[str, int]:
    """Return the first `limit` frames for ASE's reader, and the number of frames with a lattice but no `pbc`.

    Raises BadFile with the number of the line.
    """
    lines = text.split("\n")
    written: list[str] = []
    at = frames = unsaid = 0
    while (limit is None or frames < limit) and (at := _skip_blank(lines, at)) < len(lines):
        count = _count(lines[at], where, at, frames)
        last = at + 2 + count
        if last > len(lines) or (last == len(lines) and not lines[-1].strip() and count > 0):
            there = max(0, len([line for line in lines[at + 2 :] if line.strip()]))
            raise BadFile(
                f"{where} cannot be read: frame {frames} (line {at + 1}) says {count} atoms, and the file ends after "
                f"{there}. It is truncated; fetch or write it again."
            )
        line = f"{where}, line {at + 2}"
        header = ipi_header(lines[at + 1], line)
        comment, assumed = _comment(lines[at + 1] if header is None else header.comment, line)
        unsaid += assumed
        column, columns = _species_column(comment, line)
        written += [str(count), comment]
        for number in range(at + 2, last):
            atom = _atom(lines[number], column, columns, f"{where}, line {number + 1}")
            written.append(atom if header is None or header.factor == 1 else _scaled(atom, header.factor))
        while last < len(lines) and lines[last].lstrip().startswith("VEC"):
            raise BadFile(
                f"{where}, line {last + 1}: a cell in VEC lines does not say in which directions it repeats. Write "
                f'Lattice="..." and pbc="T T T" (or "F F F") into the second line of the frame.'
            )
        at, frames = last, frames + 1
    return "\n".join(written) + ("\n" if written else ""), unsaid


def _skip_blank(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _count(line: str, where: str, at: int, frame: int) -> int:
    text = line.strip()
    if not text.isdecimal() or not text.isascii() or len(text) > 12:
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise BadFile(
            f"{where} cannot be read: line {at + 1} is {shown!r}; expected the number of atoms of frame {frame}. "
            f"The file is no extended XYZ, or lines are missing or added before this one."
        )
    return int(text)


def _comment(line: str, where: str) -> tuple[str, bool]:
    """Return the second line of a frame in ASE's spelling, and whether it has a lattice without periodicity."""
    text = _KEY.sub(lambda found: _CANONICAL[found[1].lower()], _FORTRAN.sub(r"\1E\2", line))
    text = _NINE.sub(lambda found: _nine(found, where), text)
    lattice, periodic = re.search(r"(?<![^\s])Lattice\s*=", text), _PBC.search(text)
    if lattice is None and (cell := _CELL.search(text)) is not None:
        raise BadFile(
            f"{where}: {cell[1]}=... is no key of extended XYZ, and the frame has no Lattice. Write "
            f'Lattice="ax ay az bx by bz cx cy cz" (Å) and pbc, or remove it from a molecule.'
        )
    if periodic is not None:
        words = (periodic[1] if periodic[1] is not None else periodic[2]).replace(",", " ").split()
        if len(words) not in (1, 3) or not set(words) <= _BOOLEANS:
            raise BadFile(f'{where}: pbc is {" ".join(words)!r}; expected three of T and F, such as pbc="T T F".')
        plain = " ".join("T" if word.lower() in ("t", "true", "1") else "F" for word in (words * 3)[:3])
        text = _PBC.sub(f'pbc="{plain}"', text)
    return text, lattice is not None and periodic is None


def _nine(found: re.Match[str], where: str) -> str:
    key, inside = found[1], found[3].replace(",", " ").replace("[", " ").replace("]", " ")
    words = inside.split()
    if key != "Lattice" and len(words) == 6:
        xx, yy, zz, yz, xz, xy = words
        words = [xx, xy, xz, xy, yy, yz, xz, yz, zz]
    if key == "stress" and len(words) == 9:  # ASE keeps six of nine numbers of a stress
        _check_symmetric(words, where)
    if len(words) != 9:
        wanted = "nine numbers" if key == "Lattice" else "six or nine numbers"
        raise BadFile(f"{where}: {key} has {len(words)} numbers; expected {wanted}.")
    return f'{key}="{" ".join(words)}"'


def _check_symmetric(words: Sequence[str], where: str) -> None:
    """Raise BadLabels if nine numbers are not a symmetric matrix."""
    try:
        matrix = np.array(words, dtype=np.float64).reshape(3, 3)
    except ValueError:
        return  # not numbers: refused with the other entries
    if np.abs(matrix - matrix.T).max() > 0.01 * np.abs(matrix).max():
        raise BadLabels(f"{where}: the stress {' '.join(words)} is not symmetric. Check the order of the numbers.")


def _species_column(comment: str, where: str) -> tuple[int, int]:
    """Return the column of the symbol in the line of an atom (−1: none), and the least number of columns."""
    found = _PROPERTIES.search(comment)
    fields = (found[1] if found else "species:S:1:pos:R:3").split(":")
    if len(fields) % 3 or not all(count.isdecimal() for count in fields[2::3]):
        raise BadFile(f"{where}: Properties is {':'.join(fields)!r}; expected name:type:columns, repeated.")
    place, column = 0, -1
    for name, count in zip(fields[::3], fields[2::3], strict=True):
        column = place if name.lower() in ("species", "element", "symbols") else column
        place += int(count)
    return column, place


def _atom(line: str, column: int, columns: int, where: str) -> str:
    words = line.split()
    if len(words) < columns:
        raise BadFile(
            f"{where} has {len(words)} entries; expected {columns} of an atom. A line is cut short or missing, or the "
            f"number of atoms is wrong."
        )
    text = " ".join(words)
    if column >= 0 and words[column] not in _KNOWN:
        words[column] = _symbol(words[column], where)
        text = " ".join(words)
    return _FORTRAN.sub(r"\1E\2", text) if "D" in text or "d" in text else text


def _scaled(atom: str, factor: float) -> str:
    """Return the line of an atom with its position in Å; invalid numbers are left for ASE's reader to refuse."""
    symbol, *position = atom.split()
    try:
        return " ".join([symbol, *(f"{factor * float(word):.17g}" for word in position[:3])])
    except ValueError:
        return atom


def _symbol(word: str, where: str) -> str:
    if word.isdecimal() and 1 <= int(word) <= HEAVIEST:
        return SYMBOLS[int(word)]
    if word.capitalize() in _KNOWN:
        return word.capitalize()
    if word.upper() in ("D", "T"):
        hint = " Write H, and its mass in a column masses:R:1."
    else:
        hint = nearest(word, _KNOWN) if word.isalpha() else " Write the symbol alone."
    raise BadFile(f"{where}: {word!r} is not the symbol of an element.{hint}")
