"""Texts that remember what they were made of: sentences, and the figures in them."""

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, NamedTuple

from mnist_demo.translation.languages import current, has_visitor
from mnist_demo.translation.numerals import Numerals


class Source(NamedTuple):
    """What a translator translates: a text, its plural where it has one, its context where it has two meanings."""

    text: str
    plural: str | None = None
    context: str | None = None


Values = tuple[tuple[Any, ...], dict[str, Any]]
# A visitor of a page need not know where on the server a file is: of a path she reads the name alone. What comes from
# the system is called so in sentences, and may have paths in it, too.
TOLD_BY_THE_SYSTEM = ("error", "reason", "problem", "path", "folder", "home")
PATHS = ("path", "folder", "home")  # those that are a path as a whole, if they begin as one
_ROOT = r"(?:/|\\\\|[A-Za-z]:[/\\])"
# Python puts the path of an error between quotation marks. Elsewhere nothing says where a path ends: a folder's name
# may have spaces in it, but none before the slash, so that of “/a/b and /c/d” both are found. It rather hides too much.
_QUOTED_PATH = re.compile(rf"""(?<!\w)(?P<quote>['"])(?P<path>{_ROOT}(?:\\.|(?!(?P=quote))[^\\\n])*)(?P=quote)""")
_FOLDER = r"""[^\s/\\":](?:[^\n/\\":]*[^\s/\\":])?"""
_FOLDERS = re.compile(rf"(?<![\w/:.\\]){_ROOT}(?:{_FOLDER}[/\\]+)+")


class Sentence(str):
    """A text that remembers its source and the values in it, so that `translated` can say it in another language.

    ``_``, ``ngettext`` and ``pgettext`` make it in the language of that moment; it is a `str` like any other. Its
    ``format`` gives another one. Both can be pickled, with the values.
    """

    source: Source
    plural_of: int
    values: Values | None

    def __new__(cls, source: Source, count: int = 1, values: Values | None = None) -> "Sentence":
        language = current()
        singular, plural, context = source
        if plural is not None:
            text = language.catalogue.ngettext(singular, plural, count)
        elif context is not None:
            text = language.catalogue.pgettext(context, singular)
        else:
            text = language.catalogue.gettext(singular) if singular else ""  # "" is the entry of a catalogue's header
        if values is not None:
            positional, named = values
            numerals = language.numerals
            text = text.format(
                *[_said_by(numerals, value) for value in positional],
                **{name: _said_by(numerals, value, name) for name, value in named.items()},
            )
        sentence = super().__new__(cls, text)
        sentence.source, sentence.plural_of, sentence.values = source, count, values
        return sentence

    def format(self, *positional: object, **named: object) -> str:
        """Return the sentence with these values in it; numbers are written as the reader's language writes them."""
        if self.values is not None:  # there are values in it already: the braces that are left are those of a value
            return super().format(*positional, **named)
        values = tuple(map(_lasting, positional)), {name: _lasting(value) for name, value in named.items()}
        return Sentence(self.source, self.plural_of, values)

    def said_anew(self) -> str:
        """Return the text in the language of whoever reads it now."""
        return Sentence(self.source, self.plural_of, self.values)

    def __reduce__(self) -> tuple[type["Sentence"], tuple[Any, ...]]:
        return Sentence, (self.source, self.plural_of, self.values)


class Figure(str):
    """A number, percentage, duration or list as a text that can be said again; made by the functions ``format_…``."""

    method: str  # of `Numerals`
    arguments: tuple[Any, ...]

    def __new__(cls, method: str, *arguments: Any) -> "Figure":
        said = [tuple(map(translated, part)) if isinstance(part, tuple) else part for part in arguments]
        figure = super().__new__(cls, getattr(current().numerals, method)(*said))
        figure.method, figure.arguments = method, arguments
        return figure

    def said_anew(self) -> str:
        """Return the text in the language of whoever reads it now."""
        return Figure(self.method, *self.arguments)

    def __reduce__(self) -> tuple[type["Figure"], tuple[Any, ...]]:
        return Figure, (self.method, *self.arguments)


