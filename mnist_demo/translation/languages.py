"""The languages that there are, and which of them a text is to be said in at this moment.

The catalogue of a language is one file for people, ``locale/ko/LC_MESSAGES/mnist_demo.po``. It is compiled when it is
first read, 0.2 s once for a process: so nothing compiled has to be kept beside it, and kept new.
"""

import functools
import gettext as _gettext
import io
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from mnist_demo.translation.numerals import Numerals

DOMAIN = "mnist_demo"
LOCALE_FOLDER = Path(__file__).parents[1] / "locale"
SOURCE_LANGUAGE = "en"
# In this order, as gettext does; a list of them, by preference, may have colons between its items.
VARIABLES = ("MNIST_DEMO_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, eq=False)
class Language:
    """One language: its code, such as ``"ko"``, its texts, and how it writes numbers."""

    code: str
    catalogue: _gettext.NullTranslations
    numerals: Numerals


_SOURCE = Language(SOURCE_LANGUAGE, _gettext.NullTranslations(), Numerals())
# A context variable, not a global: two visitors of one server may read different languages at the same moment.
_chosen: ContextVar[Language | None] = ContextVar("language", default=None)
_ask: Callable[[], str | None] = lambda: None  # noqa: E731  replaced by `ask_for_language`


def current() -> Language:
    """Return the language to say a text in now."""
    language = _chosen.get()
    if language is not None:
        return language
    code = _ask()
    if code is None:
        return _SOURCE  # nobody reads it here: it is said anew for whoever does
    use_language(code)
    return load_language(code)


def has_visitor() -> bool:
    """Tell whether a text that is said here is read by the visitor of a page: not by who runs the program."""
    return _ask() is not None


def current_language() -> str:
    """Return the code of the language that texts are said in now, such as ``"ko"``."""
    return current().code


def use_language(code: str) -> None:
    """Say texts in the language of that code from here on in this context; those without an entry stay English."""
    _chosen.set(load_language(code))


def use_catalogue(catalogue: _gettext.NullTranslations) -> None:
    """Translate by `catalogue` from here on in this context, with English numbers."""
    _chosen.set(Language(SOURCE_LANGUAGE, catalogue, Numerals()))


def ask_for_language(ask: Callable[[], str | None]) -> None:
    """Have `ask` called wherever a text is made in a context in which no language is in use yet.

    It returns the code of the reader's language, which is then in use in that context, or None where there is no
    reader: so a page need not say in each of its parts, which run in threads of their own, whose part it is.
    """
    global _ask
    _ask = ask


def language_names() -> dict[str, str]:
    """Return the languages that there are, each as it calls itself, by code; English is the first."""
    return dict(_names(LOCALE_FOLDER))


def closest_language(wish: str) -> str | None:
    """Return the code of the language that comes next to a wish such as ``"ko-KR"`` or ``"ko_KR.UTF-8"``, if any."""
    code = wish.partition(".")[0].replace("-", "_")
    candidates = {known.lower(): known for known in _names(LOCALE_FOLDER)}
    if code.upper() in ("C", "POSIX"):
        return None
    return candidates.get(code.lower()) or candidates.get(code.lower().partition("_")[0])


def default_language(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of visitors who chose none: of ``MNIST_DEMO_LANGUAGE``, else of the system, else English."""
    for variable in VARIABLES:
        for wish in environment.get(variable, "").split(":"):
            if wish and (code := closest_language(wish)):
                return code
    return SOURCE_LANGUAGE


def load_language(code: str) -> Language:
    """Return the language of that code; one without a catalogue has English texts."""
    return _SOURCE if code == SOURCE_LANGUAGE else _load(LOCALE_FOLDER, code)


def catalogue_file(folder: Path, code: str) -> Path:
    """Return where the catalogue of a language is, in a folder such as ``LOCALE_FOLDER``."""
    return folder / code / "LC_MESSAGES" / f"{DOMAIN}.po"


@functools.cache
def _load(folder: Path, code: str) -> Language:
    return Language(code, _read_catalogue(catalogue_file(folder, code)), Numerals.of(code))


def _read_catalogue(path: Path) -> _gettext.NullTranslations:
    if not path.is_file():
        return _gettext.NullTranslations()
    # Here, not above: readers of English need not wait for it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)


@functools.cache
def _names(folder: Path) -> dict[str, str]:
    codes = sorted(path.parents[1].name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    return {SOURCE_LANGUAGE: "English"} | {code: _name(code) for code in codes}


def _name(code: str) -> str:
    from babel import Locale, UnknownLocaleError  # here, not above: readers of English need not wait for it

    try:
        return Locale.parse(code).get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code
