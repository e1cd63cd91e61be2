"""The README's list of modules is the order in which they may import each other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mnist_demo"


def test_imports_point_down_the_list_in_the_readme() -> None:
    rank = dict(listed_modules())
    wrong = [
        f"{path.relative_to(ROOT)} imports {target}"
        for path in PACKAGE.rglob("*.py")
        for target in imported_parts(path)
        if part_of(path) in rank and rank[target] < rank[part_of(path)]
    ]
    assert wrong == []


def test_every_module_is_in_the_list_in_the_readme() -> None:
    parts = {part_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "__main__"}
    assert parts - {name for name, _row in listed_modules()} == set()


def listed_modules() -> Iterator[tuple[str, int]]:
    """Yield each module or package that a row's first cell names, and the number of the row."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## How the code is laid out")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    for row, line in enumerate(rows):
        for name in re.findall(r"`(\w+)(?:\.py|/)`", line.split("|")[1]):
            yield name, row


def part_of(path: Path) -> str:
    """Return the module or package right below mnist_demo that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_parts(path: Path) -> Iterator[str]:
    """Yield the parts of mnist_demo that a file imports, for types alone left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in for_types and node.module:
            if node.module.startswith("mnist_demo."):
                yield node.module.split(".")[1]
            elif node.module == "mnist_demo":
                yield from (alias.name for alias in node.names if not alias.name.startswith("__"))
