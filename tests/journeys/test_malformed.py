"""Every verb on every kind of malformed file: exit code 2 and one sentence, within seconds and bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import malformed
from gaq.train.checkpoint import save_checkpoint
from packed import file_of
from tiny import checkpoint, config

pytestmark = pytest.mark.long

NONSENSE = ("random-*", "empty", "zeros", "ones", "newlines", "nul.txt", "pickle.pkl")
MODELS = (*NONSENSE, "*.ckpt", "*.gaq", "claims-112-GiB.npz", "deep.json", "nan.xyz")
FRAMES = (*NONSENSE, "*.xyz", "*.npz", "cut.*", "POSCAR", "deep.json", "flip-at-*")
TEXTS = (*NONSENSE, "*.toml", "*.json", "cut-at-100.ckpt", "objects.npz")
# A whole file that looks damaged, or a damage that leaves a whole file.
MAY_PASS = {"long-line.xyz", "cut-at-299.xyz", "element.xyz"}
# Wrong labels alone, which verbs that read structures do not look at.
LABELS = {"deep-comment.xyz", "nan-energy.xyz", "text-energy.xyz"}
STRUCTURES = ("start of md", "structure of check", "data of export", "data of quantize")
# Cut in a later frame, which verbs that read the first one do not look at.
LATER = {f"cut-at-{end}.xyz" for end in range(len(malformed.XYZ.format(3)), 3 * len(malformed.XYZ.format(3)))}
FIRST = ("start of md", "structure of check")
# Cells so large or so small that the check of the structure decides, which has tests of its own.
ELSEWHERE = {"tiny-cell.xyz", "huge-cell.xyz", "far.xyz"}

VERBS: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "show": (MODELS, ["show", "{}"]),
    "export": (MODELS, ["export", "{}", "-o", "new-{}.gaq"]),
    "evaluate": (MODELS, ["evaluate", "{}", "--data", "good.xyz"]),
    "evaluate a parent": (MODELS, ["evaluate", "good.gaq", "--parent", "{}", "--data", "good.xyz"]),
    "check": (MODELS, ["check", "{}"]),
    "md": (MODELS, ["md", "{}", "good.xyz", "-o", "new-{}.xyz", "--steps", "1"]),
    "bench": (MODELS, ["bench", "{}", "--no-torch", "--no-starts", "--seconds", "0"]),
    "quantize": (MODELS, ["quantize", "{}", "--recipe", "w8", "--out", "new-{}"]),
    "sensitivity": (MODELS, ["sensitivity", "{}", "--data", "good.xyz"]),
    "data info": (FRAMES, ["data", "info", "{}"]),
    "data of evaluate": (FRAMES, ["evaluate", "good.gaq", "--data", "{}"]),
    "structure of check": (FRAMES, ["check", "good.gaq", "--structure", "{}"]),
    "start of md": (FRAMES, ["md", "good.gaq", "{}", "-o", "new-{}.xyz", "--steps", "1"]),
    "data of train": (FRAMES, ["train", "good.toml", "--data", "{}", "--out", "new-{}"]),
    "data of quantize": (FRAMES, ["quantize", "good.ckpt", "--recipe", "w8", "--data", "{}", "--out", "new-{}"]),
    "data of export": (FRAMES, ["export", "good.ckpt", "--data", "{}", "-o", "new-{}.gaq"]),
    "archive of rMD17": (
        FRAMES,
        ["data", "fetch", "rmd17", "--molecule", "ethanol", "--from", "{}", "--out", "new-{}"],
    ),
    "configuration": (TEXTS, ["train", "{}", "--data", "good.xyz", "--out", "new-{}"]),
    "recipe": (TEXTS, ["quantize", "good.ckpt", "--recipe", "./{}", "--out", "new-{}"]),
    "limits": (TEXTS, ["check", "good.gaq", "--limits", "{}"]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("malformed")
    save_checkpoint(made / "good.ckpt", checkpoint(config()))
    (made / "good.gaq").write_bytes(file_of())
    (made / "good.xyz").write_text(malformed.XYZ.format(3) * 4)
    (made / "good.toml").write_text(
        "epochs = 0\n[data]\nvalidation = 1\n[model]\nchannels = 8\nlayers = 1\nheads = 2\nbasis = 8\nhidden = 8\n"
    )
    malformed.write_malformed(made, (made / "good.ckpt").read_bytes(), (made / "good.gaq").read_bytes())
    return made


def tried(folder: Path, lines: list[tuple[list[str], list[str]]]) -> list[dict[str, dict]]:
    """What each command line said of each of its files; all in one process, which loads what a command needs once."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120"}
    command = [sys.executable, malformed.__file__, str(folder)]
    done = subprocess.run(
        command, input=json.dumps(lines), env=environment, capture_output=True, text=True, check=False
    )
    found: list[dict[str, dict]] = [{} for _ in lines]
    for told in map(json.loads, done.stdout.splitlines()):
        found[told["line"]][told["file"]] = told
    for (arguments, files), of_line in zip(lines, found, strict=True):
        assert list(of_line) == files, f"{arguments} ended at {files[len(of_line)]}: {done.stderr[-500:]}"
    return found


def files_of(folder: Path, verb: str) -> list[str]:
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith(("good", "new", "other")))
    return [name for name in names if any(fnmatch(name, p) for p in VERBS[verb][0]) and name not in ELSEWHERE]


@pytest.fixture(scope="module")
def sweep(folder) -> dict[str, dict[str, dict]]:
    """Every verb on all of its files."""
    return dict(zip(VERBS, tried(folder, [(VERBS[verb][1], files_of(folder, verb)) for verb in VERBS]), strict=True))


@pytest.mark.parametrize("verb", VERBS)
def test_a_malformed_file_is_one_sentence(sweep, verb):
    assert len(sweep[verb]) > 20
    wrong = {}
    for name, told in sweep[verb].items():
        sentence = told["said"].strip()
        fine = told["code"] == 2 and sentence and len(sentence) < 2200 and "Traceback" not in sentence
        passes = MAY_PASS | (LABELS if verb in STRUCTURES else set()) | (LATER if verb in FIRST else set())
        if not (fine or (name in passes and told["code"] in (0, 1))):
            wrong[name] = (told["code"], sentence[:300], told["seconds"])
    assert wrong == {}


def test_a_whole_file_is_not_refused(folder):
    """The sentences above are about the files, not about the limits of the process."""
    models = (["show", "{}"], ["export", "{}", "-o", "other.gaq"])
    lines = [*((line, ["good.ckpt"]) for line in models), (["data", "info", "{}"], ["good.xyz"])]
    assert [told["code"] for found in tried(folder, lines) for told in found.values()] == [0, 0, 0]


def test_a_fault_of_ours_is_seen(folder):
    """A negative control: what is no user's mistake has a traceback for its code, and is not taken for a sentence."""
    (told,) = tried(folder, [(["show", "{}", 3], ["good.ckpt"])])  # type: ignore[list-item]
    assert "TypeError" in str(told["good.ckpt"]["code"])
