"""Every text that a person reads passes through here.

``_("…")`` translates now; ``N_("…")`` only marks a text that a module-level table holds, to be translated when it is
shown. English is the source language: without a catalogue a text comes back as it is. Numbers and names go into a
translated sentence with ``.format``, so that a translator sees the whole sentence:

>>> _("Epoch {epoch} of {epochs}").format(epoch=1, epochs=5)
'Epoch 1 of 5'

A text that is made where its reader is not known (in a training process, in a thread of the server) remembers what it
was made of: ``translated`` says it again in the language of whoever reads it. See `Sentence`.
"""

import gettext as _gettext
from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

DOMAIN = "mnist_demo"
LOCALE_FOLDER = Path(__file__).parent / "locale"
_DEFAULT: _gettext.NullTranslations = _gettext.translation(DOMAIN, LOCALE_FOLDER, languages=["en"], fallback=True)
# A context variable, not a global: two visitors of one server may read different languages at the same moment.
_catalogue: ContextVar[_gettext.NullTranslations] = ContextVar("catalogue", default=_DEFAULT)


def use_language(language: str) -> None:
    """Translate into `language` (such as ``"ko"``) from here on in this context; English where a text has no entry."""
    use_catalogue(_gettext.translation(DOMAIN, LOCALE_FOLDER, languages=[language], fallback=True))


def use_catalogue(catalogue: _gettext.NullTranslations) -> None:
    """Translate by `catalogue` from here on in this context."""
    _catalogue.set(catalogue)


class Sentence(str):
    """A text that remembers its source and the values in it, so that `translated` can say it in another language.

    It is made by ``_`` and ``ngettext`` in the language of that moment, and is a `str` like any other. Its ``format``
    gives another one. Both can be pickled, with the values. What is cut out of one, or added to it, is a plain text.
    """

    _source: tuple[str, str | None]  # the text, or its singular, and its plural
    _count: int
    _values: tuple[tuple[Any, ...], dict[str, Any]] | None

    def __new__(
        cls,
        source: tuple[str, str | None],
        count: int = 1,
        values: tuple[tuple[Any, ...], dict[str, Any]] | None = None,
    ) -> "Sentence":
        catalogue = _catalogue.get()
        singular, plural = source
        if plural is not None:
            text = catalogue.ngettext(singular, plural, count)
        else:
            text = catalogue.gettext(singular) if singular else ""  # the entry for "" is the header of a catalogue
        if values is not None:
            positional, named = values
            text = text.format(
                *map(_in_words_of_now, positional),
                **{name: _in_words_of_now(value) for name, value in named.items()},
            )
        sentence = super().__new__(cls, text)
        sentence._source, sentence._count, sentence._values = source, count, values
        return sentence

    def format(self, *positional: object, **named: object) -> str:
        """Return the sentence with these values in it."""
        if self._values is not None:  # there are values in it already: the braces that are left are those of a value
            return super().format(*positional, **named)
        values = tuple(map(_lasting, positional)), {name: _lasting(value) for name, value in named.items()}
        return Sentence(self._source, self._count, values)

    def __reduce__(self) -> tuple[type["Sentence"], tuple[Any, ...]]:
        return Sentence, (self._source, self._count, self._values)


def _lasting(value: object) -> object:
    """Return `value` as a sentence keeps it: of an error its message, for many errors cannot be pickled."""
    if not isinstance(value, BaseException):
        return value
    message = value.args[0] if len(value.args) == 1 else None
    return message if isinstance(message, Sentence) else str(value)


def _in_words_of_now(value: object) -> object:
    return translated(value) if isinstance(value, str) else value


def translated(text: str) -> str:
    """Return a `Sentence`, with the sentences among its values, in the reader's language; other texts as they are."""
    return Sentence(text._source, text._count, text._values) if isinstance(text, Sentence) else text


def joined(separator: str, texts: Iterable[str]) -> str:
    """Return the texts one after the other, as a `Sentence` of sentences."""
    values = tuple(texts)
    return Sentence((separator.join(["{}"] * len(values)), None), values=(values, {}))


def _(text: str) -> str:
    """Return `text` in the reader's language."""
    return Sentence((text, None))


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of the text that goes with `count`, in the reader's language."""
    return Sentence((singular, plural), count)


def N_(text: str) -> str:  # noqa: N802  (the customary name: tools that collect texts look for it)
    """Mark `text` for the catalogue and return it unchanged."""
    return text
