"""Rules of the house that a machine can check: sizes, names, words, state in the walls."""

from __future__ import annotations

import ast
import re

import pytest

from house.tree import PACKAGE, REPOSITORY, module_name, modules, project_files, texts

MOST_LINES = 350
NAMES_WITHOUT_A_CONCEPT = {"utils", "helpers", "common", "base", "misc", "core"}

# Written apart, so that this file does not find itself.
MACHINE_PATH = re.compile("(?<![\\w.~-])/(" + "|".join(("work", "root", "tmp", "farm", "home")) + ")/\\w")
WORDS = ("TO" + "DO", "FIX" + "ME", "X" * 3, "\\bNotImplemented" + "Error", "place" + "holder")
UNFINISHED = re.compile("|".join(WORDS))

# Calls that change the whole process; device, precision and seed travel as arguments instead.
GLOBAL_STATE = {
    *("torch.manual_seed", "torch.set_default_dtype", "torch.set_default_device", "random.seed"),
    *("np.random.seed", "numpy.random.seed", "np.seterr", "warnings.filterwarnings", "warnings.simplefilter"),
}
# The calculator's signature is ASE's own.
MAY_PASS_KEYWORDS_THROUGH = {"gaq.simulate.calculator", "gaq.engine.ase"}


def places(pattern: re.Pattern[str], suffixes: tuple[str, ...] | None = None) -> list[str]:
    return [
        f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()[:100]}"
        for path, text in texts().items()
        if suffixes is None or path.suffix in suffixes
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def trees() -> dict[str, ast.Module]:
    return {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in modules()}


def without_docstring(name: str, tree: ast.Module) -> list[str]:
    """The module, its public functions and classes, as far as they have no docstring."""
    definitions = (ast.FunctionDef, ast.ClassDef)
    found = [node for node in tree.body if isinstance(node, definitions) and not node.name.startswith("_")]
    public = [node for node in found if "overload" not in map(ast.unparse, node.decorator_list)]
    bare = [f"{name}.{node.name}" for node in public if not ast.get_docstring(node)]
    return bare if not tree.body or ast.get_docstring(tree) else [name, *bare]


def global_state(name: str, tree: ast.Module) -> list[str]:
    """Calls that change the whole process, but for those whose effect on random numbers is undone at once."""
    forks = [node for node in ast.walk(tree) if isinstance(node, ast.With) and "fork_rng" in ast.unparse(node.items[0])]
    undone = {id(node) for fork in forks for node in ast.walk(fork)}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in undone)
    return [f"{name}: {call}" for call in (ast.unparse(node.func) for node in calls) if call in GLOBAL_STATE]


def keywords_passed_through(name: str, tree: ast.Module) -> list[str]:
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [f"{name}.{node.name}" for node in functions if node.args.kwarg is not None]


def test_the_project_is_found():
    assert len(modules()) > 15
    assert REPOSITORY / "pyproject.toml" in project_files()


def test_no_path_of_a_machine():
    assert places(MACHINE_PATH) == []


def test_nothing_is_left_unfinished():
    assert places(UNFINISHED, (".py",)) == []


@pytest.mark.parametrize("text", ["cd /" + "work/main", "'/" + "root/x'", "(/" + "tmp/a)"])
def test_a_path_of_a_machine_would_be_found(text):
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://example.org/" + "work/a", "../" + "tmp/x", "frame" + "work/x", "/dev/null"])
def test_other_paths_are_left_alone(text):
    assert not MACHINE_PATH.search(text)


def test_no_file_is_feared():
    lengths = {path: text.count("\n") for path, text in texts().items() if path.suffix == ".py"}
    long = {str(path.relative_to(REPOSITORY)): lines for path, lines in lengths.items() if lines > MOST_LINES}
    assert long == {}


def test_every_file_is_named_after_a_concept():
    assert [str(path) for path in modules() if path.stem in NAMES_WITHOUT_A_CONCEPT] == []


def test_no_large_file():
    large = {str(path): path.stat().st_size for path in project_files() if path.stat().st_size > 2**20}
    assert large == {}


def test_every_public_name_has_a_docstring():
    assert [bare for name, tree in trees().items() for bare in without_docstring(name, tree)] == []


def test_no_state_in_the_walls():
    assert [call for name, tree in trees().items() for call in global_state(name, tree)] == []


def test_no_keywords_passed_through_unread():
    found = {name: keywords_passed_through(name, tree) for name, tree in trees().items()}
    assert [f for name, functions in found.items() if name not in MAY_PASS_KEYWORDS_THROUGH for f in functions] == []


def test_the_rules_for_code_can_fail():
    overloaded = "@overload\ndef of(a: int) -> int: ...\n@overload\ndef of(a: str) -> str: ...\ndef of(a): return a\n"
    assert without_docstring("m", ast.parse(overloaded)) == ["m", "m.of"]
    tree = ast.parse("import torch\ndef run(**options):\n    torch.manual_seed(0)\nclass A: pass\n")
    assert without_docstring("m", tree) == ["m", "m.run", "m.A"]
    assert global_state("m", tree) == ["m: torch.manual_seed"]
    assert keywords_passed_through("m", tree) == ["m.run"]
    assert global_state("m", ast.parse("with torch.random.fork_rng():\n    torch.manual_seed(0)")) == []


def test_the_version_is_said_once():
    import gaq

    said = re.compile(rf"""(?<![\w.-])["']?{re.escape(gaq.__version__)}["']?(?![\w.])""")
    code = [*places(said, (".py", ".toml", ".cpp", ".hpp", ".txt", ".cmake", ".in", ".yml"))]
    assert [line for line in code if not line.startswith(("tests/", "constraints.txt"))] == [
        f'src/gaq/version.py:3: __version__ = "{gaq.__version__}"'
    ]
    assert f"## {gaq.__version__}" in (REPOSITORY / "CHANGELOG.md").read_text()
    assert f"version: {gaq.__version__}" in (REPOSITORY / "CITATION.cff").read_text()
    assert PACKAGE.is_dir()
