"""The house: which package may import which, no circles, nobody's private names, and rooms of a size to find things in.

The README's list of packages is the order: a package imports only from its own row and from rows below it. Every
import counts: those for types alone, and those inside functions.
"""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import mnist_demo
from tests import ROOT

PACKAGE = ROOT / "mnist_demo"
MAX_LINES, MAX_ROOMS, MAX_FLAT_UI_MODULES = 300, 20, 12


def test_imports_point_down_the_list_in_the_readme() -> None:
    rank = dict(listed_rooms())
    wrong = [
        f"{module} imports {target}"
        for module, targets in imports().items()
        for target in targets
        if room_of(module) in rank and target and rank.get(room_of(target), -1) < rank[room_of(module)]
    ]
    assert wrong == []


def test_every_room_is_in_the_list_in_the_readme() -> None:
    rooms = {room_of(module) for module in modules()} - {"", "__main__"}
    assert rooms == {name for name, _row in listed_rooms()}


def test_imports_make_no_circle() -> None:
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        circle = [f"{later} imports {earlier}" for earlier, later in pairwise(error.args[1])]
        raise AssertionError("; ".join(circle)) from None


def test_no_module_takes_a_private_name_of_another() -> None:
    taken = [
        f"{module} takes {name} of {source}"
        for module, path in modules().items()
        for source, name in imported_names(module, path)
        if name.startswith("_") and not name.startswith("__") and name != "_"
    ]
    assert taken == []


def test_pages_do_not_import_one_another() -> None:
    pages = {path.parent.name for path in (PACKAGE / "ui").glob("*/page.py")}
    wrong = [
        f"{module} imports {target}"
        for module, targets in imports().items()
        for target in targets
        if (page := page_of(module)) in pages and (other := page_of(target)) in pages and page != other
    ]
    assert wrong == []


def test_rooms_are_few_and_files_are_short() -> None:
    rooms = {room_of(module) for module in modules()} - {"", "__main__"}
    flat = list((PACKAGE / "ui").glob("*.py"))
    assert len(rooms) <= MAX_ROOMS
    assert len(flat) <= MAX_FLAT_UI_MODULES
    sources = [*PACKAGE.rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert {path: count for path, count in lengths.items() if count > MAX_LINES} == {}


def test_every_package_says_in_one_sentence_what_lives_there() -> None:
    speechless = [
        path.parent.relative_to(ROOT)
        for path in PACKAGE.rglob("__init__.py")
        if not re.match(r"[^.]+[.]", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    ]
    assert speechless == []


def listed_rooms() -> Iterator[tuple[str, int]]:
    """Yield each package or module that a row's first cell names, and the number of the row."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## How the code is laid out")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    for row, line in enumerate(rows):
        for name in re.findall(r"`(\w+)(?:\.py|/)`", line.split("|")[1]):
            yield name, row


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name without ``mnist_demo``."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports() -> dict[str, set[str]]:
    """Return which modules each module imports, itself left out."""
    known = modules()
    return {
        module: {
            f"{source}.{name}" if f"{source}.{name}" in known else source
            for source, name in imported_names(module, path)
        }
        - {module}
        for module, path in known.items()
    }


def imported_names(module: str, path: Path) -> Iterator[tuple[str, str]]:
    """Yield the module of the package, dotted, and the name that each import in a file takes from it."""
    public = {"__version__", *mnist_demo.__all__}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            if node.module == "mnist_demo":
                yield from (("", alias.name) if alias.name in public else (alias.name, "") for alias in node.names)
            elif node.module and node.module.startswith("mnist_demo."):
                yield from ((node.module.removeprefix("mnist_demo."), alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("mnist_demo."):
                    yield alias.name.removeprefix("mnist_demo."), ""


def room_of(module: str) -> str:
    """Return the package or module right below mnist_demo that a module belongs to."""
    return module.split(".")[0]


def page_of(module: str) -> str:
    """Return the name of the page below ``ui`` that a module belongs to, or an empty text."""
    parts = module.split(".")
    return parts[1] if parts[0] == "ui" and len(parts) > 2 else ""
