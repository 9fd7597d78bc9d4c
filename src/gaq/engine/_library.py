"""The shared library through its C interface (native/include/gaq.h and gaq_debug.h): path, signatures, version check.

Structs of atoms and results are NumPy records, so that a batch of them is one array; the rest is ctypes. Before any
call the library's interface version and the size of each struct are compared with those of this file.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path

import numpy as np

from gaq.errors import NotAvailable

ABI = 4
FILE = "libgaq.dylib" if sys.platform == "darwin" else "libgaq.so"

OK, BAD_FILE, BAD_STRUCTURE, UNKNOWN_ELEMENT, BAD_ARGUMENT, NO_MEMORY, INTERNAL, UNSTABLE, NOT_FINITE, OUTSIDE = range(
    10
)
ERROR_BYTES = 2048

HOW_TO_GET_IT = (
    "It is built with gaq if there is a C++17 compiler: install one (Debian: apt-get install g++), "
    "then gaq again, in its folder, with `pip install -e .`. Checkpoints run without it, in PyTorch."
)


class Options(ctypes.Structure):
    """`gaq_options`. Zero: as the file says, or the default."""

    _fields_ = (
        ("threads", ctypes.c_int32),
        ("backward_bits", ctypes.c_int32),
        ("skin", ctypes.c_double),  # Å
        ("strict", ctypes.c_int32),
    )


class Exchange(ctypes.Structure):
    """`gaq_exchange`: the two functions that fill and collect rows of ghost atoms."""

    Function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)
    _fields_ = (("context", ctypes.c_void_p), ("forward", Function), ("backward", Function))


class Info(ctypes.Structure):
    """`gaq_info`: facts of the file."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in ("channels", "layers")),
        ("species_count", ctypes.c_int32),
        ("backward_bits", ctypes.c_int32),
        ("cutoff", ctypes.c_double),  # Å
        ("species", ctypes.POINTER(ctypes.c_int32)),
        ("architecture", ctypes.c_char_p),
        ("recipe", ctypes.c_char_p),
        ("isa", ctypes.c_char_p),
        ("arena_bytes", ctypes.c_int64),
        ("neighbor_builds", ctypes.c_int64),
        ("outside", ctypes.c_int64),
    )


class CDynamics(ctypes.Structure):
    """`gaq_dynamics`: time step and thermostat."""

    _fields_ = (
        ("dt", ctypes.c_double),  # fs
        ("thermal_energy", ctypes.c_double),  # eV
        ("relaxation", ctypes.c_double),  # fs
        ("seed", ctypes.c_uint64),
        ("thermostat", ctypes.c_int32),
        ("degrees_of_freedom", ctypes.c_int32),
    )


class CMotion(ctypes.Structure):
    """`gaq_motion`: atoms in motion, in buffers that the steps change."""

    _fields_ = (
        ("step", ctypes.c_int64),
        ("heat", ctypes.c_double),  # eV
        *((name, ctypes.c_void_p) for name in ("inverse_masses", "positions", "velocities", "forces", "energy")),
    )


# `gaq_system` and `gaq_result`; pointers are integers of their size.
SYSTEM = np.dtype(
    [("atoms", "i8"), ("species", "u8"), ("positions", "u8"), ("cell", "u8"), ("periodic", "i4", (3,))], align=True
)
RESULT = np.dtype([(name, "u8") for name in ("energy", "forces", "virial", "atomic_energies")], align=True)

# In the order in which `gaq_sizeof` counts them.
SIZES = (
    ("gaq_options", ctypes.sizeof(Options)),
    ("gaq_system", SYSTEM.itemsize),
    ("gaq_result", RESULT.itemsize),
    ("gaq_exchange", ctypes.sizeof(Exchange)),
    ("gaq_info", ctypes.sizeof(Info)),
    ("gaq_dynamics", ctypes.sizeof(CDynamics)),
    ("gaq_motion", ctypes.sizeof(CMotion)),
)

