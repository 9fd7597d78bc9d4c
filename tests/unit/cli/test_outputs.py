"""What each verb recognises as its own output, and that no verb replaces anything else."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from gaq.claims import FileKind
from gaq.cli import outputs
from gaq.cli.main import GROUPS, VERBS, outcome
from gaq.cli.outputs import claim_output, expect_different, rows_kind
from gaq.errors import BadFile, UsageError
from gaq.measure.ledger import Row, write_rows

FOREIGN = {
    "text": b"The only copy of my thesis\n",
    "page": b"<!doctype html><html><title>Not of gaq</title></html>",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(2000),
    "rows of others": b'{"metric": "bleu"}\n',
    "settings": b"epochs = 10\n[data]\nfile = 'a.xyz'\n",
    "archive": b"PK\x03\x04" + bytes(100),
    "tensors": b"\x02\x00\x00\x00\x00\x00\x00\x00{}",
    "deep": b"[" * 4000,
}
KINDS = [value for value in vars(outputs).values() if isinstance(value, FileKind)] + [rows_kind(), rows_kind("item")]
# Verbs that write into a folder of their own, which has rules of its own.
WITHOUT_OVERWRITE = {"demo"}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_foreign_is_taken_for_an_own_output(tmp_path, kind, content):
    path = tmp_path / "model.gaq"  # an ending says nothing
    path.write_bytes(content)
    with pytest.raises(BadFile, match="--overwrite"):
        claim_output(path, kind, overwrite=False)
    claim_output(path, kind, overwrite=True)
    assert path.read_bytes() == content


def test_own_rows_and_pictures_are_replaced(tmp_path):
    rows, picture = tmp_path / "rows.jsonl", tmp_path / "a.png"
    write_rows(rows, [Row("force_mae", 1.0, "meV/Å", "m", "r", "torch", "d", 1)])
    claim_output(rows, rows_kind(), overwrite=False)
    plots = pytest.importorskip("matplotlib.figure")
    from gaq.report.style import write_png

    write_png(picture, plots.Figure())
    claim_output(picture, outputs.PICTURE, overwrite=False)


def test_own_packed_models_are_replaced():
    models = Path(__file__).resolve().parents[3] / "models"
    claim_output(models / "rmd17-ethanol-mixed-w4a16.gaq", outputs.PACKED, overwrite=False)


def test_two_outputs_under_one_name(tmp_path):
    expect_different(None, None, tmp_path / "a", Path("/dev/null"), Path("/dev/null"))
    with pytest.raises(UsageError, match="two outputs"):
        expect_different(tmp_path / "a", tmp_path / "x" / ".." / "a")


def commands():
    found = {verb.name: verb.function for verb in VERBS}
    for name, group in GROUPS:
        found |= {f"{name} {command.callback.__name__}": command.callback for command in group.registered_commands}
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_verb_that_writes_a_file_can_be_told_to_replace_it(name):
    parameters = inspect.signature(commands()[name]).parameters
    writes = {"out", "output", "json_file", "plot", "predictions"} & parameters.keys()
    assert ("overwrite" in parameters) == bool(writes) or name in WITHOUT_OVERWRITE


@pytest.mark.parametrize(
    "words",
    [
        ("check", "none.gaq", "--json"), ("check", "none.gaq", "--plot"),
        ("evaluate", "none.gaq", "--data", "x", "--json"),
        ("evaluate", "none.gaq", "--data", "x", "--predictions"),
        ("bench", "none.gaq", "--json"),
        ("export", "none.ckpt", "--json"), ("show", "none.gaq", "--json"), ("report", ".", "--json"),
        ("report", ".", "-o"), ("doctor", "--json"), ("data", "info", "embedded", "--json"),
        ("sensitivity", "none.ckpt", "--data", "x", "--json"), ("sensitivity", "none.ckpt", "--data", "x", "--plot"),
        ("md", "none.gaq", "none.xyz", "--steps", "5", "-o", "run.xyz", "--json"),
        ("data", "label", "ethanol", "-o"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_verb_replaces_a_foreign_file(tmp_path, monkeypatch, capsys, words):
    """It is refused before anything is computed: the models named here do not exist."""
    monkeypatch.chdir(tmp_path)
    name = {"--plot": "mine.png", "-o": "mine.xyz"}.get(words[-1], "mine.txt")
    Path(name).write_bytes(FOREIGN["text"])
    assert outcome([*words, name]) == 2
    assert f"{name} is there already" in capsys.readouterr().err
    assert Path(name).read_bytes() == FOREIGN["text"]
