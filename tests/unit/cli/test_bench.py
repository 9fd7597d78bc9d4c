"""What `gaq bench` says: rows that agree with each other, each with its controls, and reasons for who is missing.

Candidates here take what time the test gives them; nothing is asserted about the speed of anything.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from built import native_library
from gaq.cli import bench as module
from gaq.cli.bench import measured
from gaq.cli.bench_models import BenchModel, open_models
from gaq.cli.candidates import COMPILED, EAGER, NATIVE, NATIVE_FLOAT, Conditions, Entrant, Field, controls_of, enter
from gaq.cli.deployed import identity_of
from gaq.cli.fresh_start import fresh_start
from gaq.cli.main import outcome
from gaq.cli.stage_progress import StageProgress
from gaq.errors import NotAvailable, UsageError
from gaq.measure.ledger import Row, read_rows
from gaq.measure.speed import Candidate
from gaq.quant.presets import w4
from gaq.train.checkpoint import save_checkpoint
from tiny import checkpoint, config, molecule

NAMED = Path(__file__)  # stands for the checkpoint that was named: its hash is the identity of a model
WATER = Conditions(molecule("H2O"), "water")


def model(
    name: str, recipe: str, network: tuple[object, ...] = ("small",), content: bytes | None = b"12345"
) -> BenchModel:
    return BenchModel(name, recipe, network, content, "" if content else "too wide", None, NAMED)


def entrant(name: str, recipe: str, engine: str, seconds: float, network: tuple[object, ...] = ("small",)) -> Entrant:
    candidate = Candidate(f"{name} {engine}", lambda calls: np.full(calls, seconds))
    backward = 16 if engine == NATIVE else None
    return Entrant(WATER.subject(name, recipe, engine), candidate, model(name, recipe, network), backward)


def small_field() -> Field:
    return Field(
        [
            entrant("a.ckpt", "fp32", EAGER, 0.008),
            entrant("a.ckpt", "fp32", COMPILED, 0.004),
            entrant("a.ckpt", "fp32", NATIVE, 0.002),
            entrant("b.ckpt", "w4", NATIVE, 0.001),
            entrant("wide.ckpt", "w4", NATIVE, 0.003, ("wide",)),
        ]
    )


def rows_of(field: Field) -> list[Row]:
    with StageProgress() as watch:
        return measured(field, WATER, seconds=0.1, timestep=0.5, starts=False, watch=watch)


def test_every_candidate_has_its_rows():
    rows = rows_of(small_field())
    for name, engine in (("a.ckpt", EAGER), ("a.ckpt", COMPILED), ("a.ckpt", NATIVE), ("b.ckpt", NATIVE)):
        mine = {r.metric: r for r in rows if (r.model, r.engine) == (name, engine) and r.control is None}
        assert {"latency_ms", "throughput_per_s", "ns_per_day"} <= set(mine)
        assert mine["throughput_per_s"].value * mine["latency_ms"].value == pytest.approx(1e3)
        assert all((r.threads, r.batch, r.atoms, r.data) == (1, 1, 3, "water") for r in mine.values())
    assert {r.value for r in rows if r.metric == "file_bytes"} == {5.0}
    assert {r.identity for r in rows if r.engine == NATIVE} == {identity_of(NAMED, 16)}
    assert {r.identity for r in rows if r.engine != NATIVE} == {None}


def test_speedups_are_ratios_of_the_times_of_the_run():
    rows = rows_of(small_field())
    latency = {(r.model, r.engine): r.value for r in rows if r.metric == "latency_ms"}
    controls = {EAGER: ("a.ckpt", EAGER), COMPILED: ("a.ckpt", COMPILED), NATIVE_FLOAT: ("a.ckpt", NATIVE)}
    found = [r for r in rows if r.metric == "speedup"]
    for entry in found:
        assert entry.value == pytest.approx(latency[controls[entry.control]] / latency[entry.model, entry.engine])
    assert {r.control: r.value for r in found if r.model == "b.ckpt"} == {
        EAGER: pytest.approx(8.0),
        COMPILED: pytest.approx(4.0),
        NATIVE_FLOAT: pytest.approx(2.0),
    }


def test_nobody_is_compared_with_himself_or_with_another_network():
    field = small_field()
    for one in field.entrants:
        assert one not in controls_of(one, field.entrants).values()
    assert controls_of(field.entrants[-1], field.entrants) == {}
    wanted = [[], [EAGER], [EAGER, COMPILED], [EAGER, COMPILED, NATIVE_FLOAT], []]
    assert [list(controls_of(one, field.entrants)) for one in field.entrants] == wanted


def test_a_model_that_cannot_run_leaves_a_reason():
    with pytest.raises(UsageError, match="nothing to measure: m.ckpt: not in the native engine: too wide"):
        enter([model("m.ckpt", "w4", content=None)], WATER, torch=False)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A float checkpoint and a quantized one of the same small network."""
    sizes = config()
    for name, held in (("fp32", checkpoint(sizes)), ("w4", checkpoint(sizes, w4()))):
        save_checkpoint(tmp_path / f"{name}.ckpt", held)
    return [str(tmp_path / "fp32.ckpt"), str(tmp_path / "w4.ckpt")]


