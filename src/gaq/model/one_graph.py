"""One graph of a function of tensors, derivatives inside it included, compiled by inductor in memory or as a file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

Graph = Callable[[Sequence[Tensor]], Sequence[Tensor]]

NEEDS = "PyTorch compiles with a C++ compiler and Python's headers (Debian: apt-get install g++ python3-dev)"


def one_graph(function: Graph, inputs: Sequence[Tensor], varying: Collection[int] = ()) -> Graph:
    """Return the same function, without gradients of its own; takes minutes to make.

    Sizes are those of `inputs`, but for the first size of those whose index is in `varying`: it may be any from two on.
    `torch.compile` of a function that calls autograd breaks at the call and is not half as fast. Inputs that the
    function differentiates with respect to must require gradients here, not later. Raises whatever a compiler and its
    tool chain raise.
    """
    import torch._inductor.config as settings
    from torch._inductor.compile_fx import compile_fx

    with warnings.catch_warnings(action="ignore"), torch.no_grad(), settings.patch(cpp_wrapper=True):
        trace, fakes = _traced(function, inputs, varying)
        compiled: Any = compile_fx(trace, fakes)
        compiled(*(t.detach() for t in inputs))  # compiled at the first call, under these settings

    def call(given: Sequence[Tensor]) -> Sequence[Tensor]:
        with torch.no_grad():
            found: Sequence[Tensor] = compiled(*given)
            return found

    return call


def one_library(function: Graph, inputs: Sequence[Tensor], varying: Collection[int], folder: Path) -> Path:
    """Compile the same function into a shared library for `load_library`, ahead of time, and return its path.

    All files are made in `folder`, which holds some megabytes besides the library. For inputs on a processor. Raises
    whatever a compiler and its tool chain raise.
    """
    from torch._inductor.compile_fx import compile_fx_aot

    with warnings.catch_warnings(action="ignore"), torch.no_grad():
        trace, fakes = _traced(function, inputs, varying)
        made: Any = compile_fx_aot(trace, fakes, config_patches={"aot_inductor.output_path": str(folder / "graph")})
    return Path(made)


def load_library(path: Path) -> Graph:
    """Return the function in a shared library of `one_library`, with the same bounds on sizes.

    Loading executes what is in the file. Raises RuntimeError for one that cannot be loaded.
    """
    runner = torch._C._aoti.AOTIModelContainerRunnerCpu(str(path), 1)

    def call(given: Sequence[Tensor]) -> Sequence[Tensor]:
        with torch.no_grad():
            found: Sequence[Tensor] = runner.run([t.detach() for t in given])
            return found

    return call


def _traced(function: Graph, inputs: Sequence[Tensor], varying: Collection[int]) -> tuple[Any, list[Any]]:
    """Return the graph of operations, and inputs without values to compile it for."""
    from torch._inductor.decomposition import select_decomp_table
    from torch._subclasses import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.experimental.symbolic_shapes import ShapeEnv
    from torch.fx.graph import CodeGen

    mode = FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)
    fakes = [_fake(mode, t, f"input{i}" if i in varying else "") for i, t in enumerate(inputs)]
    table = select_decomp_table()
    make = make_fx(lambda given: list(function(given)), table, tracing_mode="symbolic", _allow_non_fake_inputs=True)
    with torch.enable_grad():
        trace = make(fakes)
    trace.graph.set_codegen(CodeGen())  # the list of inputs was a tree; what is compiled takes them one by one
    trace.recompile()
    return trace, [t.detach() for t in fakes]


def _fake(mode: Any, tensor: Tensor, varies: str) -> Tensor:
    """Return a tensor without values, its first size a symbol if it is one that varies."""
    from torch._dynamo.source import ConstantSource
    from torch.fx.experimental.symbolic_shapes import DimDynamic, StatelessSymbolicContext

    if not varies:
        fixed: Tensor = mode.from_tensor(tensor, static_shapes=True)
        return fixed
    sizes = [DimDynamic.DYNAMIC] + [DimDynamic.STATIC] * (tensor.dim() - 1)
    context: Any = StatelessSymbolicContext(dynamic_sizes=sizes)
    free: Tensor = mode.from_tensor(tensor, symbolic_context=context, source=ConstantSource(varies))
    return free


def first_line(error: Exception) -> str:
    """Of what a compiler says, the line that a user is shown."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason given")
