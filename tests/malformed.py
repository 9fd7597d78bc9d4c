"""Files that are wrong in every way that costs a reader something, and a process that tries the command on them.

    echo '[[["show", "{}"], ["a.ckpt", "b.npz"]]]' | python tests/malformed.py FOLDER

runs `gaq show FILE` on each file of the folder within limits of time and memory and prints one JSON object each.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import struct
import sys
import time
import traceback
import zipfile
from pathlib import Path

import numpy as np

SECONDS = 20
BYTES = 2**31  # of new memory for all files of one process

XYZ = '{0}\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.0 pbc="F F F"\n' + "".join(
    f"{name} {x} {y} 0.0 0.0 0.0 0.0\n" for name, x, y in (("O", 0.0, 0.0), ("H", 0.96, 0.0), ("H", -0.24, 0.93))
)

RULE = 'name = "x"\n[[rules]]\nrole = "query-key"\nspec = {{ kind = "uniform", bits = 8, {0} }}'


def write_malformed(folder: Path, ckpt: bytes, gaq: bytes) -> list[str]:
    """Write malformed files of all kinds, given a whole checkpoint and a whole packed file; return their names."""
    files = _nonsense() | _texts() | _xyz() | _archives()
    for ending, content in (("ckpt", ckpt), ("gaq", gaq)):
        files |= {f"{name}.{ending}": damaged for name, damaged in _models(content).items()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return sorted(files)


def _nonsense() -> dict[str, bytes]:
    draw = np.random.default_rng(0)
    files = {f"random-{n}.bin": draw.bytes(n) for n in (1, 7, 8, 64, 4096)}
    return files | {
        "empty": b"",
        "zeros": bytes(4096),
        "ones": b"\xff" * 4096,
        "newlines": b"\n" * 4096,
        "nul.txt": b"a\0b",
    }


def _texts() -> dict[str, bytes]:
    nested = "[" * 100_000
    return {
        name: text.encode()
        for name, text in {
            "deep.json": nested,
            "deep-object.json": '{"a":' * 500 + "1" + "}" * 500,
            "huge-integer.json": '{"metric": ' + "9" * 5000 + "}",
            "infinite.json": '{"value": 1e999}',
            "surrogate.json": '{"name": "\\ud800"}',
            "number.json": "3",
            "deep.toml": "a = " + nested,
            "deep-key.toml": ".".join("a" * 5000) + " = 1",
            "huge-integer.toml": "seed = " + "9" * 5000,
            "integer-of-200-bits.toml": f"seed = {2**200}",
            "infinite.toml": "epochs = inf",
            "wrong-types.toml": RULE.format("per = 3"),
            "truthy.toml": RULE.format('rotate = "no"'),
            "many-keys.toml": "".join(f"key{i} = 1\n" for i in range(20_000)),
            "long.toml": "# " + "x" * 2**21,
            "half.toml": 'name = "x',
        }.items()
    }


def _xyz() -> dict[str, bytes]:
    good = XYZ.format(3)
    texts = {
        "count-10^12.xyz": XYZ.format(10**12),
        "count-of-400-digits.xyz": XYZ.format("9" * 400),
        "count-of-5000-digits.xyz": XYZ.format("9" * 5000),
        "count-negative.xyz": XYZ.format(-3),
        "count-zero.xyz": XYZ.format(0),
        "count-float.xyz": XYZ.format("3.0"),
        "too-few.xyz": XYZ.format(4),
        "nan.xyz": good.replace("0.96", "nan"),
        "infinite.xyz": good.replace("0.96", "1e999"),
        "far.xyz": good.replace("0.96", "1e300"),
        "nan-energy.xyz": good.replace("-1.0", "nan"),
        "element.xyz": good.replace("O 0", "Qq 0"),
        "huge-columns.xyz": good.replace("pos:R:3", "pos:R:999999999999"),
        "negative-columns.xyz": good.replace("pos:R:3", "pos:R:-3"),
        "strange-type.xyz": good.replace("pos:R:3", "pos:Z:3"),
        "deep-comment.xyz": good.replace("energy=-1.0", 'energy="' + "[" * 20_000 + '"'),
        "long-line.xyz": good.replace("pbc=", "note=" + "x" * 10**6 + " pbc="),
        "huge-cell.xyz": good.replace('pbc="F F F"', 'Lattice="1e200 0 0 0 1e200 0 0 0 1e200" pbc="T T T"'),
        "tiny-cell.xyz": good.replace('pbc="F F F"', 'Lattice="1e-3 0 0 0 1e-3 0 0 0 1e-3" pbc="T T T"'),
        "flat-cell.xyz": good.replace('pbc="F F F"', 'Lattice="1 0 0 1 0 0 0 0 1" pbc="T T T"'),
        "nan-cell.xyz": good.replace('pbc="F F F"', 'Lattice="nan 0 0 0 5 0 0 0 5" pbc="T T T"'),
        "text-energy.xyz": good.replace("-1.0", "low"),
        "pickle.pkl": "",
        "cut.cif": "data_x\nloop_\n_atom_site_label\n",
        "cut.pdb": "ATOM      1  O   HOH A   1       0.0",
        "cut.vasp": "x\n1.0\n1 0 0\n",
        "cut.cube": "a\nb\n99999999999 0 0 0\n999999 1 0 0\n999999 0 1 0\n999999 0 0 1\n",
        "cut.gro": "x\n99999999999\n",
        "POSCAR": "O\n1\n1 0 0\n0 1 0\n0 0 1\nO\n999999999999\nDirect\n",
    }
    files = {name: text.encode() for name, text in texts.items()}
    whole = (good * 3).encode()
    return files | {f"cut-at-{end}.xyz": whole[:end] for end in range(3, len(whole) - len(good), 37)}


def _npy(shape: str, dtype: str, data: bytes) -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def _zip(members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def _archives() -> dict[str, bytes]:
    def labelled(**changes: object) -> bytes:
        arrays: dict[str, object] = {
            **{"species": np.array([8, 1, 1]), "positions": np.arange(18.0).reshape(2, 3, 3), "energies": np.zeros(2)},
            **{"forces": np.zeros((2, 3, 3)), "units": np.array("eV, eV/Å"), "origin": np.array("x")},
        }
        stream = io.BytesIO()
        np.savez(stream, **(arrays | changes))  # type: ignore[arg-type]
        return stream.getvalue()

    names = ("nuclear_charges", "coords", "energies", "forces")
    good = labelled()
    files = {
        "claims-112-GiB.npz": _zip({name: _npy("(15032385536,)", "<f8", bytes(64)) for name in names}),
        "claims-2^90.npz": _zip({name: _npy(f"({2**45}, {2**45})", "<f8", b"") for name in names}),
        "negative.npz": _zip({name: _npy("(-1,)", "<f8", b"") for name in names}),
        "objects.npz": _zip({name: _npy("(1,)", "|O", b"\x80\x04.") for name in names}),
        "bomb.npz": _zip({name: bytes(10**8) for name in names}, zipfile.ZIP_DEFLATED),
        "no-array.npz": _zip({}),
        "texts.npz": labelled(positions=np.array(["a", "b"])),
        "complex.npz": labelled(positions=np.zeros((2, 3, 3), complex)),
        "nan.npz": labelled(positions=np.full((2, 3, 3), np.nan)),
        "other-shape.npz": labelled(forces=np.zeros((2, 3))),
        "no-dimension.npz": labelled(positions=np.array(3.0)),
        "species-negative.npz": labelled(species=np.array([-8, 1, 1])),
        "species-float.npz": labelled(species=np.array([8.5, 1, 1])),
        "species-huge.npz": labelled(species=np.array([2**63, 1, 1], dtype=np.uint64)),
        "no-frame.npz": labelled(positions=np.zeros((0, 3, 3)), energies=np.zeros(0), forces=np.zeros((0, 3, 3))),
    }
    files |= {f"cut-at-{end}.npz": good[:end] for end in range(4, len(good), len(good) // 12)}
    return files


def _models(content: bytes) -> dict[str, bytes]:
    draw = np.random.default_rng(0)
    size = len(content)
    files = {f"cut-at-{end}": content[:end] for end in (4, 8, 9, 100, size // 3, size // 2, size - 1)}
    for place in draw.choice(size, 6, replace=False):
        broken = bytearray(content)
        broken[place] ^= 1 << int(draw.integers(8))
        files[f"flip-at-{place}"] = bytes(broken)
    length = int.from_bytes(content[:8], "little")
    files["header-2^63"] = (2**63).to_bytes(8, "little") + content[8:]
    files["header-2^24"] = (2**24).to_bytes(8, "little") + content[8:]
    files["deep-header"] = (100_000).to_bytes(8, "little") + b'{"a":' + b"[" * 99_995
    header = json.loads(content[8 : 8 + length])
    for name, change in {
        "claims-shape": {"shape": [2**40, 2**40]},
        "claims-offsets": {"data_offsets": [0, 2**60]},
        "negative-shape": {"shape": [-1]},
        "huge-shape": {"shape": [10**70]},
    }.items():
        changed = dict(header)
        key = next(key for key in header if key != "__metadata__")
        changed[key] = header[key] | change
        text = json.dumps(changed).encode()
        files[name] = len(text).to_bytes(8, "little") + text + content[8 + length :]
    return files


class TooLong(Exception):
    """A reader that took more than `SECONDS`."""


def _stop(*_: object) -> None:
    raise TooLong


def attempt(arguments: list[str]) -> dict[str, object]:
    """Run one command line in this process; return its exit code, what it said, and the seconds it took."""
    from gaq.cli.main import outcome

    said, printed = io.StringIO(), io.StringIO()
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
            code: object = outcome(arguments)
    except BaseException:
        code = traceback.format_exc()[-1500:]
    finally:
        signal.alarm(0)
    return {"code": code, "said": said.getvalue(), "seconds": time.monotonic() - began}


def main(folder: str, lines: list[tuple[list[str], list[str]]]) -> None:
    """The process: limits its own memory, then tries every command line on every file that is for it."""
    os.chdir(folder)
    import torch  # noqa: F401 (its pages are not those of a reader)

    import gaq.cli.main  # noqa: F401

    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    for line, (template, files) in enumerate(lines):
        for file in files:
            arguments = [part.replace("{}", file) if isinstance(part, str) else part for part in template]
            print(json.dumps({"line": line, "file": file} | attempt(arguments)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
