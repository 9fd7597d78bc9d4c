"""Print facts of the tree: lines by area, long files, long functions, import circles, words of prose.

    python tools/tree_facts.py [TREE] [--strict]

TREE is another checkout, by default this one. `--strict` exits with status 1 when there is a file past 350 lines, a
function past 60 or an import circle. A function is as long as its body: the signature of a command is its options.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
AREAS = ("src", "native", "tests", "benchmarks", "studies", "examples", "tools", "docs")
NOTEBOOK = ("benchmarks", "studies")
CODE = {".py", ".cpp", ".hpp", ".h", ".inl", ".c", ".sh", ".js", ".css", ".cmake"}
TEXT = {".md", ".in"}
NATIVE = {".cpp", ".hpp", ".h", ".inl", ".c"}
FILE_LINES, FUNCTION_LINES = 350, 60
SENTENCE = 8  # words from which on a string is prose
BLOCK = re.compile(r"^```.*?^```$|^\|[^\n]*$|\{\{[^{}]*\}\}", re.MULTILINE | re.DOTALL)


def files(tree: Path) -> list[Path]:
    """Return the files that git tracks in a tree; where git is not there or does not know it, those not built."""
    command = ["git", "ls-files", "-z"]
    try:
        listed = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = []
    names = [name for name in listed if name] or [str(p.relative_to(tree)) for p in tree.rglob("*")]
    names = [name for name in names if not name.startswith((".venv", "build", "runs", "dist"))]
    return sorted(tree / name for name in names if name and (tree / name).is_file() and not (tree / name).is_symlink())


def area_of(path: Path, tree: Path) -> str:
    first = path.relative_to(tree).parts[0]
    return first if first in AREAS else "other"


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def is_generated(path: Path, tree: Path) -> bool:
    """Whether a page is rendered from a template, or a file holds golden numbers or a library of others."""
    name = path.relative_to(tree).as_posix()
    template = path.with_name("page.md.in")
    rendered = path.name == "README.md" and template.exists()
    rendered |= name.startswith("docs/results") or name in ("docs/claims.md", "models/README.md")
    return rendered or "/golden/" in name or "/fuzz/" in name


def long_functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file that are longer than allowed, with their lines."""
    text = path.read_text(encoding="utf-8")
    found = python_functions(text) if path.suffix == ".py" else native_functions(text)
    yield from ((name, lines) for name, lines in found if lines > FUNCTION_LINES)


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.name, node.end_lineno - node.body[0].lineno + 1


def native_functions(text: str) -> Iterator[tuple[str, int]]:
    """Blocks between a brace that ends a line with a parenthesis and the closing brace at the same indent."""
    opened: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        indent = line[: len(line) - len(line.lstrip())]
        control = re.match(r"\s*(?:if|for|while|switch|else|do|catch|namespace|struct|class|enum|extern)\b", line)
        if line.rstrip().endswith("{") and ")" in line and not control and "= [" not in line:
            opened[indent] = (line.split("(")[0].split()[-1], number)
        elif line.startswith(f"{indent}}}"):
            if indent in opened:
                name, first = opened.pop(indent)
                yield name, number - first + 1
            opened = {deeper: found for deeper, found in opened.items() if len(deeper) <= len(indent)}


def circles(tree: Path) -> list[list[str]]:
    """Return the groups of modules of gaq that import each other, late imports included, types left out."""
    sys.path.insert(0, str(tree / "src"))
    import grimp

    graph = grimp.build_graph("gaq", exclude_type_checking_imports=True, cache_dir=None)
    return strongly_connected({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})


def strongly_connected(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the sets of two or more nodes that reach each other."""
    reach: dict[str, set[str]] = {}
    for start in edges:
        seen, waiting = set(), list(edges[start])
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += edges.get(node, ())
        reach[start] = seen
    groups = {tuple(sorted({n for n in reach[node] if node in reach.get(n, ())} | {node})) for node in edges}
    return sorted(list(group) for group in groups if len(group) > 1)


def prose(path: Path) -> int:
    """Return the words of a file's prose: comments, docstrings and sentences in strings, or text outside tables."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return len(BLOCK.sub("", text).split())
    words = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            words += len(token.string.split())
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = BLOCK.sub("", node.value).split()
            words += len(said) if len(said) >= SENTENCE else 0
    return words


def report(tree: Path) -> int:
    """Print the facts and return how many limits are passed."""
    mine = [path for path in files(tree) if path.suffix in CODE | TEXT and not is_generated(path, tree)]
    lines: Counter[tuple[str, str]] = Counter()
    for path in mine:
        lines[area_of(path, tree), "text" if path.suffix in TEXT else "code"] += line_count(path)
    print(f"{'area':12} {'code':>8} {'text':>8}   lines, without rendered pages and golden files")
    for area in (*AREAS, "other"):
        print(f"{area:12} {lines[area, 'code']:8,} {lines[area, 'text']:8,}")
    words = {
        area: sum(prose(p) for p in mine if area_of(p, tree) == area and p.suffix in {".py", *TEXT})
        for area in NOTEBOOK
    }
    print(
        f"\nwords of prose: {', '.join(f'{area} {count:,}' for area, count in words.items())}; {sum(words.values()):,}"
    )
    code = [path for path in mine if path.suffix in {".py"} | NATIVE]
    long_files = [(path, count) for path in code if (count := line_count(path)) > FILE_LINES]
    print(f"\nfiles past {FILE_LINES} lines: {len(long_files)}")
    for path, count in long_files:
        print(f"  {path.relative_to(tree)}: {count}")
    functions = [(path, *found) for path in code for found in long_functions(path)]
    print(f"functions past {FUNCTION_LINES} lines: {len(functions)}")
    for path, name, count in functions:
        print(f"  {path.relative_to(tree)}: {name}, {count}")
    groups = circles(tree)
    print(f"import circles: {len(groups)}")
    for group in groups:
        print(f"  {' '.join(group)}")
    return len(long_files) + len(functions) + len(groups)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", nargs="?", type=Path, default=HERE)
    parser.add_argument("--strict", action="store_true", help="exit with status 1 where a limit is passed")
    arguments = parser.parse_args()
    passed = report(arguments.tree.resolve())
    return 1 if arguments.strict and passed else 0


if __name__ == "__main__":
    sys.exit(main())
