"""Definitions of this project with all that they need, as source of one file: what a script of its own is made of.

>>> bundle = bundle_sources(["mnist_demo.training.augmentation:vary_pen"])
>>> "def vary_pen(" in bundle.definitions and "PEN_CHANGES = " in bundle.definitions
True
>>> bundle.imports
['import torch', 'import torch.nn.functional as F', 'from torch import Tensor']

A definition is a function, a class or a constant at the top level of a module, with the comment above it. Which others
it needs is read from the names in it, so that what the script shows is what really ran.
"""

import ast
import copy
import functools
import importlib.util
import itertools
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = __name__.partition(".")[0]
# Defined otherwise in a script: texts need no translation there.
REPLACED = {f"{PROJECT}.translation:_": "from gettext import gettext as _"}
_FOR_TOOLS = re.compile(r"  # (type: ignore|noqa)\b.*")


@dataclass(frozen=True)
class Bundle:
    """`imports`, one statement each, sorted; and definitions in an order in which Python can execute them.

    `parts` has them by the module that they come from, `definitions` has them all.
    """

    imports: list[str]
    definitions: str
    parts: dict[str, str]

    def __str__(self) -> str:
        """Return all of it as the source of a module."""
        return "\n\n".join(text for text in (self.import_statements, self.definitions) if text)

    @property
    def import_statements(self) -> str:
        """The imports as source, Python's own first."""
        own = [statement for statement in self.imports if _is_standard(statement)]
        others = [statement for statement in self.imports if not _is_standard(statement)]
        return "\n\n".join("\n".join(lines) for lines in (own, others) if lines)


@dataclass(frozen=True)
class _Definition:
    """A statement at the top level of a module; `key`, ``"module:name"``, names the first that it defines."""

    key: str
    statement: ast.stmt
    source: str

    @property
    def module(self) -> str:
        return self.key.partition(":")[0]

    @property
    def name(self) -> str:
        return self.key.partition(":")[2]


@dataclass(frozen=True)
class _Module:
    """What a module of the project defines and imports at its top level, by name."""

    definitions: dict[str, _Definition] = field(default_factory=dict)
    imports: dict[str, ast.Import | ast.ImportFrom] = field(default_factory=dict)


def bundle_sources(
    roots: Iterable[str], changed: Mapping[str, str] | None = None, omitted: Collection[str] = ()
) -> Bundle:
    """Return the definitions that `roots` name, as ``"package.module:name"``, and all that those need.

    Modules stand in the order of the roots, each behind those that it imports from. Where two give different things
    the same name, the later one's gets its module's name before it. `changed` has the source of modules that are to
    be read from there and not from their files. `omitted` are methods that are left out, as ``"Class.method"``.

    Raises
    ------
    ValueError
        When a name is not defined where it should be: a fault of this project.
    """
    collector = _Collector({name: _read_module(name, text) for name, text in (changed or {}).items()}, omitted)
    for root in roots:
        collector.collect(root)
    ordered = collector.in_order()
    parts = {module: _join(list(own)) for module, own in itertools.groupby(ordered, lambda found: found.module)}
    return Bundle(_sort_imports(collector.imports), _join(ordered), parts)


class _Collector:
    """Follows names from definition to definition."""

    def __init__(self, modules: dict[str, _Module], omitted: Collection[str]) -> None:
        self.modules = modules
        self.omitted = omitted
        self.imports: set[str] = set()
        self.found: dict[str, _Definition] = {}
        self.uses: dict[str, dict[str, str]] = {}  # by key of a definition: the names in it, and whose they are

    def collect(self, key: str) -> str:
        """Note what `key` names and whatever it needs; return the key that its definition is known by."""
        module, _colon, name = key.partition(":")
        definition = self._module(module).definitions.get(name)
        if definition is None:
            raise ValueError(f"{module} does not define {name}")
        key = definition.key
        if key in self.found:
            return key
        # Noted before what it needs: functions may call each other.
        self.found[key] = definition = _leave_out(definition, self.omitted)
        uses = self.uses[key] = {}
        for used in dict.fromkeys(node.id for node in ast.walk(definition.statement) if isinstance(node, ast.Name)):
            imported = self._module(module).imports.get(used)
            if used in self._module(module).definitions:
                uses[used] = self.collect(f"{module}:{used}")
            elif isinstance(imported, ast.ImportFrom) and (imported.module or "").partition(".")[0] == PROJECT:
                if f"{imported.module}:{used}" in REPLACED:
                    self.imports.add(REPLACED[f"{imported.module}:{used}"])
                else:
                    uses[used] = self.collect(f"{imported.module}:{used}")
            elif imported is not None:
                self.imports.add(_statement_of_import(imported, used))
        return key

    def in_order(self) -> list[_Definition]:
        """Return the definitions in the order of the script, with names that would clash changed."""
        modules: list[str] = []
        for definition in self.found.values():
            self._place(definition.module, modules)
        ordered = sorted(
            self.found.values(), key=lambda found: (modules.index(found.module), found.statement.lineno)
        )  # fmt: skip
        taken: dict[str, str] = {}
        new_names: dict[str, str] = {}
        for definition in ordered:
            name, meaning = definition.name, ast.unparse(definition.statement)
            if taken.setdefault(name, meaning) != meaning:
                prefix = definition.module.rpartition(".")[2]
                new_names[definition.key] = f"{prefix.upper() if name.isupper() else prefix}_{name}"
        done: dict[str, _Definition] = {}
        for definition in ordered:
            names = {used: new_names[key] for used, key in self.uses[definition.key].items() if key in new_names}
            if definition.key in new_names:
                names[definition.name] = new_names[definition.key]
            source = definition.source
            for old, new in names.items():
                source = re.sub(rf"\b{old}\b", new, source)
            name = new_names.get(definition.key, definition.name)
            done.setdefault(name, _Definition(definition.key, definition.statement, source))
        return list(done.values())

    def _place(self, module: str, modules: list[str]) -> None:
        """Append `module` to `modules`, behind those whose definitions it uses."""
        if module in modules:
            return
        for key, uses in self.uses.items():
            if key.partition(":")[0] == module:
                for used in uses.values():
                    if used.partition(":")[0] != module:
                        self._place(used.partition(":")[0], modules)
        modules.append(module)

    def _module(self, name: str) -> _Module:
        return self.modules.get(name) or _load_module(name)


