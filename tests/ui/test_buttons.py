"""Buttons that are clicked twice: each is on a list of what the browser does then, or a second click does no harm."""

import ast
from collections.abc import Iterator
from pathlib import Path

from mnist_demo.ui import keys
from tests import ROOT

BUTTONS = {"button", "form_submit_button"}
EACH_CLICK_IS_MEANT = {
    keys.STEP,
    keys.UNDO_DRAWING,
    keys.OTHER_SAMPLES,
    keys.OTHER_IMAGES,
    keys.OTHER_DIGIT,
    keys.AUGMENT_AGAIN,
    keys.MORE_RUNS,
    keys.PREVIOUS_PART,
    keys.NEXT_PART,
    keys.NEXT_BELOW,
}
# It goes where one is then, or does what is done: the same once more.
SECOND_CLICK_CHANGES_NOTHING = {
    keys.STOP,
    keys.STOP_ALL,
    keys.CLEAR_DRAWING,
    keys.FORGET_DRAWINGS,
    keys.FORGET_INSPECTED,
    keys.TAKE_ALONG,
    keys.TRY_SAVING,
    keys.SWITCH_TO_MNIST,
    keys.OPEN_RUN,
    keys.SAVE_NAME,
    keys.GO_TO_PART,
    keys.AGAIN,
    keys.GO_TO_CLASS,
    keys.CLASS_SHOW,
    keys.CLASS_SET_LINK,
    keys.CLASS_CLOSE_QUESTION,
    keys.CLASS_REMOVE,
    keys.CLASS_LEAVE,
    keys.CLASS_LEAVE_WITH,
    keys.CLASS_DELETE,
}


def beginning_of(key: ast.expr) -> str:
    """Return what is known of a key from its source: the whole of it, or what stands before the first variable."""
    if isinstance(key, ast.Constant):
        return str(key.value)
    if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) and key.value.id == "keys":
        return str(getattr(keys, key.attr))
    if isinstance(key, ast.BinOp):
        return beginning_of(key.left)
    known = ""
    for part in key.values if isinstance(key, ast.JoinedStr) else []:
        found = beginning_of(part.value if isinstance(part, ast.FormattedValue) else part)
        if not found:
            break
        known += found
    return known


def calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                yield node


def keys_of_buttons(path: Path) -> Iterator[str]:
    """Yield the keys of the buttons that a module draws; those of a function that is given the key, from its calls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for button in calls(tree, BUTTONS):
        (key,) = [keyword.value for keyword in button.keywords if keyword.arg == "key"]
        if known := beginning_of(key):
            yield known
            continue
        (around,) = [function for function in functions if button in ast.walk(function)]
        found = [
            beginning_of(given)
            for call in calls(tree, {around.name})
            for given in call.args
            if not isinstance(given, ast.Constant)
        ]
        assert any(found), (path.name, around.name)
        yield from filter(None, found)


def test_button_that_is_clicked_twice_is_on_a_list_of_what_happens_then() -> None:
    found = {key for path in (ROOT / "mnist_demo/ui").rglob("*.py") for key in keys_of_buttons(path)}
    assert {keys.START, keys.RENAME_RUN, keys.NEXT_BELOW, f"{keys.OPENED_MODELS}-close-"} <= found
    guarded = (*keys.ONCE, *keys.ONCE_UNLESS_APART)
    harmless = EACH_CLICK_IS_MEANT | SECOND_CLICK_CHANGES_NOTHING
    left = {key for key in found if not key.startswith(guarded)}
    assert {key for key in left if not key.startswith(tuple(harmless))} == set()
    assert {key for key in harmless if not any(other.startswith(key) for other in left)} == set()  # the lists are short
