"""One vocabulary: a public class has a name of its own, and names and words that were given up do not come back."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest

from house.tree import REPOSITORY, module_name, modules, texts

THIS = "tests/house/test_vocabulary.py"
HISTORY = ("CHANGELOG.md", "native/lammps/LICENSE")

# In every file: names that have another name now.
IDENTIFIERS = (
    *(
        r"\bFitted\b",
        r"\bApart\b(?! from)",
        r"\bInvariants\b(?! are)",
        r"\bFeatureLaw\b",
        r"\bgaq\.quant\.(law|fitted|centred)\b",
    ),
    *(r"\bquant/(law|fitted|centred|treatment)\.py", r"\bmodel[./]invariants\b", r"\btrain/(treat|settle)\.py"),
    *(r"\.spares\b", r"\.owed\b", r"\bsettle_\(", r"\bwhose\(", r"\.kinds\b", r"\bLesson\b", r"\bcourse_of\b"),
    *(r"\benum Room\b", r"\bScratch& room\b", r"\bTurns(&| turns\b)", r"\bfind_parts\b"),
    *(r"\b[Cc]ontender", r"\b[Ii]nspector\b", r"\bgaq inspect\b", r"\bundirected\b", r"\buncentred\b"),
)
# In code, comments and pages: words of a private dialect.
WORDS = (
    *(r"\bwhole numbers?\b", r"\bway back\b", r"\bdear(er|est)?\b", r"\blaws? of (a|the) (quantizer|slot|weight)"),
    *(r"\blaw of quantizers\b", r"\bto and fro\b"),
)
# In the package and the engine alone: elsewhere they may have their usual sense.
IN_CODE = (r"(?<![A-Za-z])[Ll]aws?(?![A-Za-z])",)


def shared_names(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Public classes of the same name, with the modules that define them; a type alias counts as a class."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    classes: set[str] = set()
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module)
                classes.add(node.name)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id].append(module)
    return {name: places for name, places in found.items() if len(places) > 1 and name in classes and name[0] != "_"}


def retired(path: str, text: str) -> list[str]:
    """Lines of a file that hold a name or a word which was given up."""
    if path == THIS or path in HISTORY:
        return []
    patterns = list(IDENTIFIERS)
    if path.startswith(("src/", "native/", "docs/", "benchmarks/", "examples/", "README")):
        patterns += WORDS
    if path.startswith(("src/", "native/src", "native/include")):
        patterns += IN_CODE
    pattern = re.compile("|".join(patterns))
    lines = text.splitlines()
    return [f"{path}:{n}: {line.strip()[:100]}" for n, line in enumerate(lines, start=1) if pattern.search(line)]


def test_no_two_public_classes_share_a_name():
    assert shared_names({module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in modules()}) == {}


def test_two_classes_of_a_name_would_be_found():
    one, other = ast.parse("class Plan:\n    pass"), ast.parse("class Plan:\n    pass\nclass _Plan:\n    pass")
    assert shared_names({"a": one, "b": other}) == {"Plan": ["a", "b"]}
    assert shared_names({"a": one, "b": ast.parse("Plan = dict[str, int]")}) == {"Plan": ["a", "b"]}
    assert shared_names({"a": one, "b": ast.parse("class _Plan:\n    pass\nPLAN = 3")}) == {}


def test_names_and_words_that_were_given_up_do_not_come_back():
    found = [line for path, text in texts().items() for line in retired(path.relative_to(REPOSITORY).as_posix(), text)]
    assert found == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/gaq/quant/learned.py", "class LearnedStep(Fitted):"),
        ("tests/unit/quant/test_low_rank.py", "from gaq.quant.law import encode_uniform"),
        ("src/gaq/quant/spec.py", 'raise RecipeError(f"{bits!r}; expected a whole number from 2 on")'),
        ("src/gaq/quant/spec.py", '"""Which law a quantizer follows."""'),
        ("native/src/kernels/kernels.hpp", "void project(const Plan&, Scratch& room);"),
        ("native/src/file/slots.cpp", "FeatureLaw read(const Json& slot) {"),
        ("docs/tutorial.md", "The inspector turns the molecule. `gaq inspect model.gaq` prints it."),
        ("docs/engine.md", "Eight bits on the way back; fresh pages are dear."),
        ("benchmarks/methods.py", 'name = "frame-w4a8+undirected"'),
    ],
)
def test_each_of_them_would_be_found(path, line):
    assert len(retired(path, line)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("docs/physics.md", "Newton's third law holds to round-off."),
        ("src/gaq/measure/accuracy.py", "Apart from the error against the data: a quantized model."),
        ("src/gaq/data/replica.py", "Turns the failures of the library into an error."),
        ("src/gaq/atoms/elements.py", "nobelium lawrencium"),
        ("CHANGELOG.md", "`gaq inspect` shows a file"),
    ],
)
def test_the_usual_sense_of_a_word_is_no_fault(path, line):
    assert retired(path, line) == []