class _LocalNumber:
    """A number that stands in a sentence by itself, and is written there as its format says and its language does.

    A whole number without a format is a count, which has its groups of digits set apart: 1,000 epochs.
    """

    def __init__(self, number: float, numerals: Numerals) -> None:
        self._number, self._numerals = number, numerals

    def __format__(self, spec: str) -> str:
        return self._numerals.format_decimal(self._number, spec or ("," if isinstance(self._number, int) else ""))


# What can be said again in another language; what is cut out of it, or added to it, is a plain text.
Lasting = Sentence | Figure


def _lasting(value: object) -> object:
    """Return `value` as a sentence keeps it: of an error its message, for many errors cannot be pickled."""
    if not isinstance(value, BaseException):
        return value
    message = value.args[0] if len(value.args) == 1 else None
    return message if isinstance(message, Lasting) else str(value)


def _said_by(numerals: Numerals, value: object, name: str = "") -> object:
    if isinstance(value, Lasting):
        return value.said_anew()
    if isinstance(value, PurePath):
        return printable_path(PurePath(value.name) if has_visitor() else value)
    if isinstance(value, str) and name in TOLD_BY_THE_SYSTEM and has_visitor():
        return _name_in(value) if name in PATHS and re.match(_ROOT, value) else _without_folders(value)
    return _LocalNumber(value, numerals) if isinstance(value, float) or type(value) is int else value


def _without_folders(text: str) -> str:
    """Return `text` with the names alone of the paths in it."""
    text = _QUOTED_PATH.sub(lambda found: f"{found['quote']}{_name_in(found['path'])}{found['quote']}", text)
    return _FOLDERS.sub("", text)


def _name_in(path: str) -> str:
    """Return the last name in a path of any system; the path itself if there is none, as in the root."""
    names = [name for name in re.split(r"[/\\]", path) if name]
    return names[-1] if names else path


def printable_path(path: PurePath) -> str:
    """Return `path` as text that can be shown and sent, also where its bytes are no UTF-8."""
    return str(path).encode(errors="surrogateescape").decode(errors="replace")


def translated(text: str) -> str:
    """Return a text that is `Lasting`, and those among its values, in the reader's language; others as they are."""
    return text.said_anew() if isinstance(text, Lasting) else text


def joined(separator: str, texts: Iterable[str]) -> str:
    """Return the texts one after the other, as a `Sentence` of sentences."""
    values = tuple(texts)
    return Sentence(Source(separator.join(["{}"] * len(values))), values=(values, {}))


def _(text: str) -> str:
    """Return `text` in the reader's language."""
    return Sentence(Source(text))


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of the text that goes with `count`, in the reader's language."""
    return Sentence(Source(singular, plural), count)


def pgettext(context: str, text: str) -> str:
    """Return `text` in the reader's language; `context` tells translators which of its meanings it has here."""
    return Sentence(Source(text, context=context))


def N_(text: str) -> str:  # noqa: N802  (the customary name: tools that collect texts look for it)
    """Mark `text` for the catalogue and return it unchanged."""
    return text


def numerals() -> Numerals:
    """Return how the reader's language writes numbers."""
    return current().numerals


def format_decimal(number: float, spec: str = ",") -> str:
    """Return `number` as Python's `spec` writes it, such as ``",.1f"``, with the signs of the reader's language."""
    return Figure("format_decimal", number, spec)


def format_percent(fraction: float, digits: int) -> str:
    """Return `fraction` as a percentage with so many decimals: 91.44 % in English, 91.44% in Korean."""
    return Figure("format_percent", fraction, digits)


def format_unit(number: float, unit: str, spec: str = ".0f") -> str:
    """Return a number of units (``second``, ``minute`` or ``hour``) as a short duration."""
    return Figure("format_unit", number, unit, spec)


def format_list(texts: Iterable[str]) -> str:
    """Return the texts one after the other: a list without “and” or “or”."""
    return Figure("format_list", tuple(texts))
