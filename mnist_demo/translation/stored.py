"""Texts in files: kept as what they were made of, in no language. What a file says is not trusted."""

import re
from typing import Any

from mnist_demo.translation.numerals import UNITS
from mnist_demo.translation.texts import Figure, Sentence, Source

# Of a stored text no field may reach into a value, or ask for a line of a million characters.
_SPEC = r"[+,]*(\.\d\d?)?[a-z]?"
_HARMLESS = re.compile(rf"([^{{}}]|\{{\w*(:{_SPEC})?\}})*")
MAX_DEPTH = 5


def text_to_json(text: Any) -> Any:
    """Return a text, or a value in one, as JSON can hold it: of a sentence its source and its values."""
    match text:
        case Sentence(source=source, plural_of=count, values=values):
            about: dict[str, Any] = {name: part for name, part in source._asdict().items() if part is not None}
            if source.plural is not None:
                about["count"] = count
            if values is not None:
                positional, named = values
                about["list"] = [text_to_json(value) for value in positional]
                about["values"] = {name: text_to_json(value) for name, value in named.items()}
            return about
        case Figure(method=method, arguments=arguments):
            return {"figure": method, "list": [text_to_json(argument) for argument in arguments]}
        case tuple():
            return [text_to_json(part) for part in text]
        case str():
            return str(text)
        case bool() | int() | float() | None:
            return text
    return str(text)


def text_from_json(stored: Any) -> str:
    """Return the text that `text_to_json` stored, or a text that was stored as it is; raise ValueError for all else."""
    text = _read(stored, MAX_DEPTH)
    if not isinstance(text, str):
        raise ValueError("this is no text")
    return text


def _read(stored: Any, depth: int) -> Any:
    if not depth:
        raise ValueError("a text in a text in a text …")
    match stored:
        case {"figure": "format_list", "list": [list(texts)]}:
            return _made(Figure, "format_list", tuple(_read(text, depth - 1) for text in texts))
        case {"figure": str(method), "list": list(arguments)} if _is_harmless(method, arguments):
            return _made(Figure, method, *arguments)
        case {"text": str(text)} if _HARMLESS.fullmatch(text):
            plural, context, count = (stored.get(name) for name in ("plural", "context", "count"))
            if not isinstance(plural, str | None) or not isinstance(context, str | None):
                raise ValueError("a plural or a context that is no text")
            if plural is not None and not (_HARMLESS.fullmatch(plural) and isinstance(count, int)):
                raise ValueError("a plural without its count")
            values = None
            if "values" in stored:
                named = {str(name): _read(value, depth - 1) for name, value in stored["values"].items()}
                values = tuple(_read(value, depth - 1) for value in stored.get("list", ())), named
            return _made(Sentence, Source(text, plural, context), count or 1, values)
        case list():
            return [_read(part, depth - 1) for part in stored]
        case str() | bool() | int() | float() | None:
            return stored
    raise ValueError("this is no text")


def _is_harmless(method: str, arguments: list[Any]) -> bool:
    match method, arguments:
        case "format_decimal", [int() | float(), str(spec)]:
            return re.fullmatch(_SPEC, spec) is not None
        case "format_percent", [int() | float(), int(digits)]:
            return 0 <= digits < 10
        case "format_unit", [int() | float(), str(unit), str(spec)]:
            return unit in UNITS and re.fullmatch(_SPEC, spec) is not None
    return False


def _made(kind: type[Sentence] | type[Figure], *parts: Any) -> str:
    try:
        return kind(*parts)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError("values that do not go with their text") from error
