"""The key of a compiled graph: a hash of everything that the graph depends on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import torch

from gaq.errors import NotAvailable
from gaq.train.loss_graph import LossGraph, kind_of

FORMAT = 1  # of the libraries; another one when they are compiled in another way
SOURCES = ("atoms", "geometry", "model", "quant", "train")  # where a loss is computed
ENVIRONMENT = ("TORCHINDUCTOR_", "AOT_INDUCTOR_", "AOTINDUCTOR_")  # variables that change what is compiled
CPU = ("model name", "flags", "CPU implementer", "CPU part", "Features")  # lines of /proc/cpuinfo


def compiler() -> str:
    """Return the C++ compiler that PyTorch calls. Raises `NotAvailable` when there is none."""
    name = os.environ.get("CXX") or "g++"
    found = shutil.which(name)
    if found is None:
        raise NotAvailable(
            f"`compile` needs a C++ compiler, and there is no {name} (Debian: apt-get install g++; CXX names another). "
            "Without `compile` none is needed."
        )
    return found


def graph_key(graph: LossGraph) -> str:
    """Return a hash of the network, its quantizers, the loss, kinds and sizes of inputs, sources, versions and
    processor.

    Values of tensors are inputs of the graph, and the species matter by their number alone. Networks and quantizers
    compute the same wherever their configurations, specs and sources are the same.
    """
    model, varying = graph.model, graph.varying
    quantizers = [(q.slot.name, str(q.slot), str(q.spec)) for q in model.quantizers()]
    modules = [(name, f"{type(m).__module__}.{type(m).__qualname__}") for name, m in model.named_modules()]
    tensors = [
        (name, str(t.dtype), str(t.device), [-1, *t.shape[1:]] if name in varying else [*t.shape])
        for name, t in graph.inputs.items()
    ]
    about = {
        "format": FORMAT,
        "network": model.config.model_dump(mode="json"),
        "species": len(model.species),
        "modules": modules,
        "quantizers": quantizers,
        "loss": graph.config.model_dump(mode="json"),
        "kind": kind_of(graph.train_batch),
        "tensors": tensors,
        "sources": _sources(frozenset(type(m).__module__ for m in model.modules())),
        "threads": torch.get_num_threads(),
        "torch": [torch.__version__, torch.version.git_version],
        "compiler": [compiler(), _version(compiler())],
        "processor": _processor(),
        "environment": sorted(pair for pair in os.environ.items() if pair[0].startswith(ENVIRONMENT)),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


@cache
def _sources(modules: frozenset[str]) -> str:
    """Return a hash of the sources of gaq that losses come from, and of the other modules with parts of a network."""
    root = Path(__file__).parents[1]
    own = [path for name in SOURCES for path in (root / name).rglob("*.py")]
    files = {getattr(sys.modules.get(name), "__file__", None) for name in modules if not name.startswith("gaq.")}
    others = [Path(file) for file in files if file is not None]
    total = hashlib.sha256()
    for path in sorted({*own, *others}):
        total.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


@cache
def _version(program: str) -> str:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.partition("\n")[0]


@cache
def _processor() -> list[str]:
    found = [platform.system(), platform.machine(), torch.backends.cpu.get_cpu_capability()]
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return [*found, platform.processor()]
    first = text.partition("\n\n")[0]
    return found + [line for line in first.splitlines() if line.startswith(CPU)]
