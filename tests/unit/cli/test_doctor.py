"""gaq doctor: what it reads of a machine, and that its self-tests can fail."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json

import numpy as np
import torch

import gaq.engine
from built import native_library
from gaq.atoms.structure import Labels, Structure
from gaq.cli import doctor
from gaq.cli.main import outcome
from gaq.data.dataset import Dataset
from gaq.engine.packing import packed_in_memory
from gaq.errors import BadFile
from gaq.pack.format import from_bytes, to_bytes
from gaq.quant.install import preset
from tiny import config, network

ZEN = "processor : 0\nflags\t\t: fpu sse4_1 avx avx2 fma avx512f avx512_vnni rdrand\nbugs : x\n"
ARM = "processor : 0\nFeatures\t: fp asimd asimddp i8mm\n"


def test_instruction_sets_of_two_machines():
    assert doctor.instruction_sets(ZEN) == ["sse4_1", "avx", "avx2", "fma", "avx512f", "avx512_vnni"]
    assert doctor.instruction_sets(ARM) == ["asimd", "asimddp", "i8mm"]
    assert doctor.instruction_sets("model name : something\n") == []


def test_products_are_exact_up_to_the_bound_and_noticed_beyond_it():
    assert doctor.exact_products().fine is True
    # 127^2 * 2401 is odd and above 2^24: no float32 holds it.
    assert doctor.exact_products(rows=2401).fine is False


def test_doctor_writes_its_findings_and_leaves_with_0(tmp_path, capsys):
    assert outcome(["doctor", "--json", str(tmp_path / "a.jsonl")]) == 0
    findings = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    items = {finding["item"]: finding for finding in findings}
    assert items["torch"]["value"] == importlib.metadata.version("torch")
    assert items["engine torch"]["value"].split(", ")[0] == torch.__version__
    assert "engine native" in items
    assert items["products of codes are exact"]["fine"] is True
    assert items["embedded data"]["fine"] is True
    assert "embedded data" in capsys.readouterr().out


def test_the_native_engine_says_where_it_is_and_tests_itself(monkeypatch):
    path = native_library()
    found = {finding.item: finding for finding in doctor.native_engine()}
    assert str(path) in found["engine native"].value
    assert found["native kernels"].fine is True
    monkeypatch.setenv("GAQ_ISA", "altivec")
    (finding,) = doctor.native_engine()
    assert finding.fine is False
    assert "GAQ_ISA=altivec" in finding.value


def test_without_the_native_engine_the_way_to_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(gaq.engine, "__path__", [str(tmp_path)])
    (finding,) = doctor.native_engine()
    assert finding.fine is None
    assert "pip install" in finding.value


def test_golden_frames_of_a_packed_model(tmp_path, capsys):
    native_library()
    content = packed_in_memory(network(config()), preset("fp32"))
    (tmp_path / "a.gaq").write_bytes(content)
    assert doctor.golden_frames(tmp_path / "a.gaq").fine is True
    packed = from_bytes(content, "a")
    packed.arrays["golden.energies"] = packed.arrays["golden.energies"] + 0.01
    (tmp_path / "b.gaq").write_bytes(to_bytes(packed))
    assert doctor.golden_frames(tmp_path / "b.gaq").fine is False
    assert outcome(["doctor", "--model", str(tmp_path / "b.gaq")]) == 1
    assert outcome(["doctor", "--model", str(tmp_path / "none.gaq")]) == 2


def test_broken_embedded_data_are_a_finding(monkeypatch):
    def refuse(_: str) -> None:
        raise BadFile("embedded.npz is empty.")

    monkeypatch.setattr(doctor, "read_dataset", refuse)
    assert doctor.embedded_data() == doctor.Finding("embedded data", "embedded.npz is empty.", False)


def test_a_frame_that_pulls_on_itself_is_noticed(monkeypatch):
    structure = Structure.molecule(np.array([1, 1]), np.array([[0.0, 0, 0], [0.1, 0.2, 0.7]]))
    balanced = Labels(0.0, np.array([[0.0, 0, 1], [0, 0, -1]]))
    pulling = Labels(0.0, np.array([[0.0, 0, 1], [0, 0, -0.9]]))
    for labels, fine in ((balanced, True), (pulling, False)):
        dataset = Dataset("x", (structure,), (labels,), "")
        monkeypatch.setattr(doctor, "read_dataset", lambda _, dataset=dataset: dataset)
        assert doctor.embedded_data().fine is fine


def test_a_missing_extra_comes_with_its_command(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    extras = {finding.item: finding.value for finding in doctor._extras()}
    assert ".[label]" in extras["tblite"]
    assert ".[openmm]" in extras["openmmml"]
    assert "gaq data label" in extras["tblite"]


def test_a_failed_self_test_leaves_with_1(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "embedded_data", lambda: doctor.Finding("x", "y", False))
    assert outcome(["doctor"]) == 1
    assert "FAILS" in capsys.readouterr().out


def test_without_torch_the_way_to_it_is_told_and_nothing_fails(monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch" else find(name))
    assert outcome(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "missing: training, quantization, export, checkpoints" in said
    assert "[train]" in said
    assert "products of codes" not in said
    assert "embedded data" in said


def test_a_folder_for_json_is_refused(tmp_path, capsys):
    assert outcome(["doctor", "--json", str(tmp_path)]) == 2
    assert "BadFile: " in capsys.readouterr().err