@functools.cache
def _load_module(name: str) -> _Module:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ValueError(f"there is no module {name}")
    return _read_module(name, Path(spec.origin).read_text(encoding="utf-8"))


def _read_module(name: str, text: str) -> _Module:
    module = _Module()
    for statement in ast.parse(text).body:
        names: list[str] = []
        match statement:
            case ast.Import() | ast.ImportFrom():
                for alias in statement.names:
                    module.imports[alias.asname or alias.name.partition(".")[0]] = statement
            case ast.FunctionDef() | ast.ClassDef():
                names = [statement.name]
            case ast.Assign() | ast.AnnAssign():
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
        for defined in names:
            definition = _Definition(f"{name}:{names[0]}", statement, _source(text.splitlines(), statement))
            module.definitions[defined] = definition
    return module


def _source(lines: list[str], statement: ast.stmt) -> str:
    """Return the lines of a definition, and of the comment right above it, without notes for tools."""
    begin = min([statement.lineno, *(node.lineno for node in getattr(statement, "decorator_list", []))]) - 1
    while begin and lines[begin - 1].startswith("#"):
        begin -= 1
    return "\n".join(_FOR_TOOLS.sub("", line) for line in lines[begin : statement.end_lineno])


def _leave_out(definition: _Definition, omitted: Collection[str]) -> _Definition:
    """Return a class without the methods in `omitted`, and anything else as it is."""
    statement, lines = definition.statement, definition.source.splitlines()
    if not isinstance(statement, ast.ClassDef):
        return definition
    leaving = [
        node
        for node in statement.body
        if isinstance(node, ast.FunctionDef) and f"{statement.name}.{node.name}" in omitted
    ]
    statement = copy.copy(statement)
    statement.body = [node for node in statement.body if node not in leaving]
    last = definition.statement.end_lineno or 0
    for node in reversed(leaving):
        begin, end = (len(lines) - 1 - last + (line or 0) for line in (node.lineno, node.end_lineno))
        del lines[begin - 1 : end + 1]  # and the blank line above it
    return _Definition(definition.key, statement, "\n".join(lines))


def _statement_of_import(statement: ast.Import | ast.ImportFrom, name: str) -> str:
    """Return the import of `name` alone, out of a statement that may import more."""
    alias = next(alias for alias in statement.names if name in (alias.asname, alias.name.partition(".")[0]))
    if isinstance(statement, ast.ImportFrom):
        return ast.unparse(ast.ImportFrom(statement.module, [alias], 0))
    return ast.unparse(ast.Import([alias]))


def _sort_imports(statements: Iterable[str]) -> list[str]:
    """Join the imports from one module, and sort: the standard library first, plain ones before the others."""
    plain = {statement for statement in statements if statement.startswith("import ")}
    names: dict[str, set[str]] = {}
    for statement in set(statements) - plain:
        module, _import, imported = statement.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).add(imported)
    joined = [f"from {module} import {', '.join(sorted(imported))}" for module, imported in names.items()]

    def place(statement: str) -> tuple[bool, bool, str]:
        return not _is_standard(statement), statement.startswith("from"), statement

    return sorted([*plain, *joined], key=place)


def _is_standard(statement: str) -> bool:
    """Tell whether an import statement is of Python's own library."""
    return statement.split()[1].partition(".")[0] in sys.stdlib_module_names


def _join(definitions: list[_Definition]) -> str:
    """Put two blank lines around functions and classes, one between the constants of two modules."""
    text, before = "", None
    for definition in definitions:
        is_long = isinstance(definition.statement, ast.FunctionDef | ast.ClassDef)
        if before is None:
            separator = ""
        elif is_long or isinstance(before.statement, ast.FunctionDef | ast.ClassDef):
            separator = "\n\n\n"
        else:
            separator = "\n" if before.module == definition.module else "\n\n"
        text += separator + definition.source
        before = definition
    return text
