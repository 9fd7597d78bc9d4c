"""The programs that run gaq's models, their purpose, and how to install them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType

from gaq.errors import NotAvailable
from gaq.extras import Extra, how_to_install


@dataclass(frozen=True)
class Host:
    """A program that uses a model as its force field."""

    module: str  # import name
    distribution: str  # name for pip
    extra: Extra
    purpose: str


HOSTS = (
    Host("openmm", "openmm", "openmm", "dynamics in OpenMM (gaq.simulate.openmm)"),
    Host("openmmml", "openmmml", "openmm", "models by name in OpenMM-ML, and parts of larger systems"),
    Host("ipi", "ipi", "ipi", "path integrals and more with i-PI (gaq.simulate.ipi)"),
    Host("torch_sim", "torch-sim-atomistic", "torchsim", "batches of systems in torch-sim (gaq.simulate.torch_sim)"),
)


def imported(module: str) -> ModuleType:
    """Return the module of a host. Raises `NotAvailable` with the command that installs it."""
    (host,) = (h for h in HOSTS if h.module == module)
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise NotAvailable(
            f"{host.distribution} could not be imported ({error}). {how_to_install(host.extra)}"
        ) from error