TAP = ctypes.CFUNCTYPE(
    *(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int32),
    ctypes.POINTER(ctypes.c_float),
)

_HANDLE, _ARRAY, _TEXT = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p
_INT32, _INT64, _SIZE, _DOUBLE = ctypes.c_int32, ctypes.c_int64, ctypes.c_size_t, ctypes.c_double
_OPTIONS = ctypes.POINTER(Options)

# name: (result, arguments)
SIGNATURES = {
    "gaq_abi": (_INT32, ()),
    "gaq_sizeof": (_SIZE, (_INT32,)),
    "gaq_version": (_TEXT, ()),
    "gaq_isa": (_TEXT, ()),
    "gaq_open": (_HANDLE, (_TEXT, _OPTIONS, _TEXT, _SIZE)),
    "gaq_open_bytes": (_HANDLE, (_TEXT, _SIZE, _OPTIONS, _TEXT, _SIZE)),
    "gaq_close": (None, (_HANDLE,)),
    "gaq_describe": (_INT32, (_HANDLE, ctypes.POINTER(Info))),
    "gaq_warning": (_TEXT, (_HANDLE,)),
    "gaq_evaluate": (_INT32, (_HANDLE, _ARRAY, _ARRAY)),
    "gaq_evaluate_batch": (_INT32, (_HANDLE, _INT64, _ARRAY, _ARRAY, ctypes.POINTER(_INT64))),
    "gaq_evaluate_domain": (_INT32, (_HANDLE, _ARRAY, _INT64, ctypes.POINTER(Exchange), _ARRAY)),
    "gaq_move": (_INT32, (_HANDLE, _ARRAY, ctypes.POINTER(CDynamics), ctypes.POINTER(CMotion), _INT64)),
    "gaq_last_error": (_TEXT, (_HANDLE,)),
    "gaq_set_tap": (_INT32, (_HANDLE, TAP, ctypes.c_void_p)),
    "gaq_encode": (_INT32, (_HANDLE, _TEXT, _INT64, _INT32, _INT32, _ARRAY, _ARRAY, _ARRAY, _ARRAY, _ARRAY, _ARRAY)),
    "gaq_linear": (_INT32, (_HANDLE, _TEXT, _INT64, _ARRAY, _ARRAY, _ARRAY)),
    "gaq_self_test": (_INT32, (_TEXT, _SIZE)),
    "gaq_kernel_speed": (_DOUBLE, (_TEXT, _INT64, _INT32, _INT32, _DOUBLE)),
}


def find_library() -> Path:
    """Return the library next to this module, or that of an editable installation. Raises `NotAvailable`."""
    import gaq.engine

    for folder in gaq.engine.__path__:
        if (Path(folder) / FILE).is_file():
            return Path(folder) / FILE
    raise NotAvailable(f"the native engine is not part of this installation. {HOW_TO_GET_IT}")


@cache
def load_library(path: Path | None = None) -> ctypes.CDLL:
    """Load the library at `path`, or the installed one, and set its signatures.

    Raises `NotAvailable` if it is missing, has another interface, or cannot be loaded on this machine.
    """
    path = find_library() if path is None else path
    try:
        library = ctypes.CDLL(str(path))
        _check_interface(library, path)
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise NotAvailable(f"{path} cannot be used as gaq's native engine ({error}). {HOW_TO_GET_IT}") from error
    return library


def _check_interface(library: ctypes.CDLL, path: Path) -> None:
    library.gaq_sizeof.restype = ctypes.c_size_t
    other = f"Build it again from the same source as this Python package: make native, or pip install. {path}"
    if library.gaq_abi() != ABI:
        raise NotAvailable(f"the native engine has interface {library.gaq_abi()}, this package needs {ABI}. {other}")
    for place, (name, size) in enumerate(SIZES):
        if library.gaq_sizeof(place) != size:
            raise NotAvailable(
                f"the native engine's {name} has {library.gaq_sizeof(place)} bytes, this package's {size}. {other}"
            )
