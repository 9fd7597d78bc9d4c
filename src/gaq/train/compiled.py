"""Gradients by a compiled graph: the same numbers up to round-off, several times as fast on a processor core.

Steps run one by one until the graph is ready, which a child process compiles; the cache keeps it for later runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from gaq.errors import BadFile, NotAvailable, UsageError
from gaq.model.layered import Layered
from gaq.model.one_graph import NEEDS, Graph, first_line, load_library, one_graph
from gaq.quant.direction_spec import KMeans
from gaq.quant.recipe import Recipe
from gaq.quant.spec import Polar, Spec
from gaq.train import graph_cache
from gaq.train.compilation import Compilation, CompilationFailed
from gaq.train.config import LossConfig
from gaq.train.gradients import Gradients, TrainBatch, step_by_step
from gaq.train.graph_key import compiler, graph_key
from gaq.train.loss_graph import LossGraph, inputs_of, kind_of

Kind = tuple[bool, bool, bool]
ALIKE = 0.01  # of the loss: round-off can flip codes of a quantized network, a graph of another network is far off

STARTED = "compiling the training step in the background; steps run uncompiled until it is ready"
CACHED = "the compiled training step is taken from the cache"


@dataclass(frozen=True)
class _Awaited:
    """A graph that is not in use yet: one that is being compiled, or one in the cache."""

    key: str
    compilation: Compilation | None

    def is_there(self) -> bool:
        return self.compilation is None or self.compilation.is_done()

    @property
    def remark(self) -> str:
        if self.compilation is None:
            return CACHED
        return f"the compiled training step is used from here on ({self.compilation.seconds:.0f} s to compile)"


@dataclass
class CompiledGradients(Gradients):
    """`Gradients` by one graph for batches of any size.

    It is for the stage in which all quantizers of a recipe are on, and for two structures, atoms, pairs and species or
    more. The rest is differentiated operation by operation. With `wait` the first step waits for the graph.
    """

    wait: bool = False
    _graphs: dict[Kind, Graph] = field(default_factory=dict)
    _awaited: dict[Kind, _Awaited] = field(default_factory=dict)
    _given_up: set[Kind] = field(default_factory=set)
    _remarks: list[str] = field(default_factory=list)

    def __call__(self, model: Layered, train_batch: TrainBatch, config: LossConfig) -> Tensor:
        batch, kind = train_batch.batch, kind_of(train_batch)
        small = min(batch.count, len(batch.species), len(batch.edges.receiver), len(model.species)) < 2
        complete = all(quantizer.active for quantizer in model.quantizers())
        if not small and kind not in self._graphs and kind not in self._given_up:
            self._proceed(LossGraph(model, train_batch, config), kind, complete)
        if small or not complete or kind not in self._graphs:
            return step_by_step(model, train_batch, config)
        return _by_graph(self._graphs[kind], model, train_batch)

    def remarks(self) -> tuple[str, ...]:
        found, self._remarks = tuple(self._remarks), []
        return found

    def close(self) -> None:
        for awaited in self._awaited.values():
            if awaited.compilation is not None:
                awaited.compilation.close()
        self._awaited.clear()

    def _proceed(self, graph: LossGraph, kind: Kind, complete: bool) -> None:
        """Find out where the graph is, have it compiled if it is nowhere, and use it as soon as it is there.

        It is begun before all quantizers are on, and used, which needs the `complete` network, from then on.
        """
        if graph.train_batch.batch.positions.device.type != "cpu":
            if complete:
                self._graphs[kind] = _in_this_process(graph)
            return
        try:
            if kind not in self._awaited:
                key = graph_key(graph)
                cached = graph_cache.find(key) is not None
                self._awaited[kind] = _Awaited(key, None if cached else self._begin(graph, key))
            if complete and self._awaited[kind].is_there():
                self._use(graph, kind, self._awaited.pop(kind))
        except (CompilationFailed, BadFile, OSError) as failure:  # a disk that is full, or no more processes
            if self.wait:
                raise NotAvailable(_failure(failure)) from failure
            self._awaited.pop(kind, None)
            self._given_up.add(kind)
            self._remarks.append(f"warning: {_failure(failure)} Training continues uncompiled.")

    def _begin(self, graph: LossGraph, key: str) -> Compilation:
        compilation = Compilation(graph, key)
        self._remarks.append(STARTED)
        if self.wait:
            compilation.wait()
        return compilation

    def _use(self, graph: LossGraph, kind: Kind, awaited: _Awaited) -> None:
        """Load the graph; one of the cache that cannot be used is compiled again."""
        found = _loaded(awaited.key, graph)
        if found is not None:
            self._graphs[kind] = found
            self._remarks.append(awaited.remark)
        elif awaited.compilation is None:
            self._awaited[kind] = _Awaited(awaited.key, self._begin(graph, awaited.key))
        else:
            raise CompilationFailed("the compiled step cannot be loaded, or has another loss than the network")


def compiled_for(recipe: Recipe, *, wait: bool = False) -> CompiledGradients:
    """Return what differentiates a network with this recipe.

    With `wait` its first step waits for the compiled graph and raises `NotAvailable` if there is none. Raises
    `UsageError` for a recipe that does what no graph can hold, `NotAvailable` without a compiler, `BadFile` for a cache
    that others can write to.
    """
    for rule in recipe.rules:
        if _moves(rule.spec):
            raise UsageError(
                f"recipe {recipe.name!r} has a codebook that moves in {rule.target}, which a compiled graph cannot do. "
                "Train it without `compile`."
            )
    compiler()
    graph_cache.folder()
    return CompiledGradients(wait)


def _moves(spec: Spec) -> bool:
    return isinstance(spec, Polar) and isinstance(spec.directions, KMeans) and spec.directions.decay > 0


def _by_graph(graph: Graph, model: Layered, train_batch: TrainBatch) -> Tensor:
    loss, *gradients = graph(list(inputs_of(model, train_batch).values()))
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient
    return loss


def _loaded(key: str, graph: LossGraph) -> Graph | None:
    """Return the graph in the cache; None for one that is not there or does not compute this loss, which is removed."""
    path = graph_cache.find(key)
    if path is None:
        return None
    try:
        found = load_library(path)
        if _agrees(found, graph):
            return found
    except RuntimeError:  # whatever is wrong with a library
        pass
    graph_cache.forget(path)
    return None


def _agrees(found: Graph, graph: LossGraph) -> bool:
    """Return whether the loss of a batch is that of the network. Leaves no gradients behind."""
    model = graph.model
    expected = step_by_step(model, graph.train_batch, graph.config)
    for parameter in model.parameters():
        parameter.grad = None
    loss, *gradients = found(list(graph.inputs.values()))
    same_shapes = [g.shape for g in gradients] == [p.shape for p in model.parameters()]
    return same_shapes and bool(torch.isclose(loss, expected, rtol=ALIKE, equal_nan=True))


def _in_this_process(graph: LossGraph) -> Graph:
    """Compile where it is used, as for a GPU."""
    inputs = graph.inputs
    varying = {index for index, name in enumerate(inputs) if name in graph.varying}
    try:
        return one_graph(graph.function(), list(inputs.values()), varying)
    except Exception as error:  # whatever a compiler and its tool chain raise
        raise NotAvailable(_failure(f"{type(error).__name__}: {first_line(error)}")) from error


def _failure(reason: object) -> str:
    return f"the training step could not be compiled: {reason}. {NEEDS}; without `compile` neither is needed."
