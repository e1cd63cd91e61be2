"""Writes to the session's state, which only modules called state do, each for its own part."""

import ast
from pathlib import Path

from tests import ROOT

UI = ROOT / "mnist_demo" / "ui"
WRITING_METHODS = {"pop", "popitem", "setdefault", "update", "clear", "__setitem__", "__delitem__"}


def is_session_state(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "session_state"


def is_write(node: ast.AST) -> bool:
    """Tell whether `node` writes to ``st.session_state``, or gives it another name."""
    match node:
        case ast.Subscript(value=value, ctx=context) | ast.Attribute(value=value, ctx=context):
            return is_session_state(value) and not isinstance(context, ast.Load)
        case ast.Call(func=ast.Attribute(value=value, attr=method)):
            return is_session_state(value) and method in WRITING_METHODS
        case ast.Assign(value=value) | ast.NamedExpr(value=value):
            return is_session_state(value)
        case ast.ImportFrom(names=names):
            return "session_state" in {alias.name for alias in names}
    return False


def writes(source: str) -> list[int]:
    """Return the line of each write to ``st.session_state``."""
    return [
        node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr | ast.stmt) and is_write(node)
    ]


def writing_lines(path: Path) -> list[str]:
    return [f"{path.relative_to(UI)}:{line}" for line in writes(path.read_text(encoding="utf-8"))]


def test_only_state_modules_write_session_state() -> None:
    others = [path for path in UI.rglob("*.py") if path.stem != "state" and not path.stem.endswith("_state")]
    assert [line for path in others for line in writing_lines(path)] == []


def test_every_way_to_write_is_seen() -> None:
    ways = (
        "st.session_state['a'] = 1",
        "st.session_state['a'] += 1",
        "st.session_state.a = 1",
        "del st.session_state['a']",
        "st.session_state.pop('a')",
        "st.session_state.setdefault('a', 1)",
        "state = st.session_state",
        "from streamlit import session_state",
    )
    assert [len(writes(way)) for way in ways] == [1] * len(ways)
    assert writes("st.session_state.get('a', st.session_state['b'])") == []


def test_state_modules_are_needed() -> None:
    named = [path for path in UI.rglob("*.py") if path.stem == "state" or path.stem.endswith("_state")]
    assert [path.relative_to(UI) for path in named if not writing_lines(path)] == []