def test_models_know_their_network_and_their_recipe(files, tmp_path):
    native_library()
    opened = open_models(files)
    assert [m.recipe for m in opened] == ["fp32", "w4"]
    assert opened[0].network == opened[1].network
    packed = tmp_path / "w4.gaq"
    packed.write_bytes(opened[1].content)
    (again,) = open_models([str(packed)])
    assert again.checkpoint == tmp_path / "w4.ckpt"
    assert again.network == opened[1].network
    assert open_models([str(packed)], torch=False)[0].checkpoint is None


def test_a_control_of_another_network_is_refused(files, tmp_path):
    save_checkpoint(tmp_path / "other.ckpt", checkpoint(config(layers=1)))
    packed = tmp_path / "w4.gaq"
    packed.write_bytes(open_models(files[1:])[0].content)
    with pytest.raises(UsageError, match="other.ckpt is not the network of .*w4.gaq"):
        open_models([str(packed)], control=tmp_path / "other.ckpt")


def test_two_files_of_one_name_are_told_apart(files, tmp_path):
    (tmp_path / "b").mkdir()
    other = tmp_path / "b" / "fp32.ckpt"
    other.write_bytes(Path(files[0]).read_bytes())
    assert [m.name for m in open_models([files[0], str(other)])] == [files[0], str(other)]


def test_the_command_writes_rows(files, tmp_path, monkeypatch, capsys):
    native_library()
    monkeypatch.setattr(module, "STARTS", 1)
    target = tmp_path / "rows.jsonl"
    options = ["--no-torch", "--seconds", "0.01", "--backward", "8", "--backward", "16", "--json", str(target)]
    assert outcome(["bench", *files, *options]) == 0
    rows = read_rows(target)
    assert {(r.model, r.recipe) for r in rows} == {("fp32.ckpt", "fp32"), ("w4.ckpt", "w4-b8"), ("w4.ckpt", "w4-b16")}
    metrics = {"latency_ms", "throughput_per_s", "ns_per_day", "peak_memory_mb", "startup_ms", "file_bytes"}
    assert metrics <= {r.metric for r in rows if r.recipe == "w4-b8"}
    assert all(r.value > 0 and r.isa for r in rows if r.engine == NATIVE)
    assert {r.control for r in rows if r.metric == "speedup"} == {NATIVE_FLOAT}
    assert "no PyTorch" not in capsys.readouterr().out


def test_kernels_have_a_row_each(tmp_path, monkeypatch):
    native_library()
    monkeypatch.setattr(module, "KERNEL_SECONDS", 0.001)
    monkeypatch.setattr(module, "SHAPES", ((3, 32, 16), (24, 64, 64)))
    target = tmp_path / "rows.jsonl"
    assert outcome(["bench", "--kernels", "--json", str(target)]) == 0
    rows = read_rows(target)
    assert {(r.model, r.data) for r in rows} == {
        (kernel, shape) for kernel in module.KERNELS for shape in ("3 × 32 → 16", "24 × 64 → 64")
    }
    assert all(r.value > 0 and r.unit == "GOP/s" for r in rows)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name a MODEL to measure, or --kernels"),
        (["missing.gaq"], "missing.gaq"),
        (["--kernels", "--backward", "4"], "--backward 4: expected 8, 16, 32"),
    ],
)
def test_wrong_usage(arguments, complaint, capsys):
    assert outcome(["bench", *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_a_new_process_that_fails_is_noticed(tmp_path):
    with pytest.raises(NotAvailable, match="a new process with nothing.gaq in native exited with status 1"):
        fresh_start(NATIVE, tmp_path / "nothing.gaq", molecule("H2O"))


def test_a_new_process_in_pytorch_tells_its_memory(files):
    start = fresh_start(EAGER, Path(files[0]), molecule("CH3OH"))
    assert start.seconds > 0
    assert start.peak_bytes > 5e7  # PyTorch alone
    assert 0 <= start.growth_bytes < start.peak_bytes
