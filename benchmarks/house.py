"""Measures how the code reads: this checkout, an earlier commit, and other packages.

    python benchmarks/house.py [PACKAGE_FOLDER ...] [--commit 736e781] [--longest 80]

Prints a table with one column for this checkout, one for the commit and one for every folder, such
as that of an installed package. Of a checkout, these rooms count: evoloco, controllers,
morphologies, fitness. Then it lists all functions of this checkout that are too long; the exit
status is 1 if there are any.

* file lines: all lines of a file;
* function lines: from `def` to the end, without the docstring; inner functions count twice;
* public docstrings: share of the modules, classes, functions and methods without a leading
  underscore that have a docstring;
* tokens per code line: names, operators, numbers and strings, without docstrings and comments;
* blank lines inside functions: share of the lines of functions, without docstrings;
* comment lines: lines with nothing but a comment, as a share of all lines.
"""

import argparse
import ast
import io
import subprocess
import sys
import tarfile
import tempfile
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
ROOMS = ("evoloco", "controllers", "morphologies", "fitness")
COMMIT = "736e781"
"""The commit before the contracts were opened."""

CODE = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class House:
    """What was counted in some files.

    Attributes:
        files: Lines of each file.
        functions: Lines of each function without its docstring, by file, name and line.
        public: Number of public modules, classes, functions and methods.
        documented: Number of those with a docstring.
        tokens: Number of tokens.
        code: Number of lines with a token.
        blank: Number of blank lines inside functions.
        inside: Number of lines inside functions.
        comments: Number of lines with nothing but a comment.
    """

    files: list[int] = field(default_factory=list)
    functions: dict[str, int] = field(default_factory=dict)
    public: int = 0
    documented: int = 0
    tokens: int = 0
    code: int = 0
    blank: int = 0
    inside: int = 0
    comments: int = 0

    def add(self, name: str, text: str) -> None:
        """Counts one file."""
        tree, lines = ast.parse(text), text.splitlines()
        self.files.append(len(lines))

        documented = [has_docstring for _, has_docstring in public(tree)]
        self.public += len(documented)
        self.documented += sum(documented)

        docstrings = docstring_lines(tree)
        self._count_tokens(text, docstrings)
        for qualified, function in functions(tree):
            span = set(range(function.lineno, (function.end_lineno or 0) + 1)) - docstrings
            self.functions[f"{name}:{function.lineno} {qualified}"] = len(span)
        inside = lines_inside(tree) - docstrings
        self.inside += len(inside)
        self.blank += sum(not lines[number - 1].strip() for number in inside)

    def _count_tokens(self, text: str, docstrings: set[int]) -> None:
        code: set[int] = set()
        comments: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            first, last = token.start[0], token.end[0]
            if token.type == tokenize.COMMENT:
                comments.add(first)
            elif token.type in CODE and first not in docstrings:
                self.tokens += 1
                code.update(range(first, last + 1))
        self.code += len(code)
        self.comments += len(comments - code)

    def rows(self) -> dict[str, str]:
        """Returns the cells of a column, by the names of their rows."""
        files, lengths = np.array(self.files), np.array(list(self.functions.values()))
        return {
            "file lines, median / p90 / max": spread(files),
            "function lines, median / p90 / max": spread(lengths),
            "public docstrings": f"{100 * self.documented / self.public:.0f} %",
            "tokens per code line": f"{self.tokens / self.code:.1f}",
            "blank lines inside functions": f"{100 * self.blank / self.inside:.1f} %",
            "comment lines": f"{100 * self.comments / files.sum():.1f} %",
            "files": f"{len(files)}",
            "lines": f"{files.sum()}",
            "functions": f"{len(lengths)}",
        }


def spread(values: np.ndarray) -> str:
    """Returns median, 90th percentile and maximum."""
    return f"{np.median(values):.0f} / {np.percentile(values, 90):.0f} / {values.max()}"


def public(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yields the public parts of a module: their names, and whether they have a docstring."""
    yield "module", ast.get_docstring(tree) is not None

    def parts(parent: ast.Module | ast.ClassDef) -> Iterator[tuple[str, bool]]:
        for node in parent.body:
            if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
                yield node.name, ast.get_docstring(node) is not None
                if isinstance(node, ast.ClassDef):
                    yield from parts(node)

    yield from parts(tree)


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Yields all functions of a module with their qualified names, inner ones too."""

    def inner(parent: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for node in ast.iter_child_nodes(parent):
            name = f"{prefix}{node.name}" if isinstance(node, ast.ClassDef | Function) else ""
            if isinstance(node, Function):
                yield name, node
            yield from inner(node, f"{name}." if name else prefix)

    yield from inner(tree, "")


def docstring_lines(tree: ast.Module) -> set[int]:
    """Returns the numbers of all lines of docstrings, those below constants included."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        statements = node.body if isinstance(node, Documented) else []
        for statement in statements:
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                lines.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    return lines


def lines_inside(tree: ast.Module) -> set[int]:
    """Returns the numbers of all lines of functions."""
    lines: set[int] = set()
    for _, function in functions(tree):
        lines.update(range(function.lineno, (function.end_lineno or 0) + 1))
    return lines


def counted(folders: Sequence[Path]) -> House:
    """Counts all Python files in some folders."""
    house = House()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).parts
            if "__pycache__" not in parts:
                house.add("/".join(parts), path.read_text(encoding="utf-8"))
    return house


def counted_commit(commit: str) -> House:
    """Counts the rooms of a commit."""
    git = ["git", "-C", str(ROOT)]
    listed = subprocess.run(
        [*git, "ls-tree", "--name-only", commit], check=True, capture_output=True, text=True
    )
    rooms = [room for room in ROOMS if room in listed.stdout.split()]

    archive = subprocess.run([*git, "archive", commit, *rooms], check=True, capture_output=True)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        return counted([Path(folder) / room for room in rooms])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", nargs="*", type=Path, help="folders of other packages")
    parser.add_argument("--commit", default=COMMIT, help="commit to compare with")
    parser.add_argument(
        "--longest", type=int, default=80, help="largest number of lines of a function"
    )
    arguments = parser.parse_args()

    here = counted([ROOT / room for room in ROOMS])
    columns = {
        "this checkout": here.rows(),
        arguments.commit: counted_commit(arguments.commit).rows(),
        **{folder.name: counted([folder]).rows() for folder in arguments.packages},
    }
    print(f"|  | {' | '.join(columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    for name in here.rows():
        cells = [rows[name] for rows in columns.values()]
        print(f"| {name} | {' | '.join(cells)} |")

    long = {name: lines for name, lines in here.functions.items() if lines > arguments.longest}
    print(f"\nFunctions of more than {arguments.longest} lines: {len(long) or 'none'}")
    for name, lines in sorted(long.items(), key=lambda item: -item[1]):
        print(f"  {lines:4} {name}")
    sys.exit(bool(long))


if __name__ == "__main__":
    main()
